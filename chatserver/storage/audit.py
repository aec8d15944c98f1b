"""What the host did: {_id, by, action, target, at, reason}. Only ever added to; let go of after KEPT_SECS."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId

from chatserver.model import Audited
from chatserver.storage.driver import Collection, Document

KEPT_SECS = 365 * 86400


class AuditStore:
    def __init__(self, audit: Collection) -> None:
        self._audit = audit

    async def add(self, by: str, action: str, target: str, reason: str | None, at: datetime) -> None:
        document: Document = {"by": by, "action": action, "target": target, "at": at}
        await self._audit.insert_one(document if reason is None else {**document, "reason": reason})

    async def page(self, before: str | None, limit: int, target: str | None) -> list[Audited]:
        """Newest first, from below the id `before` on; where said, only of this target."""
        wanted: Document = {"_id": {"$lt": ObjectId(before)}} if before is not None else {}
        if target is not None:
            wanted["target"] = target
        found = await self._audit.find(wanted, sort=[("_id", -1)], limit=limit)
        return [
            Audited(str(doc["_id"]), doc["by"], doc["action"], doc["target"], doc.get("reason"), doc["at"])
            for doc in found
        ]
