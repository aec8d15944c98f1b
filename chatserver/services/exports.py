"""Taking out all that was written, as lines that an import takes: people, then conversation by conversation.

People and conversations that the host never named are called `id:` and their number here. Left out are what was deleted,
what the server itself said, and files: of a message that is nothing but a file, its name stands there.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec

from chatserver.clock import Clock
from chatserver.model import SYSTEM_SENDER, Account, Conversation, JobPart, Member, Task, message_id
from chatserver.ports import Stores
from chatserver.services.import_lines import (
    ConversationLine,
    Line,
    MemberLine,
    MessageLine,
    ReadLine,
    UserLine,
)
from chatserver.services.jobs import PART_BYTES, PART_LINES, digest
from chatserver.visible import has_something_to_see

PAGE = 250  # lines made at once: with messages of 4,000 letters of four bytes they are half of what a part may have
KEPT_FOR = timedelta(days=1)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class _Place:
    """How far it got.

    | `phase`      | what comes next                                                                   |
    |--------------|-----------------------------------------------------------------------------------|
    | people       | people with higher ids than `behind`                                              |
    | conversation | the first conversation with a higher id than `at`                                 |
    | members      | of the conversation `at`, members with higher ids than `behind`                   |
    | messages     | its messages behind the one with this number                                      |
    | reads        | what its members with higher ids than `behind` have not read                      |
    | end          | nothing                                                                           |
    """

    phase: str = "people"
    at: int = 0
    behind: int = 0


class Exports:
    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._phases: Mapping[str, Callable[[_Place], Awaitable[tuple[Sequence[Line], _Place]]]] = {
            "people": self._people,
            "conversation": self._conversation,
            "members": self._members,
            "messages": self._messages,
            "reads": self._reads,
        }

    async def steps(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """A part each. One that was written before its place was noted is written again, as all is by then."""
        place = _Place(**job.about.get("place", {}))
        parts, done = job.about.get("parts", 0), job.about["done"]
        lines: list[bytes] = []
        size_bytes = 0
        while place.phase != "end":
            more, place = await self._phases[place.phase](place)
            encoded = [_encode(line) + b"\n" for line in more]
            lines += encoded
            size_bytes += sum(map(len, encoded))
            is_full = len(lines) > PART_LINES - PAGE or size_bytes > PART_BYTES // 2
            if is_full or place.phase == "end":
                if lines:
                    parts += 1
                    done += len(lines)
                    await self._keep(job.place, parts, lines)
                lines, size_bytes = [], 0
                total = done if place.phase == "end" else 0  # which is not known before
                said = {"phase": place.phase, "place": asdict(place), "parts": parts, "done": done}
                yield {**said, "total": total}

    async def undo(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        await self._stores.job_parts.remove(job.place)
        yield {"parts": 0}

    async def _keep(self, job_id: int, number: int, lines: Sequence[bytes]) -> None:
        data = b"".join(lines)
        part = JobPart(job_id, number, await digest(data), len(lines))
        await self._stores.job_parts.replace(part, data, self._clock.now() + KEPT_FOR)

    async def _people(self, place: _Place) -> tuple[Sequence[Line], _Place]:
        found = await self._stores.users.accounts([], place.behind, PAGE)
        if not found:
            return [], _Place("conversation")
        return [_user_line(one) for one in found], replace(place, behind=found[-1].user.id)

    async def _conversation(self, place: _Place) -> tuple[Sequence[Line], _Place]:
        found = await self._stores.conversations.first_behind(place.at)
        if found is None:
            return [], _Place("end")
        preset: Any = found.preset
        line = ConversationLine(_external_id(found), preset, found.name)
        if found.is_direct:
            subs = await self._subs(found.member_ids)
            line.members = [subs[id] for id in found.member_ids]
        return [line], _Place("messages" if found.is_direct else "members", found.id)

    async def _members(self, place: _Place) -> tuple[Sequence[Line], _Place]:
        conversation, members = await self._some_members(place)
        if conversation is None or not members:
            return [], _Place("messages", place.at)
        subs = await self._subs(one.user_id for one in members)
        id, lines = _external_id(conversation), []
        for one in members:
            role: Any = "owner" if one.user_id == conversation.owner_id else one.role
            lines.append(MemberLine(id, subs[one.user_id], role, one.joined_at))
        return lines, replace(place, behind=members[-1].user_id)

    async def _messages(self, place: _Place) -> tuple[Sequence[Line], _Place]:
        conversation = await self._one(place.at)
        if conversation is None:
            return [], _Place("reads", place.at)
        after = max(place.behind, conversation.floor_seq)
        found = await self._stores.messages.page_after(place.at, after, PAGE)
        if not found:
            return [], _Place("reads", place.at)
        subs = await self._subs(one.sender_id for one in found)
        lines: list[Line] = []
        for one in reversed(found):
            text = one.text or (one.attachment.name if one.attachment else "")
            if one.sender_id != SYSTEM_SENDER.id and has_something_to_see(text):
                sender = subs[one.sender_id]
                lines.append(
                    MessageLine(str(one.id), _external_id(conversation), sender, text, one.created_at)
                )
        return lines, replace(place, behind=found[0].seq)

    async def _reads(self, place: _Place) -> tuple[Sequence[Line], _Place]:
        """Who has no such line has read everything."""
        conversation, members = await self._some_members(place)
        if conversation is None or not members:
            return [], _Place("conversation", place.at)
        head = await self._stores.messages.head(place.at)
        late = [one for one in members if one.read_seq < head]
        subs = await self._subs(one.user_id for one in late)
        last = {one.user_id: message_id(place.at, one.read_seq) for one in late}
        read_at = await self._stores.messages.moments(set(last.values()))
        id = _external_id(conversation)
        lines = [ReadLine(id, subs[one.user_id], read_at.get(last[one.user_id])) for one in late]
        return lines, replace(place, behind=members[-1].user_id)

    async def _some_members(self, place: _Place) -> tuple[Conversation | None, list[Member]]:
        conversation = await self._one(place.at)
        if conversation is None or not conversation.is_direct:
            return conversation, await self._stores.groups.listed(place.at, place.behind, PAGE, (), None)
        user_ids = [id for id in conversation.member_ids if id > place.behind]
        found = await self._stores.conversations.members(place.at, user_ids)
        return conversation, [found[id] for id in sorted(found)]

    async def _one(self, conversation_id: int) -> Conversation | None:
        return (await self._stores.conversations.conversations([conversation_id])).get(conversation_id)

    async def _subs(self, user_ids: Iterable[int]) -> dict[int, str]:
        wanted = set(user_ids)
        found = await self._stores.users.by_ids(wanted)
        return {id: (found[id].sub if id in found else None) or f"id:{id}" for id in wanted}


def _external_id(conversation: Conversation) -> str:
    return conversation.external_id or f"id:{conversation.id}"


def _user_line(account: Account) -> UserLine:
    user = account.user
    said = {name: value for name, value in account.said.items() if name in UserLine.__struct_fields__}
    shown = {"name": user.full_name or user.username, "avatar": user.avatar}
    return UserLine(user.sub or f"id:{user.id}", **said | shown)
