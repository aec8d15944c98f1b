"""Reading inboxes for polls: all who look in one turn of the loop share one read, and while it runs the next collects."""

from __future__ import annotations

from collections.abc import Iterable

from chatserver import metrics
from chatserver.batched import MAX_KEYS, BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import TokenInvalid
from chatserver.model import Tail
from chatserver.polls.present import Present
from chatserver.ports import InboxStore

# How long a confirmed version stands in for a look, and the time in which the check reaches everyone.
TRUST_SECS = 2.0


class InboxReads:
    def __init__(self, inboxes: InboxStore, clock: Clock) -> None:
        self._inboxes = inboxes
        self._clock = clock
        self._tails = BatchedCalls(self._read, clock)

    async def tail(self, present: Present, known: int | None) -> Tail:
        """The inbox as it is now or later. `known`: the version up to which the caller needs no entries.

        Raises Unavailable, and TokenInvalid when the account is gone.
        """
        stamp, began = present.stamp, self._clock.monotonic()
        tail = await self._tails.get((present.user_id, known))
        if tail is None:
            raise TokenInvalid("This account is gone.")
        present.read(tail, began, stamp)
        return tail

    async def ahead(self, presents: Iterable[Present], entries: int) -> None:
        """One read for all of them who are held, so that each needs none when woken. Raises Unavailable.

        `entries`: so many are read of each. Whoever has more new ones looks for itself.
        """
        asked = [(p, p.stamp, known) for p in presents if (known := p.asleep_at()) is not None]
        for start in range(0, len(asked), MAX_KEYS):
            part = asked[start : start + MAX_KEYS]
            metrics.INBOX_READS.inc(len(part))
            began = self._clock.monotonic()
            found = await self._inboxes.newest(
                {present.user_id: known for present, _, known in part}, entries
            )
            for present, stamp, _ in part:
                if present.user_id in found:
                    present.foresee(found[present.user_id], began, stamp)

    async def close(self) -> None:
        await self._tails.close()

    async def _read(self, asked: list[tuple[int, int | None]]) -> dict[tuple[int, int | None], Tail]:
        """One inbox serves all who asked for it, so it is read for whoever knows least."""
        lowest: dict[int, int | None] = {}
        for user_id, known in asked:
            other = lowest.get(user_id, known)
            lowest[user_id] = None if known is None or other is None else min(known, other)
        metrics.INBOX_READS.inc(len(lowest))
        found = await self._inboxes.tails(lowest)
        return {key: found[key[0]] for key in asked if key[0] in found}
