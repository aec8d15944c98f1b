"""Whom or which conversation something is for, by whichever of their names it says."""

from __future__ import annotations

from typing import Any

from chatserver.errors import Invalid
from chatserver.runtime import Runtime


async def receiver_id(runtime: Runtime, given: Any) -> int | None:
    """The id of the person; of a `receiver_sub` that the host never named one that nobody has.

    None for what is for a conversation instead. Raises Invalid where it is neither for one nor for the other, or both.
    """
    id = given.receiver_id if given.receiver_id is not None else given.receiver
    sub, conversation_id = given.receiver_sub, getattr(given, "conversation_id", None)
    if conversation_id is not None:
        if id is not None or sub is not None:
            raise Invalid.field("conversation_id", "cannot be combined with a receiver")
        return None
    if sub is None:
        if id is None:
            raise Invalid.field("receiver_id", "is required")
        return int(id)
    if id is not None:
        raise Invalid.field("receiver_sub", "cannot be combined with another receiver")
    return await runtime.services.accounts.id_of_sub(sub)
