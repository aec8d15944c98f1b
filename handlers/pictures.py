"""Pictures of groups: chosen by their members, shown to whoever has the address."""

from __future__ import annotations

import base64

from chatserver.errors import Invalid
from chatserver.guard.addresses import Networks, network
from handlers.base import ApiHandler
from handlers.schemas import ChosenPicture, PictureLink

_DATA_URL = "data:image/png;base64,"


class AvatarHandler(ApiHandler):
    bucket = "send"

    async def put(self, conversation_id: str) -> None:
        given = self.json(ChosenPicture).picture
        try:
            png = base64.b64decode(given.removeprefix(_DATA_URL), validate=True)
        except ValueError:  # binascii's own error is one, and so is that for what is no ASCII
            png = b""
        if not given.startswith(_DATA_URL):
            raise Invalid.field("picture", f"must be a {_DATA_URL} URL")
        services = self.runtime.services
        await services.pictures.choose(self.actor, int(conversation_id), png)
        self.answer(await services.conversation_views.one(self.actor, int(conversation_id)))


class PictureHandler(ApiHandler):
    """An `<img>` sends no token; what opens it is the key in its address."""

    public = True

    async def get(self, conversation_id: str) -> None:
        key = self.query(PictureLink).link
        if self.address not in Networks(self.runtime.settings.rate_exempt):
            self.runtime.limits.take_of(f"pictures {network(self.address)}", "history")
        png = await self.runtime.services.pictures.shown(int(conversation_id), key)
        self.set_header("Content-Type", "image/png")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        await self.finish(png)
