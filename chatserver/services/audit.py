"""What the host did here, for whoever has to answer for it: each action with who called for it, kept for a year.

An entry is written when the action is done and before it is answered: a call whose answer never came may have one, and is
repeated anyway.
"""

from __future__ import annotations

from chatserver.clock import Clock
from chatserver.model import Audited, HostCaller
from chatserver.ports import Stores

MOST_SHOWN = 200
TARGET_CHARS = 500
REASON_CHARS = 500


class Audit:
    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock

    async def add(self, caller: HostCaller, action: str, target: str, reason: str | None = None) -> None:
        """Raises Unavailable."""
        cut = target[:TARGET_CHARS]
        await self._stores.audit.add(caller.name, action, cut, reason, self._clock.now())

    async def page(
        self, before: str | None, limit: int, target: str | None
    ) -> tuple[list[Audited], str | None]:
        """At most `limit`, newest first, and where to go on from, if there are more."""
        limit = min(limit, MOST_SHOWN)
        found = await self._stores.audit.page(before, limit + 1, target)
        shown = found[:limit]
        return shown, shown[-1].id if len(found) > limit else None
