"""What the calls about webhooks and hooks take."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chatserver.model import HOST_EVENTS, SUB_CHARS
from handlers.schemas import ClientId, Count

Event = Literal[*HOST_EVENTS]  # type: ignore[valid-type]
Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1024,
        description="An https address, public and on port 443, unless the operator allowed others (`outbound_allow`).",
    ),
]
Events = Annotated[list[Event], Meta(min_length=1, max_length=50, description="What to be told of.")]
Detail = Annotated[
    Literal["full", "ids"],
    Meta(description="`ids`: only what it is about, and none of its content."),
]
Order = Annotated[
    bool,
    Meta(
        description="Never tell the next of a conversation before this one was taken: an event that is never taken holds "
        "up all others until it is given up."
    ),
]
Time = Annotated[str, Meta(max_length=40, description="RFC 3339, with its zone.")]
EventId = Annotated[str, Meta(min_length=1, max_length=64)]


class NewWebhook(Struct):
    events: Events
    url: Annotated[Url | None, Meta(description="Where to; left out for the kind `pull`.")] = None
    kind: Annotated[
        Literal["push", "pull"], Meta(description="`pull`: you ask for the events by a long poll.")
    ] = "push"
    detail: Detail = "full"
    order: Order = False
    client_id: Annotated[
        ClientId | None,
        Meta(description="Your own key for this webhook: a repeat with the same key gives the first one."),
    ] = None


class ChangedWebhook(Struct):
    """What is left out, or null, stays as it is."""

    url: Annotated[Url | None, Meta(description="Another address.")] = None
    events: Events | None = None
    detail: Detail | None = None
    order: Order | None = None
    state: Annotated[
        Literal["active", "disabled"] | None,
        Meta(description="What happens while it is disabled it is never told of."),
    ] = None


class RotateSecret(Struct):
    overlap_secs: Annotated[
        int, Meta(ge=0, le=604_800, description="How long the former secret signs too.")
    ] = 86_400


class DeliveryPage(Struct):
    state: Annotated[Literal["waiting", "done", "dead"] | None, Meta(description="Only those.")] = None
    id: Annotated[EventId | None, Meta(description="This one alone.")] = None
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    after: Annotated[Time | None, Meta(description="Go on from here: the `next` of the part before.")] = None


class Replay(Struct):
    since: Time
    until: Time
    state: Annotated[Literal["done", "dead"] | None, Meta(description="Only those; left out: both.")] = None


class Pull(Struct):
    wait: Annotated[
        float, Meta(ge=0, description="How many seconds to hold the call when there is nothing; at most 50.")
    ] = 0.0
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 100


class Acknowledge(Struct):
    ids: Annotated[
        list[EventId], Meta(max_length=1000, description="The `id` of each event that need not come again.")
    ]


class PutHook(Struct):
    url: Url
    on_failure: Annotated[
        Literal["allow", "deny"] | None,
        Meta(
            description="What it means when no decision comes; left out: `allow` for `pre_send`, `deny` for `pre_open`."
        ),
    ] = None
    timeout_secs: Annotated[
        float,
        Meta(ge=0.2, le=5, description="How long the answer may take; a send waits for it, at most 2.8."),
    ] = 1.5


class Policies(Struct):
    sub: Annotated[
        Annotated[str, Meta(min_length=1, max_length=SUB_CHARS)] | None,
        Meta(description="Of this person alone, by your own id."),
    ] = None
