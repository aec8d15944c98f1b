"""People as they are found by others."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from handlers.description.conversation_shapes import Participant


class Users(Struct):
    users: Annotated[list[Participant], Meta(description="At most 20, by name.")]
