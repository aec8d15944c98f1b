"""What the calls about webhooks and hooks answer, and what is sent to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from handlers.description.shapes import Moment, Problem
from handlers.schemas import Id


class Webhook(Struct):
    id: Id
    kind: Literal["push", "pull"]
    url: str | None
    events: list[str]
    detail: Literal["full", "ids"]
    order: bool
    state: Literal["active", "disabled"]
    reason: Annotated[
        str | None,
        Meta(
            description="Why it is disabled: `host` (you said so), `gone` (its address answered 410), `failing` (nothing "
            "was taken for five days)."
        ),
    ]
    failing_since: Annotated[Moment | None, Meta(description="Null while everything is taken.")]
    retry_at: Annotated[Moment | None, Meta(description="Until then nothing is tried.")]
    created_at: Moment


class MadeWebhook(Webhook):
    secret: Annotated[
        str | None,
        Meta(description="`whsec_…`, to check the signatures with; null for the kind `pull`."),
    ]


class Webhooks(Struct):
    results: Annotated[list[Webhook], Meta(description="All there are, by id.")]
    next: None


class Attempt(Struct):
    at: Moment
    status: Annotated[int | None, Meta(description="Null when there was no answer.")]
    ms: int
    error: Annotated[
        str | None,
        Meta(
            description="Why there was none: `not_allowed` (an address this server may not call: see "
            "`outbound_allow`), `name`, `connection`, `certificate`, `timeout`, `answer`."
        ),
    ]
    text: Annotated[str, Meta(description="The first 256 bytes of the answer.")]


class Delivery(Struct):
    id: Annotated[str, Meta(description="The `webhook-id`: the same in every attempt.")]
    type: str
    state: Literal["waiting", "done", "dead"]
    poison: Annotated[
        bool, Meta(description="It failed while others were taken: it goes its own way and holds up nobody.")
    ]
    timestamp: Annotated[Moment, Meta(description="When it happened.")]
    due_at: Moment
    attempts: int
    tries: Annotated[list[Attempt], Meta(description="The last twelve at most.")]


class Deliveries(Struct):
    results: Annotated[list[Delivery], Meta(description="The newest first.")]
    next: Annotated[str | None, Meta(description="To be given as `after` for the part behind.")]


class Replayed(Struct):
    count: Annotated[int, Meta(description="How many wait again.")]
    next_since: Annotated[
        Moment | None, Meta(description="Where to go on, when there are more than 50,000; else null.")
    ]


class HostEvent(Struct):
    """The body of a delivery has all of this but the `id`, which stands in the header field `webhook-id`."""

    id: str
    type: str
    timestamp: Annotated[Moment, Meta(description="When it happened.")]
    data: Annotated[dict[str, Any], Meta(description="docs/webhooks.md has a table of what each type tells.")]


class HostEvents(Struct):
    results: Annotated[list[HostEvent], Meta(description="In order within each conversation.")]


class Counted(Struct):
    count: Annotated[int, Meta(description="How many of them had not been acknowledged before.")]


class Hook(Struct):
    point: Literal["pre_send", "pre_open"]
    url: str
    on_failure: Literal["allow", "deny"]
    timeout_secs: float


class MadeHook(Hook):
    secret: Annotated[str, Meta(description="`whsec_…`, to check the signatures with.")]


class Hooks(Struct):
    results: list[Hook]
    next: None


class HostProblem(Problem):
    host_code: Annotated[
        str | UnsetType | None, Meta(description="Of `refused_by_host`: the application's own word for why.")
    ] = UNSET
