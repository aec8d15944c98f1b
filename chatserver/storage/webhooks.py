"""Where the host is told of events, and what it is asked before something happens."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from chatserver.model import HookSetting, Webhook
from chatserver.storage.driver import Collection, Document


class WebhookStore:
    """One document for each: the fields of Webhook by their names; those with nothing to say are left out."""

    def __init__(self, collection: Collection) -> None:
        self._webhooks = collection

    async def create(self, webhook: Webhook) -> bool:
        """False when its client_id was used."""
        with contextlib.suppress(DuplicateKeyError):
            await self._webhooks.insert_one(_document(webhook))
            return True
        return False

    async def all(self) -> list[Webhook]:
        return [_webhook(doc) for doc in await self._webhooks.find({}, sort=[("_id", 1)])]

    async def one(self, id: int) -> Webhook | None:
        found = await self._webhooks.find_one({"_id": id})
        return _webhook(found) if found else None

    async def by_client_id(self, client_id: str) -> Webhook | None:
        found = await self._webhooks.find_one({"client_id": client_id})
        return _webhook(found) if found else None

    async def change(self, id: int, changes: Mapping[str, Any], holder: str | None = None) -> Webhook | None:
        """None when there is none, or another node holds it than the one named."""
        wanted: Document = {"_id": id, "state": {"$ne": "deleted"}}
        if holder is not None:
            wanted["holder"] = holder
        plain = {name: _plain(value) for name, value in changes.items()}
        update = {
            "$set": {name: value for name, value in plain.items() if value is not None},
            "$unset": {name: "" for name, value in plain.items() if value is None},
        }
        update = {step: fields for step, fields in update.items() if fields}
        found = await self._webhooks.find_one_and_update(wanted, update, after=True)
        return _webhook(found) if found else None

    async def rotate(self, id: int, former_until: datetime, secret_mark: str) -> Webhook | None:
        update = {"$inc": {"version": 1}, "$set": {"former_until": former_until, "secret_mark": secret_mark}}
        wanted = {"_id": id, "state": {"$ne": "deleted"}}
        found = await self._webhooks.find_one_and_update(wanted, update, after=True)
        return _webhook(found) if found else None

    async def hold(self, id: int, holder: str, now: datetime, until: datetime) -> Webhook | None:
        """It is this node's to push to until then; None while it is another's, or nobody's any more."""
        free = [{"holder": holder}, {"held_until": {"$not": {"$gt": now}}}]
        found = await self._webhooks.find_one_and_update(
            {"_id": id, "state": "active", "$or": free},
            {"$set": {"holder": holder, "held_until": until}},
            after=True,
        )
        return _webhook(found) if found else None

    async def let_go(self, id: int, holder: str) -> None:
        gone = {"$unset": {"holder": "", "held_until": ""}}
        await self._webhooks.update_one({"_id": id, "holder": holder}, gone)

    async def delete(self, id: int) -> None:
        await self._webhooks.delete_one({"_id": id})


class HookStore:
    """One document for each point: {_id: point, url, on_failure, timeout_secs, version}."""

    def __init__(self, collection: Collection) -> None:
        self._hooks = collection

    async def all(self) -> list[HookSetting]:
        return [_hook(doc) for doc in await self._hooks.find({}, sort=[("_id", 1)])]

    async def put(self, hook: HookSetting) -> tuple[HookSetting, bool]:
        """Its secret stays the one it had. True when it is new."""
        fields = {"url": hook.url, "on_failure": hook.on_failure, "timeout_secs": hook.timeout_secs}
        update = {"$set": fields, "$setOnInsert": {"version": hook.version}}
        before = await self._hooks.find_one_and_update({"_id": hook.point}, update, upsert=True)
        found = await self._hooks.find_one({"_id": hook.point})
        assert found is not None
        return _hook(found), before is None

    async def delete(self, point: str) -> bool:
        return await self._hooks.delete_one({"_id": point}) == 1


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _document(webhook: Webhook) -> Document:
    fields = {name: _plain(value) for name, value in asdict(webhook).items() if value is not None}
    return {"_id": fields.pop("id"), **fields}


def _webhook(document: Document) -> Webhook:
    known = {"url": None, **_known(Webhook, document)}
    return Webhook(**{**known, "id": document["_id"], "events": frozenset(document["events"])})


def _hook(document: Document) -> HookSetting:
    return HookSetting(**{**_known(HookSetting, document), "point": document["_id"]})


def _known(kind: type, document: Document) -> Document:
    """Without what only a newer release knows."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: value for name, value in document.items() if name in names}
