"""All direct messages of a person as one list in pages, as the original system had it.

No index has this list. It is put together from the ends of the conversations, each of which is one stretch of ids: what
is read for a page grows with the page and the number of conversations, not with what was ever said in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chatserver.clock import Clock
from chatserver.errors import NotFound, Unavailable
from chatserver.model import Actor, Conversation, Member, Stretch, message_id, split_message_id
from chatserver.ports import Stores
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
from chatserver.wire import Json

MOST = 1000  # messages counted and listed; older ones are in the histories
TOGETHER = 100  # stretches in one call of the database
LEAST = 10  # messages read of each at once
LIMIT_SECS = 2.5

Place = tuple[float, int]  # of a message in the order asked for: lower comes first


@dataclass(frozen=True, slots=True)
class Wanted:
    """None: whatever it is."""

    sender_id: int | None = None
    receiver_id: int | None = None
    is_read: bool | None = None
    is_active: bool | None = None
    oldest_first: bool = False

    def place(self, at: datetime, id: int) -> Place:
        sign = 1 if self.oldest_first else -1
        return sign * at.timestamp(), sign * id


class MessageList:
    def __init__(
        self, stores: Stores, messages: Messages, conversations: Conversations, clock: Clock
    ) -> None:
        self._stores = stores
        self._messages = messages
        self._conversations = conversations
        self._clock = clock

    async def page(
        self, actor: Actor, wanted: Wanted, number: int, size: int, *, delivers: bool = True
    ) -> tuple[list[Json], int]:
        """Page `number`, from 1 on, and how many messages there are on all of them, which is MOST at most.

        `delivers`: what is new on it counts as delivered. Raises NotFound beyond the last page, Unavailable.
        """
        try:
            async with self._clock.limit(LIMIT_SECS):
                stretches = await self._stretches(actor, wanted)
                count = await self._count(stretches)
                start, end = (number - 1) * size, min(number * size, count)
                if start >= count and number > 1:
                    raise NotFound("There is no such page.")
                ids = (await self._first(stretches, wanted, end))[start:]
                found = await self._stores.messages.by_ids(ids)
        except TimeoutError:
            raise Unavailable("This list takes too long; name a person.") from None
        listed = [found[id] for id in ids if id in found]
        return await self._messages.shown_all(actor, listed, delivers), count

    async def _stretches(self, actor: Actor, wanted: Wanted) -> list[Stretch]:
        """Where what is wanted stands: of each conversation one stretch, or one for each who writes there."""
        heads = (await self._conversations.inbox(actor)).heads
        conversations = await self._named(actor, wanted, heads)
        sides = {
            c.id: [
                (sender_id, c.other(sender_id))
                for sender_id in c.member_ids
                if wanted.sender_id in (None, sender_id) and wanted.receiver_id in (None, c.other(sender_id))
            ]
            for c in conversations
        }
        whole = [Stretch(c.id, 0, heads.get(c.id, 0), None, wanted.is_active) for c in conversations]
        if wanted.is_read is None:
            one_sided = [
                (s, sides[c.id], len(c.member_ids)) for s, c in zip(whole, conversations, strict=True)
            ]
            found = [replace(s, sender_id=of[0][0] if len(of) < n else None) for s, of, n in one_sided if of]
        else:
            found = await self._by_reading(whole, sides, wanted.is_read)
        return [stretch for stretch in found if stretch.last > stretch.after]

    async def _named(self, actor: Actor, wanted: Wanted, heads: dict[int, int]) -> Sequence[Conversation]:
        named = [id for id in (wanted.sender_id, wanted.receiver_id) if id is not None]
        others = {id for id in named if id != actor.user_id}
        if not others and len(named) < 2:
            return await self._conversations.direct(id for id, head in heads.items() if head)
        if len(others) > 1:
            return []
        found = await self._conversations.find_direct(actor, others.pop() if others else actor.user_id)
        return [found] if found is not None else []

    async def _by_reading(
        self, whole: list[Stretch], sides: dict[int, list[tuple[int, int]]], is_read: bool
    ) -> list[Stretch]:
        """A message is read when its receiver has come so far."""
        wanted = [
            (s.conversation_id, receiver_id) for s in whole for _, receiver_id in sides[s.conversation_id]
        ]
        read: dict[tuple[int, int], Member] = {}
        for at in range(0, len(wanted), TOGETHER):
            read |= await self._stores.conversations.members_of(wanted[at : at + TOGETHER])
        found = []
        for stretch in whole:
            for sender_id, receiver_id in sides[stretch.conversation_id]:
                pair = stretch.conversation_id, receiver_id
                seq = min(read.get(pair, Member(*pair)).read_seq, stretch.last)
                after, last = (0, seq) if is_read else (seq, stretch.last)
                found.append(replace(stretch, sender_id=sender_id, after=after, last=last))
        return found

    async def _count(self, stretches: Sequence[Stretch]) -> int:
        """At most MOST. A log has no gaps, so of whole stretches nothing has to be read."""
        whole = [s for s in stretches if s.sender_id is None and s.is_active is None]
        count = sum(s.last - s.after for s in whole)
        parts = [s for s in stretches if s.sender_id is not None or s.is_active is not None]
        for at in range(0, len(parts), TOGETHER):
            if count >= MOST:
                break
            count += await self._stores.messages.count_in(parts[at : at + TOGETHER], MOST - count)
        return min(count, MOST)

    async def _first(self, stretches: list[Stretch], wanted: Wanted, amount: int) -> list[int]:
        """The ids of the first `amount` messages in the order wanted.

        The conversations are read from their ends, those whose end comes first before others, a little of each; then on
        where what was read of one does not reach as far as the list does.
        """
        waiting = await self._by_ends(stretches, wanted)
        found: list[Place] = []
        while amount:
            last = found[amount - 1] if len(found) >= amount else None
            ripe = [part for part in waiting[:TOGETHER] if last is None or part[0] < last]
            if not ripe:
                break
            waiting = waiting[len(ripe) :]
            step = LEAST + 2 * amount // len(ripe)
            ends = [stretch for _, stretch in ripe]
            read = await self._stores.messages.ends_of(ends, step, oldest=wanted.oldest_first)
            for stretch, end in zip(ends, read, strict=True):
                places = [wanted.place(at, id) for id, at in end]
                found += places
                if len(end) == step:
                    waiting.append((places[-1], _behind(stretch, end[-1][0], wanted)))
            found = sorted(found)[:amount]
            waiting.sort(key=lambda part: part[0])
        return [abs(id) for _, id in found]

    async def _by_ends(self, stretches: list[Stretch], wanted: Wanted) -> list[tuple[Place, Stretch]]:
        """Each behind the place of its end, from which it is read; in that order."""
        seqs = [s.after + 1 if wanted.oldest_first else s.last for s in stretches]
        ends = [message_id(s.conversation_id, seq) for s, seq in zip(stretches, seqs, strict=True)]
        moments = await self._stores.messages.moments(ends)
        placed = [
            (wanted.place(moments[id], id), s) for id, s in zip(ends, stretches, strict=True) if id in moments
        ]
        return sorted(placed, key=lambda part: part[0])


def _behind(stretch: Stretch, id: int, wanted: Wanted) -> Stretch:
    """What is left of it when it was read up to this message."""
    seq = split_message_id(id)[1]
    return replace(stretch, after=seq) if wanted.oldest_first else replace(stretch, last=seq - 1)
