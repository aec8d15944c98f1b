"""What each call takes.

The descriptions, and what stands in `extra_json_schema`, are for the OpenAPI document: the services check those.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chatserver.guard.password_rules import PASSWORD_CHARS
from chatserver.model import SUB_CHARS
from chatserver.names import FULL_NAME_CHARS, MARKS
from chatserver.services.accounts import USERNAME
from chatserver.services.invites import AGE_SECS, CODE_CHARS, MOST_AGE_SECS, MOST_USES, USES
from chatserver.services.search import QUERY_CHARS

TITLE_CHARS = 200
NOTIFICATION_CHARS = 4000

# Client generators make 32 bits of an integer without a format.
ID_FORMAT = {"format": "int64"}
Id = Annotated[int, Meta(ge=1, lt=1 << 53, extra_json_schema=ID_FORMAT)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=1, lt=1 << 53)]
Receiver = Annotated[Id | None, Meta(description="The person it is for.")]
OldReceiver = Annotated[
    Id | None, Meta(description="The old name of `receiver_id`.", extra_json_schema={"deprecated": True})
]
FullName = Annotated[
    str | None,
    Meta(
        description=f"The name shown: 1 to {FULL_NAME_CHARS} visible characters on one line, at most {MARKS} marks on a "
        "letter, nothing that turns the direction of the text around it.",
        extra_json_schema={"minLength": 1},
    ),
]


Password = Annotated[
    str,
    Meta(
        description="Length is what makes it good. None of the 10,000 that are tried first, and not the username.",
        extra_json_schema={
            "minLength": PASSWORD_CHARS[0],
            "maxLength": PASSWORD_CHARS[1],
            "format": "password",
        },
    ),
]


class Register(Struct):
    username: Annotated[
        str,
        Meta(
            description="2 to 32 letters a-z, digits, dots, dashes and underscores; unique whatever its case.",
            extra_json_schema={"pattern": f"^{USERNAME.pattern}$"},
        ),
    ]
    password: Password
    full_name: FullName = None


class Login(Struct):
    username: Annotated[str, Meta(description="In any spelling of its case; spaces around it do not count.")]
    password: Annotated[str, Meta(extra_json_schema={"format": "password"})]
    device: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="What to call this device in the list of sessions; left out: its User-Agent."),
    ] = None
    cookie: Annotated[
        bool,
        Meta(
            description="Put the token into a cookie, which scripts cannot read, instead of the answer. For pages of "
            "the server's own origin; send `X-Requested-With` (any value) with this, and every POST, PUT, PATCH and "
            "DELETE."
        ),
    ] = False


class HostSignIn(Struct):
    token: Annotated[
        str,
        Meta(description="A JWT by the host application: HS256, with `sub`, `exp`, `aud`, perhaps `name`."),
    ]


class Guest(Struct):
    full_name: FullName = None


class NewPassword(Struct):
    password: Annotated[str, Meta(description="The present one.", extra_json_schema={"format": "password"})]
    new_password: Password


class Profile(Struct):
    """What is left out, or null, stays as it is."""

    full_name: FullName = None
    avatar: Annotated[
        str | None,
        Meta(
            description="An http or https address of at most 500 characters; empty removes the picture.",
            extra_json_schema={"pattern": "^(https?://[^\\s\"'<>\\\\]{1,490})?$"},
        ),
    ] = None


class Leave(Struct):
    password: Annotated[
        str,
        Meta(
            description="The present one. Left out by those whose account has none.",
            extra_json_schema={"format": "password"},
        ),
    ] = ""


class Export(Struct):
    after_id: Annotated[Id | None, Meta(description="The `next_after_id` of the part before.")] = None


class Search(Struct):
    search: Annotated[
        str,
        Meta(
            description="The beginnings of words of a username or full name, in any order, compared as in the search of "
            "messages; from a guest, a whole username."
        ),
    ] = ""


class Send(Struct):
    """A receiver or a conversation, and a text or a file."""

    receiver_id: Receiver = None
    receiver: OldReceiver = None
    conversation_id: Annotated[
        Id | None, Meta(description="In place of `receiver_id`: a conversation of two or of many.")
    ] = None
    message: Annotated[
        str,
        Meta(
            description="The text, stored and returned exactly. Once trimmed 1 to 4,000 characters, unless the "
            "server says otherwise (`limits.message_chars`); it may be empty beside an attachment."
        ),
    ] = ""
    attachment: Annotated[
        str | None,
        Meta(
            description="A small file as a base64 `data:` URL. Larger ones go as a file in multipart/form-data.",
            extra_json_schema={"pattern": "^(data:[^;,]*(;[^;,]*)*;base64,.*)?$"},
        ),
    ] = None
    client_id: Annotated[
        ClientId | None,
        Meta(description="Your own key for this message: a repeat with the same key gives the first result."),
    ] = None


class MessagePage(Struct):
    sender: Annotated[Id | None, Meta(description="Only what they sent; you, or the other person.")] = None
    receiver: Annotated[Id | None, Meta(description="Only what was sent to them.")] = None
    is_read: Annotated[bool | None, Meta(description="Only what its receiver has read, or has not.")] = None
    is_active: Annotated[bool | None, Meta(description="Only what is not deleted, or only what is.")] = None
    ordering: Annotated[
        Literal["timestamp", "-timestamp"],
        Meta(description="`timestamp`: the oldest first; else the newest."),
    ] = "-timestamp"
    page: Annotated[Count, Meta(description="From 1 on.")] = 1
    page_size: Annotated[Count, Meta(description="How many on a page; above 200 counts as 200.")] = 50


class Edit(Struct):
    message: Annotated[
        str,
        Meta(description="The new text, under the rules of a new one; it may be empty beside an attachment."),
    ]


class MarkRead(Struct):
    """Exactly one of these."""

    message_ids: Annotated[
        Annotated[list[Id], Meta(max_length=1000)] | None,
        Meta(
            description="Read up to the highest known of them; unknown ids are ignored. May be empty beside another key."
        ),
    ] = None
    conversation_id: Annotated[Id | None, Meta(description="Everything in this conversation.")] = None
    sender_id: Annotated[Id | None, Meta(description="Everything in the conversation with them.")] = None


class Typing(Struct):
    receiver_id: Receiver = None
    receiver: OldReceiver = None
    is_typing: Annotated[bool, Meta(description="False when they stop before sending.")] = True


class History(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    offset: Annotated[
        int,
        Meta(
            ge=0, lt=1 << 53, description="Skip the newest ones. For old clients: `before_id` does not shift."
        ),
    ] = 0
    before_id: Annotated[Id | None, Meta(description="Only messages older than this one.")] = None
    after_id: Annotated[Id | None, Meta(description="Only messages newer than this one, the nearest.")] = None
    around_id: Annotated[Id | None, Meta(description="This message and its neighbours on both sides.")] = None


class Messages(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    before_id: Annotated[Id | None, Meta(description="Only messages older than this one.")] = None
    after_id: Annotated[Id | None, Meta(description="Only messages newer than this one, the nearest.")] = None
    around_id: Annotated[Id | None, Meta(description="This message and its neighbours on both sides.")] = None


Least = Literal["admin", "moderator", "member", "nobody"]
Role = Literal["admin", "moderator", "member"]
Data = Annotated[
    dict[str, Any] | None,
    Meta(description="Yours to choose: at most 4 KB as JSON, nested at most 5 deep; never looked into."),
]


class PolicyChange(Struct):
    """The lowest role that may do each. What is left out, or null, stays as it is."""

    send: Least | None = None
    react: Least | None = None
    attach: Least | None = None
    mention_all: Least | None = None
    pin: Least | None = None
    invite: Least | None = None
    edit_info: Least | None = None
    see_members: Least | None = None
    leave: Least | None = None
    history: Annotated[
        Literal["all", "joined"] | None,
        Meta(description="What those see who join from now on: all, or from when they joined."),
    ] = None
    join: Literal["open", "request", "invite"] | None = None
    listed: bool | None = None
    receipts: bool | None = None


class Begin(Struct):
    preset: Annotated[
        Literal["direct", "group", "announcement", "public"],
        Meta(description="What its policy begins as. `direct` opens the conversation with one other person."),
    ]
    client_id: Annotated[
        ClientId | None,
        Meta(
            description="Your own key for this conversation: a repeat with the same key gives the first one. Required, "
            "except for `direct`."
        ),
    ] = None
    name: Annotated[
        str | None,
        Meta(
            description="1 to 100 visible characters, under the rules of a person's name.",
            extra_json_schema={"minLength": 1},
        ),
    ] = None
    member_ids: Annotated[
        list[Id], Meta(max_length=100, description="Who else is in it from the start.")
    ] = []
    policy: Annotated[PolicyChange | None, Meta(description="What differs from the preset.")] = None
    data: Data = None


class ConversationChange(Struct):
    """What is left out, or null, stays as it is."""

    name: Annotated[str | None, Meta(description="Empty takes it away.")] = None
    about: Annotated[
        str | None, Meta(description="What it is for: at most 500 characters; empty takes it away.")
    ] = None
    avatar: Annotated[
        str | None,
        Meta(description="An http or https address of at most 500 characters; empty takes it away."),
    ] = None
    policy: PolicyChange | None = None
    data: Data = None
    state: Annotated[Literal["open", "frozen"] | None, Meta(description="`frozen`: only admins speak.")] = (
        None
    )
    slow_secs: Annotated[
        Annotated[int, Meta(ge=0, le=21600)] | None,
        Meta(description="One message in so many seconds from each member; 0: any. Moderators are exempt."),
    ] = None
    rev: Annotated[
        Annotated[int, Meta(ge=0, lt=1 << 53)] | None,
        Meta(description="Change it only if it is still at this `rev`."),
    ] = None


class Members(Struct):
    search: Annotated[str, Meta(max_length=200, description="The beginnings of words of their names.")] = ""
    role: Literal["owner", "admin", "moderator", "member"] | None = None
    limit: Annotated[Count, Meta(description="How many; above 100 counts as 100.")] = 50
    after: Annotated[
        Id | None, Meta(description="Go on from here: what the part before gave as `next`. Opaque.")
    ] = None


class MemberChange(Struct):
    role: Annotated[Role | None, Meta(description="Below your own.")] = None
    silenced_until: Annotated[
        str | None,
        Meta(
            description="A time: until then they say nothing. Empty, or one that is over: they may again.",
            extra_json_schema={"maxLength": 40},
        ),
    ] = None


class Owner(Struct):
    user_id: Annotated[Id, Meta(description="A member.")]


class Ban(Struct):
    until: Annotated[
        str | None,
        Meta(description="A time; left out: for good.", extra_json_schema={"format": "date-time"}),
    ] = None
    reason: Annotated[
        Annotated[str, Meta(max_length=500)] | None, Meta(description="For those who decide.")
    ] = None


class NewInvite(Struct):
    """All of it may be left out."""

    max_age_secs: Annotated[
        Annotated[int, Meta(ge=60, le=MOST_AGE_SECS)],
        Meta(description="How long it is good: at most 30 days."),
    ] = AGE_SECS
    uses: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_USES)], Meta(description="How many people it lets in.")
    ] = USES
    client_id: Annotated[
        ClientId | None,
        Meta(description="Your own key for this invite: a repeat with the same key gives the first one."),
    ] = None


class InviteCode(Struct):
    code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS, description="As the link has it.")]


class PublicSearch(Struct):
    search: Annotated[
        str, Meta(max_length=200, description="The beginnings of words of a name, as people are found.")
    ] = ""
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    after: Annotated[
        Id | None, Meta(description="Go on from here: what the part before gave as `next`. Opaque.")
    ] = None


class PeoplePage(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    after: Annotated[
        Id | None, Meta(description="Go on from here: what the part before gave as `next`. Opaque.")
    ] = None


class Listing(Struct):
    limit: Annotated[
        Count | None,
        Meta(description="How many; left out, or above it, as many as `limits.conversations_listed`."),
    ] = None
    after: Annotated[
        Annotated[str, Meta(min_length=1, max_length=32)] | None,
        Meta(description="Go on from here: what the part before gave for it. Opaque."),
    ] = None


class TextSearch(Struct):
    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=QUERY_CHARS,
            description="Whole words, at most 10, all of which a message must have. Case and accents do not count, "
            "marks that are a part of their letter do.",
        ),
    ]
    user_id: Annotated[Id | None, Meta(description="Only the conversation with them.")] = None
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    before_id: Annotated[
        Id | None, Meta(description="Only what was found after this one: the next page.")
    ] = None


class Poll(Struct):
    cursor: Annotated[
        str | None,
        Meta(description="The place to go on from, as the last answer, the snapshot or a 410 gave it."),
    ] = None
    wait: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(
            description="How many seconds to hold the poll when there is nothing; at most 50. Left out: 5.5.",
        ),
    ] = None
    limit: Annotated[Count, Meta(description="How many stored events at most; above 200 counts as 200.")] = (
        100
    )
    client: Annotated[
        ClientId | None,
        Meta(description="A name for this tab or device: a newer poll of the same name ends the older one."),
    ] = None
    token: Annotated[str | None, Meta(description="The token, for clients that cannot send a header.")] = None


class Stream(Struct):
    cursor: Annotated[
        str | None,
        Meta(description="The place to go on from, as an `id`, the snapshot or an answer of a poll gave it."),
    ] = None
    client: Annotated[
        ClientId | None,
        Meta(
            description="A name for this tab or device: a newer stream or poll of the same name ends the older one."
        ),
    ] = None
    token: Annotated[str | None, Meta(description="The token, for clients that cannot send a header.")] = None


class Notify(Struct):
    """Somebody, and what to tell them."""

    title: Annotated[str, Meta(min_length=1, max_length=TITLE_CHARS)]
    message: Annotated[str, Meta(min_length=1, max_length=NOTIFICATION_CHARS)]
    notification_type: Annotated[
        str,
        Meta(min_length=1, max_length=64, description="For the page to tell kinds apart; yours to choose."),
    ] = "info"
    receiver_id: Receiver = None
    receiver_sub: Annotated[
        Annotated[str, Meta(min_length=1, max_length=SUB_CHARS)] | None,
        Meta(description="The same person by your own id."),
    ] = None
    client_id: Annotated[
        ClientId | None,
        Meta(
            description="Your own key for this notification: a repeat with the same key gives the first one."
        ),
    ] = None
