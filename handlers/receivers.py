"""Whom something is for, by whichever of their names it says."""

from __future__ import annotations

from typing import Protocol

from chatserver.errors import Invalid
from chatserver.runtime import Runtime


class Addressed(Protocol):
    receiver_id: int | None
    receiver: int | None
    receiver_sub: str | None


async def receiver_id(runtime: Runtime, given: Addressed) -> int:
    """The id of the person; of a `receiver_sub` that the host never named one that nobody has. Raises Invalid."""
    id = given.receiver_id if given.receiver_id is not None else given.receiver
    if given.receiver_sub is None:
        if id is None:
            raise Invalid.field("receiver_id", "is required")
        return id
    if id is not None:
        raise Invalid.field("receiver_sub", "cannot be combined with another receiver")
    return await runtime.services.accounts.id_of_sub(given.receiver_sub)
