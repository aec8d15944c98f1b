"""What answers hold, by the names that docs/api.md has for it. There may be more in an answer than is named here."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class User(TypedDict):
    id: int
    username: str
    full_name: str
    avatar: str | None


class Person(User):
    is_online: bool


class Participant(Person):
    sub: str | None


class Session(TypedDict):
    id: str
    name: str
    created_at: str
    last_used_at: str
    current: bool


class SignedIn(TypedDict):
    token: str
    user: User
    session: Session


class Done(TypedDict):
    success: bool
    status: str


class Message(TypedDict):
    id: int
    seq: int
    conversation_id: int
    sender_id: int
    sender_name: str
    sender_username: str
    sender_avatar: str | None
    receiver_id: int | None
    message: str
    attachment_url: str | None
    attachment_type: str | None
    is_read: bool
    is_active: bool
    kind: Literal["message", "system"]
    silent: bool
    client_id: str | None
    created_at: str
    updated_at: str


class ConversationMessages(TypedDict):
    conversation_id: int
    messages: list[Message]
    has_more: bool


class MyConversation(TypedDict):
    role: str
    can: list[str]
    unread_count: int
    muted_until: str | None
    pinned: bool
    archived: bool
    hidden: bool
    read_id: int | None


class FullConversation(TypedDict):
    id: int
    kind: Literal["direct", "group"]
    preset: str
    name: str | None
    about: str | None
    avatar: str | None
    member_count: int
    preview: list[Participant]
    state: Literal["open", "frozen", "closed"]
    owner_id: int | None
    last_message: Message | None
    external_id: str | None
    data: dict[str, Any]
    rev: int
    my: MyConversation


class Refused(TypedDict):
    user_id: int
    code: str


class BegunConversation(FullConversation):
    refused: list[Refused]


class ConversationPage(TypedDict):
    results: list[FullConversation]
    next: str | None


class Member(TypedDict):
    user: Participant
    role: Literal["owner", "admin", "moderator", "member"]
    state: str
    joined_at: str | None
    silenced_until: str | None
    rev: int


class Members(TypedDict):
    results: list[Member]
    next: str | None


class MarkedRead(TypedDict):
    success: bool
    status: str
    marked_count: int
    read_at: str


class Snapshot(TypedDict):
    user: User
    groups: ConversationPage
    total_unread: int
    notifications: list[dict[str, Any]]
    cursor: str


class Event(TypedDict):
    """`id` and `timestamp` are null for `missed`, which the poll itself makes."""

    id: int | None
    event: str
    data: dict[str, Any]
    timestamp: str | None


class HostProfile(TypedDict, total=False):
    """What is left out stays as it is, None clears it."""

    name: str | None
    avatar: str | None
    email: str | None
    locale: str | None
    tz: str | None
    role: str | None
    may_contact: list[str] | Literal["everyone"] | None
    data: dict[str, Any] | None


class HostPerson(HostProfile):
    sub: str


class HostUser(TypedDict):
    id: int
    sub: str
    username: str
    name: str
    avatar: str | None
    email: str | None
    locale: str | None
    tz: str | None
    role: str | None
    may_contact: list[str] | Literal["everyone"] | None
    data: dict[str, Any]
    state: Literal["active", "disabled"]
    created_at: str


class SwitchedUser(HostUser):
    sessions_ended: int


class PutResult(TypedDict):
    sub: str
    status: int
    id: int | None
    code: str | None
    detail: str | None


class PutResults(TypedDict):
    results: list[PutResult]


class PasswordChanged(Done):
    """Named by the call that it was made for; ending sessions answers the same."""

    sessions_ended: int


class UnreadIn(TypedDict):
    conversation_id: int
    external_id: str | None
    unread_count: int


class HostUnread(TypedDict):
    sub: str
    total_unread: int
    conversations: list[UnreadIn]


class HostUnreads(TypedDict):
    results: list[HostUnread]


class HostNotification(TypedDict):
    id: int
    receiver_id: int
    title: str
    message: str
    notification_type: str
    timestamp: str
    client_id: str | None


class Webhook(TypedDict):
    id: int
    kind: Literal["push", "pull"]
    url: str | None
    events: list[str]
    detail: Literal["full", "ids"]
    order: bool
    state: Literal["active", "disabled"]
    reason: str | None
    failing_since: str | None
    retry_at: str | None
    created_at: str


class MadeWebhook(Webhook):
    secret: str | None


class Webhooks(TypedDict):
    results: list[Webhook]


class HostEvent(TypedDict):
    """What webhooks tell. `id` is the same whenever it is told again."""

    id: str
    type: str
    timestamp: str
    data: dict[str, Any]


class HostEvents(TypedDict):
    results: list[HostEvent]


class Counted(TypedDict):
    count: int


class HostMember(TypedDict):
    user_id: int
    sub: str | None
    role: Literal["admin", "moderator", "member"]
    joined_at: str | None


class PutConversation(TypedDict, total=False):
    """What is left out stays as it is, None clears it. With `exact` the `members` are all who are to be in it."""

    title: str | None
    data: dict[str, Any] | None
    preset: Literal["group", "announcement", "public"]
    policy: dict[str, Any]
    members: list[str]
    mode: Literal["add", "exact"]


class HostConversation(TypedDict):
    id: int
    external_id: str
    title: str | None
    preset: Literal["group", "announcement", "public"]
    policy: dict[str, Any]
    state: Literal["open", "frozen", "closed"]
    member_count: int
    data: dict[str, Any]
    rev: int


class HostConversationWithMembers(HostConversation):
    members: list[HostMember]
    next: str | None


class RefusedMember(TypedDict):
    sub: str
    code: str
    detail: str


class ChangedHostConversation(HostConversation):
    added: int
    removed: int
    refused: list[RefusedMember]


class HostMessage(Message):
    sender_sub: str | None
    receiver_sub: str | None


class HostMessages(TypedDict):
    messages: list[HostMessage]
    has_more: bool
