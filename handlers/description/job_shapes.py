"""What the calls about jobs answer."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from handlers.description.shapes import Moment
from handlers.schemas import Id

Amount = Annotated[int, Meta(ge=0)]


class JobError(Struct):
    part: Amount
    line: Annotated[int, Meta(ge=1, description="In this part, from 1 on.")]
    detail: str


class Job(Struct):
    """A long piece of work, done in spare time by whichever node has some."""

    id: Id
    kind: Literal["import", "export", "erase"]
    state: Annotated[
        Literal["open", "waiting", "running", "done", "failed", "cancelling", "cancelled"],
        Meta(
            description="`open`: takes parts until it is committed; one of the last three and `done` are the end."
        ),
    ]
    phase: Annotated[
        str | None,
        Meta(
            description="Of an import: `check`, `write`, `open`, or `undo` where it is taken back. Of an export: "
            "what it is at."
        ),
    ]
    done: Annotated[
        Amount, Meta(description="Of `total`, in this phase: lines of an import or export, else messages.")
    ]
    total: Annotated[Amount, Meta(description="0 while it is not known.")]
    parts: Annotated[Amount, Meta(description="Of an import that is committed; of an export, so far.")]
    error_count: Amount
    errors: Annotated[list[JobError], Meta(description="The first hundred.")]
    detail: Annotated[str | None, Meta(description="Why it failed.")]
    created_at: Moment
    client_id: str | None


class Kept(Struct):
    conversation_id: Id
    days: Annotated[int | None, Meta(description="0: for ever. Null: as the setting says.")]
    hold: bool


class Part(Struct):
    part: Annotated[int, Meta(ge=1)]
    lines: Annotated[int, Meta(ge=1)]
    sha256: str
