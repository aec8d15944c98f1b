"""How long the messages of one conversation are kept, where the host says so."""

from __future__ import annotations

from chatserver.errors import NotFound
from chatserver.model import Kept
from chatserver.ports import Stores
from chatserver.services.refusals import NO_CONVERSATION


class RetentionRules:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def keep(
        self, conversation_id: int | None, external_id: str | None, days: int | None, hold: bool
    ) -> Kept:
        """`days`: 0 for ever, None as the setting says. `hold`: nothing of it goes, whatever its days.

        Raises NotFound.
        """
        id = conversation_id
        if id is None and external_id is not None:
            id = await self._stores.retention.by_external_id(external_id)
        kept = await self._stores.retention.keep(id, days, hold) if id is not None else None
        if kept is None:
            raise NotFound(NO_CONVERSATION)
        return kept
