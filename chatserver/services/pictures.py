"""Pictures of groups that are kept here. Their address opens by itself, for whoever has been told it.

The server decodes none: one format with its size at a fixed place says beforehand what it would take a client to.
"""

from __future__ import annotations

import secrets

from chatserver.clock import Clock
from chatserver.errors import Forbidden, Invalid, NotFound
from chatserver.model import Actor, Pending
from chatserver.ports import Stores
from chatserver.services.conversations import Conversations
from chatserver.services.groups import Groups
from chatserver.services.refusals import REFUSED, demand
from chatserver.wire import picture_address

MOST_BYTES = 45_000
MOST_PIXELS = 256  # of each side
KEY_BYTES = 16
_BEGINNING = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"  # its width and its height follow, four bytes each


class Pictures:
    def __init__(self, stores: Stores, conversations: Conversations, groups: Groups, clock: Clock) -> None:
        self._stores = stores
        self._conversations = conversations
        self._groups = groups
        self._clock = clock

    async def choose(self, actor: Actor, conversation_id: int, png: bytes) -> None:
        """From now on the group's. Raises Invalid, Forbidden, Silenced, NotFound, RevisionConflict, Unavailable."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        if conversation.is_direct:
            raise Forbidden(REFUSED)
        demand(conversation, member, "edit_info", self._clock.now())
        _check(png)
        key = secrets.token_urlsafe(KEY_BYTES)
        await self._stores.pictures.keep(conversation_id, key, png)
        changes = {"avatar": picture_address(conversation_id, key)}
        await self._groups.apply(conversation_id, changes, Pending("avatar", actor.user_id))

    async def shown(self, conversation_id: int, key: str) -> bytes:
        """For whoever names its key. Raises NotFound."""
        png = await self._stores.pictures.find(conversation_id, key)
        if png is None:
            raise NotFound("There is no such picture, or not any more.")
        return png


def _check(png: bytes) -> None:
    """Raises Invalid."""
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    fits = 0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS
    if not png.startswith(_BEGINNING) or not fits or len(png) > MOST_BYTES:
        limits = f"at most {MOST_PIXELS} × {MOST_PIXELS} pixels and {MOST_BYTES} bytes"
        raise Invalid.field("picture", f"must be a PNG of {limits}")
