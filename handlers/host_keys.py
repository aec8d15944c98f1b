"""Keys of the host's servers, handled by one of them."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any, ClassVar

from chatserver import wire
from chatserver.errors import NotFound
from chatserver.guard.scopes import KEYS
from chatserver.model import ApiKey
from handlers.host_calls import HostHandler
from handlers.schemas import NewKey, Rotate


def shown_once(key: ApiKey, text: str) -> dict[str, Any]:
    return {**wire.api_key(key), "key": text}


class KeysHandler(HostHandler):
    scopes: ClassVar = {"GET": KEYS, "POST": KEYS}

    async def get(self) -> None:
        self.answer({"results": [wire.api_key(key) for key in await self.runtime.services.keys.all()]})

    async def post(self) -> None:
        given = self.json(NewKey)
        expires_at = None
        if given.expires_in_secs is not None:
            expires_at = self.runtime.clock.now() + timedelta(seconds=given.expires_in_secs)
        made = await self.runtime.services.keys.create(
            given.name, given.scopes, expires_at, given.networks, self.caller.scopes
        )
        await self.done("key.create", f"key {made[0].id}")
        self.answer(shown_once(*made), 201)


class KeyHandler(HostHandler):
    scopes: ClassVar = {"DELETE": KEYS}

    async def delete(self, key_id: str) -> None:
        with contextlib.suppress(NotFound):  # one that is gone is revoked, too: the call may be repeated
            await self.runtime.services.keys.revoke(int(key_id), self.caller.scopes)
        await self.done("key.revoke", f"key {key_id}")
        self.answer({"success": True, "status": "success"})


class RotateHandler(HostHandler):
    scopes: ClassVar = {"POST": KEYS}

    async def post(self, key_id: str) -> None:
        overlap_secs = self.json(Rotate).overlap_secs
        made = await self.runtime.services.keys.rotate(int(key_id), overlap_secs, self.caller.scopes)
        await self.done("key.rotate", f"key {key_id}")
        self.answer(shown_once(*made))
