"""What the server answers about itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from handlers.description.shapes import Number


class Rate(Struct):
    """How many calls within how long."""

    amount: Annotated[int, Meta(ge=1)]
    window_secs: Annotated[int, Meta(ge=1)]


class Limits(Struct):
    message_chars: Number
    attachment_bytes: Number
    body_bytes: Annotated[int, Meta(ge=0, description="The largest JSON body.")]
    history_limit: Number
    event_limit: Number
    client_id_chars: Number
    person_sessions: Annotated[
        int, Meta(ge=1, description="Of one person; beyond, the one unused for longest ends.")
    ]
    held_polls: Annotated[
        int, Meta(ge=1, description="Of one person, in one process; beyond, the oldest is answered at once.")
    ]
    conversations: Annotated[Rate | None, Meta(description="That a person may begin. Null: any number.")]
    groups: Annotated[Rate | None, Meta(description="That a person may begin. Null: any number.")]
    joins: Annotated[
        Rate | None, Meta(description="Times a person may join by themselves, or ask to. Null: any number.")
    ]
    invites: Annotated[int, Meta(ge=1, description="Of one conversation.")]
    requests: Annotated[int, Meta(ge=1, description="To join one conversation, that may wait.")]
    group_members: Annotated[int, Meta(ge=2, description="Of one group.")]
    announcement_members: Annotated[int, Meta(ge=2, description="Of one announcement.")]
    person_conversations: Annotated[
        int, Meta(ge=1, description="Of one person; beyond, nobody can add them to a group.")
    ]
    conversations_listed: Annotated[int, Meta(ge=1, description="In one answer; see `after` there.")]
    pinned_conversations: Annotated[int, Meta(ge=1, description="That a person may pin.")]
    open_uploads: Annotated[
        int, Meta(ge=1, description="Files that a person may be sending at once, to one process.")
    ]
    upload_day_bytes: Annotated[
        int | None,
        Meta(description="Of files that a person may send from midnight to midnight UTC. Null: any."),
    ]
    retention_days: Annotated[
        int | None,
        Meta(description="Older messages are deleted, unless the application said otherwise. Null: never."),
    ]
    exports: Annotated[int, Meta(ge=1, description="That a person may have under way at once.")]
    rates: Annotated[
        dict[str, Rate | None],
        Meta(
            description="By the name that `RateLimit` headers use; per person, `register` and those that end in "
            "`_address` per address, `register_site` and `register_provider` per /48 and /32 of IPv6, `register_total` "
            "for all; of `login`s and `invite`s only wrong passwords and codes count. Null: no limit."
        ),
    ]


class Timings(Struct):
    hold_secs: Annotated[float, Meta(description="How long a poll is held that names no `wait`.")]
    max_hold_secs: float
    check_secs: Annotated[float, Meta(description="How late an event may be when a wake-up was lost.")]
    typing_secs: Annotated[float, Meta(description="How long a typing signal lasts: repeat it before.")]
    linger_secs: Annotated[float, Meta(description="How long somebody counts as present after a poll.")]


class SignIn(Struct):
    """Ways in beside a username and a password, and who gets these."""

    host: Annotated[bool, Meta(description="The application around this chat signs its users in.")]
    host_tokens: Annotated[
        bool,
        Meta(description="Its own tokens are good for every call, in the place of one that signing in gave."),
    ]
    guests: Annotated[bool, Meta(description="Whoever wants to, as somebody new.")]
    registration: Annotated[
        Literal["open", "invite", "off"],
        Meta(description="Who may register; invite: nobody yet, but who is invited will."),
    ]


class People(Struct):
    """Whom one may find, and write to first."""

    directory: Annotated[
        Literal["everyone", "shared", "off"],
        Meta(description="Who is found by search; shared: who is in a conversation with one."),
    ]
    contact: Annotated[
        Literal["everyone", "shared", "host"],
        Meta(
            description="Whom one may write to first, or add to a group; host: whom the application around this chat "
            "names for one. Where a conversation is, both write."
        ),
    ]


class Server(Struct):
    version: str
    feature_level: Annotated[int, Meta(description="Grows with every change a client may want to know of.")]
    limits: Limits
    sign_in: SignIn
    people: People
    timings: Timings


class Health(Struct):
    status: Literal["ok"]


class Components(Struct):
    database: Literal["up", "down"]
    bus: Annotated[
        Literal["up", "suspect", "down"], Meta(description="Only degrades: events come a moment later.")
    ]
    server: Literal["up", "draining"]


class Readiness(Struct):
    status: Literal["ready", "not ready"]
    components: Components
