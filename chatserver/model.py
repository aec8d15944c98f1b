"""The nouns of the product. Plain immutable records, no behaviour beyond what they can derive from themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

# A message id is conversation_id · 2^23 + seq: below 2^53, so a JSON number in every language.
SEQ_BITS = 23
MAX_SEQ = (1 << SEQ_BITS) - 1
MAX_CONVERSATION_ID = (1 << 30) - 1

GONE = "-deleted-"  # how the username of a deleted account begins: nobody can register a dash there


def message_id(conversation_id: int, seq: int) -> int:
    return conversation_id << SEQ_BITS | seq


def split_message_id(id: int) -> tuple[int, int]:
    """The (conversation_id, seq) that a message id is made of."""
    return id >> SEQ_BITS, id & MAX_SEQ


@dataclass(frozen=True, slots=True)
class User:
    id: int
    username: str
    full_name: str
    avatar: str | None
    sub: str | None = None  # the host's own id of them, where it made the account
    is_off: bool = False  # can neither sign in nor be written to

    @property
    def is_gone(self) -> bool:
        """Deleted: only messages still name it."""
        return self.username.startswith(GONE)

    @property
    def receives(self) -> bool:
        """Whether they can be written to."""
        return not (self.is_off or self.is_gone)


SYSTEM_SENDER = User(0, "", "", None)  # who sends what no person wrote


@dataclass(frozen=True, slots=True)
class Account:
    """A person as the operator sees them. A forgotten one is only there because messages name its id."""

    user: User
    state: str  # active | disabled | forgotten
    created_at: datetime
    credential: int = (
        0  # raised by whatever ends all sessions; those that began under a lower one are worth nothing
    )
    said: Mapping[str, Any] = field(default_factory=dict)  # by the host, besides name and avatar
    off_until: datetime | None = None  # when a disabled one may sign in again, if that was said


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in device: one token."""

    id: int
    user_id: int
    name: str
    created_at: datetime
    last_used_at: datetime
    credential: int = 0  # the account's, when its owner proved who they are
    expires_at: datetime | None = None  # of one that a token of the host began, and that ends with it


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What a server of the host shows in place of a session's token. Of the key itself only a hash is kept.

    After a rotation the former one is good until `former_until`. With `networks` it is good from there alone.
    """

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    hash: bytes = field(repr=False)
    last_used_at: datetime | None = None
    former_hash: bytes | None = field(default=None, repr=False)
    former_until: datetime | None = None
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostCaller:
    """Who calls for the host, and what they may: one of its keys, or whoever has a token that it signed."""

    name: str  # `key 7`, or `signed`
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Audited:
    """Something that the host did: who called for it, what it was, to whom or what, and why, if that was said."""

    id: str  # the later, the higher
    by: str  # as HostCaller's name
    action: str
    target: str
    reason: str | None
    at: datetime


SUB_CHARS = 200
EXTERNAL_CHARS = 200  # of the host's own id of a conversation


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the host says of whoever has a token: its own id of them, and how long that counts.

    Raises ValueError for a sub or a time that cannot be.
    """

    sub: str
    name: str | None
    ttl_secs: float

    def __post_init__(self) -> None:
        if not 0 < len(self.sub) <= SUB_CHARS or not is_storable(self.sub):
            raise ValueError(f"sub must be a text of 1 to {SUB_CHARS} characters")
        if not 0 <= self.ttl_secs < float("inf"):
            raise ValueError("ttl must be a number of seconds")


def is_storable(text: str) -> bool:
    """Whether the database can keep it: half a pair of surrogates, or a NUL, it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back of a call of our own. Of an answer too long or too slow the body is left out: not `whole`."""

    status: int
    fields: Mapping[str, str]
    body: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: first argument of every service method."""

    user_id: int
    session_id: int
    base_url: str = ""  # the address by which they came, for links in answers

    @property
    def is_host(self) -> bool:
        """Whether it is the application around the chat itself, which is no member anywhere and the system everywhere."""
        return self.user_id == SYSTEM_SENDER.id

    def at(self, base_url: str) -> Actor:
        return Actor(self.user_id, self.session_id, base_url)


HOST_ACTOR = Actor(SYSTEM_SENDER.id, 0)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a conversation's members may do, beyond what their role says: the lowest role that may, or `nobody`."""

    send: str = "member"
    react: str = "member"
    attach: str = "member"
    mention_all: str = "member"
    pin: str = "moderator"
    invite: str = "member"
    edit_info: str = "moderator"
    see_members: str = "member"
    leave: str = "member"
    history: str = "joined"  # all | joined: from where on those who join may read
    join: str = "invite"  # open | request | invite: how somebody comes in whom no member adds
    listed: bool = False  # whether strangers find it
    receipts: bool = True  # whether members are shown how far others have read


PRESETS = {
    "direct": Policy(pin="member", invite="nobody", edit_info="nobody", leave="nobody"),
    "group": Policy(),
    "announcement": Policy(send="admin", attach="admin", mention_all="admin", see_members="moderator"),
    "public": Policy(history="all", join="open", listed=True),
}


@dataclass(frozen=True, slots=True)
class Pending:
    """What was last changed of a conversation or a member, by whom and about whom, and is not known to be told yet."""

    type: str  # as in `System`
    actor_id: int = 0  # 0: nobody, it came about by itself
    user_ids: tuple[int, ...] = ()
    value: Any = None
    key: str = ""  # given when it is stored; the message that tells of it has it too


@dataclass(frozen=True, slots=True)
class Conversation:
    """Who is in a group is asked for apart, by those who need all of them: `member_ids` are both of a direct one."""

    id: int
    kind: str  # direct | group
    member_ids: tuple[int, ...] = ()
    policy: Policy = PRESETS["direct"]
    state: str = "open"  # open | frozen: only admins speak | closed: nobody does
    owner_id: int = 0  # a direct conversation has none, and what the host began belongs to the host
    member_count: int = 2
    floor_seq: int = 0  # what is not above it is gone for everybody
    preset: str = "direct"  # a key of PRESETS: what its policy began as
    name: str | None = None  # a direct one has none
    avatar: str | None = None
    about: str | None = None
    preview: tuple[int, ...] = ()  # a few of its members, for pictures
    pinned_seqs: tuple[int, ...] = ()
    slow_secs: int = 0
    external_id: str | None = None  # the host's own
    data: Mapping[str, Any] = field(default_factory=dict)  # the host's or a client's own, never looked into
    rev: int = 0  # how often it was changed
    request_count: int = 0  # people who ask to join
    pending: Pending | None = None

    @property
    def is_direct(self) -> bool:
        """Whether it is the one conversation of two people, or of one with themselves, whose members never change."""
        return self.kind == "direct"

    def other(self, user_id: int) -> int:
        """The other member of a direct conversation; oneself in notes to self. Raises ValueError for a group."""
        if not self.is_direct:
            raise ValueError(f"conversation {self.id} is a group: nobody is its other member")
        return next((id for id in self.member_ids if id != user_id), user_id)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A group that is being made: all that has to be known to go on where whoever made it stopped.

    `asked` tells what was asked for, so that a repeat is known; `refused` are those who could not be added, and why.
    """

    conversation: Conversation
    creator_id: int
    client_id: str
    asked: str
    member_ids: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]
    ready: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to `seq` had happened `at` this moment."""

    seq: int
    at: datetime


NOT_HIDDEN = -1  # below every head, also that of a conversation in which nothing was said


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has written and not sent yet. `rev` counts its changes; an empty one is what was sent or put away."""

    text: str
    reply_seq: int  # of the message it answers, or 0
    rev: int
    at: datetime

    @property
    def is_empty(self) -> bool:
        return not self.text and not self.reply_seq


@dataclass(frozen=True, slots=True)
class Reader:
    """How far a member has read, and since when. They came in above `floor_seq`, and have read nothing before."""

    user_id: int
    read_seq: int
    floor_seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a conversation, how far they got, and how they want it. All watermarks only move forward.

    What others see of it is numbered by `rev`, what only they do by `own_rev`.
    """

    conversation_id: int
    user_id: int
    delivered_seq: int = 0
    read_seq: int = 0  # as far as others may know
    seen_seq: int = 0  # what they have read for themselves, where it is further
    delivered_marks: tuple[Mark, ...] = ()
    read_marks: tuple[Mark, ...] = ()
    role: str = "member"  # admin | moderator | member; the owner is named by the conversation
    state: str = "member"  # invited | requested | joining | member | banned | left
    silenced_until: datetime | None = None
    banned_until: datetime | None = None  # of who is banned; None: for good
    reason: str | None = None  # why they are
    asked_at: datetime | None = None  # to be let in, until those who decide are told how it ended
    refused_at: datetime | None = None
    floor_seq: int = 0  # when they joined: they see what is above it
    cleared_seq: int = 0  # what they have put away themselves, up to there
    joined_seq: int = 0  # the newest message when they came
    added_by: int = 0  # who took them in, or banned them; 0 for who came by themselves
    joined_at: datetime | None = None
    rev: int = 0
    notify: str = ""  # all | mentions | none; empty: as large as the conversation is
    muted_until: datetime | None = None
    all_mentions: bool = True  # whether a mention of everybody is one of them
    pinned_at: datetime | None = None
    archived: bool = False
    hidden_seq: int = NOT_HIDDEN  # hidden from their list until something comes above it
    unread_seq: int = 0  # from where on they call it unread, whatever they have read; 0 is nowhere
    draft: Draft | None = None
    own_rev: int = 0
    pending: Pending | None = None

    @property
    def own_read_seq(self) -> int:
        return max(self.read_seq, self.seen_seq)

    def is_banned(self, now: datetime) -> bool:
        return self.state == "banned" and (self.banned_until is None or now < self.banned_until)


@dataclass(frozen=True, slots=True)
class Wipe:
    """What somebody who was banned wrote since a moment goes: what is left of that lies below `below_seq`."""

    conversation_id: int
    user_id: int
    by: int
    since: datetime
    below_seq: int


@dataclass(frozen=True, slots=True)
class Invite:
    """A code that lets people into a conversation, so many of them and for so long.

    It belongs to one membership of whoever made it, told by when that began (`maker_joined_at`): who leaves, or may
    invite nobody any more, has no invites. `slot` is its place among those of the conversation.
    """

    id: int
    conversation_id: int
    code: str
    maker_id: int
    maker_joined_at: datetime | None
    created_at: datetime
    expires_at: datetime
    uses: int
    slot: int
    client_id: str | None = None
    used_by: tuple[int, ...] = ()

    def has_room_for(self, user_id: int) -> bool:
        return user_id in self.used_by or len(self.used_by) < self.uses


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages of a conversation with after < seq <= last; where said, only of this sender, or deleted or not."""

    conversation_id: int
    after: int
    last: int
    sender_id: int | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file. `id` is the storage's own, shown to nobody; people name the message it hangs on."""

    id: str
    name: str
    type: str
    size_bytes: int
    sha256: str


SAID = "said"


@dataclass(frozen=True, slots=True)
class System:
    """What a message tells that nobody wrote: something has changed in the conversation, or the host has said something.

    type: created, joined, added, left, removed, banned, owner, renamed, about, avatar, policy, frozen, opened, closed,
    said.
    """

    type: str
    actor_id: int
    user_ids: tuple[int, ...] = ()
    value: Any = None

    @property
    def is_of_host(self) -> bool:
        return self.type == SAID


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    conversation_id: int
    seq: int
    sender_id: int
    session_id: int
    client_id: str | int  # the client's own text, or a number made up for clients that send none
    text: str
    attachment: Attachment | None
    created_at: datetime
    rev: int = 0  # how often it was changed
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    given: str | None = None  # the hash of what its sender gave, where the host had it replaced
    deleted_by: int = 0  # a moderator, if not its sender
    system: System | None = None
    silent: bool = False  # rings nowhere

    @property
    def changed_at(self) -> datetime | None:
        return self.deleted_at or self.edited_at


def tombstone(deleted_by: int = 0) -> dict[str, Any]:
    """What a deleted message says: its number in the log stays taken. 0 is its sender."""
    return {"text": "", "deleted_by": deleted_by}


@dataclass(frozen=True, slots=True)
class Change:
    """A message as it was last changed, whose fan-out is not known to be finished. `file` is one to be removed."""

    message: Message
    file: Attachment | None


STRANGE = "strange"  # the kind of a bell that stands for what came without being one of ours


@dataclass(frozen=True, slots=True)
class Fact:
    """A line in a conversation's second log: something there has reached `rev`.

    kind `message`, with its seq as `target`; `member`, with the user's id; `conversation`, which is 0.
    """

    conversation_id: int
    seq: int
    kind: str
    target: int
    rev: int
    at: datetime

    @property
    def id(self) -> int:
        return message_id(self.conversation_id, self.seq)

    @property
    def about(self) -> int:
        """The id of the message, where it is about one."""
        return message_id(self.conversation_id, self.target)


@dataclass(frozen=True, slots=True)
class Bell:
    """Something happened that concerns `user_ids`: look! May be lost, doubled, overtaken, or an old one played again.

    `body` is JSON-able and only a hint; who rings has the `message` itself. Without `user_ids` it is for every node.
    """

    kind: str
    user_ids: tuple[int, ...]
    body: dict[str, Any] = field(default_factory=dict)
    message: Message | None = None


UNKNOWN = "unknown"


REQUESTS = 2  # the `ref` of an entry `mine` that tells those who decide how many ask to join


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of an inbox: a pointer or a tiny fact, never a body.

    kind `messages`: seqs first..last of a conversation; `facts`: the same of its second log;
    `change`: the same as a `facts`, of releases before 0.2;
    `read`: user_id read first..last there at `at`; `joined` and `left`: this person did; `mine`: their own settings of
    it are at `rev`, or, with REQUESTS as `ref`, people ask them to join; `notification`: `ref` is its id;
    `session`: `ref` was revoked;
    `sessions`: all up to `rev` but `ref`; UNKNOWN: something that only a newer release knows, whatever its size there.
    """

    kind: str
    conversation_id: int = 0
    first: int = 0
    last: int = 0
    user_id: int = 0
    ref: int = 0
    rev: int = 0
    at: datetime | None = None

    @property
    def key(self) -> str | None:
        """What makes a repeat of this entry recognisable; ranges of a log need none, their heads are the guard."""
        if self.kind in ("messages", "facts"):
            return None
        return f"{self.kind}:{self.conversation_id}:{self.user_id}:{self.last}:{self.ref}:{self.rev}"

    @property
    def size(self) -> int:
        """How many items a client may be given for this entry."""
        return self.last - self.first + 1 if self.kind in ("messages", "facts", "read") else 1


@dataclass(frozen=True, slots=True)
class Owed:
    """A notification that no device of its receiver is known to have. `version` is that of its entry in the inbox.

    A device whose cursor is beyond that version has it; unless it was `missed`: somebody was sent there past it.
    """

    id: int
    version: int
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest entries of an inbox. The last one is number `version`, the one before it `version - 1`, …"""

    epoch: str
    version: int
    entries: tuple[Entry, ...]
    owed: tuple[Owed, ...] = ()

    @property
    def oldest_version(self) -> int:
        """The lowest place from which every later entry is here."""
        return self.version - len(self.entries)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where a person stands in each conversation, and the place that belongs to it."""

    epoch: str
    version: int
    heads: dict[int, int]
    reads: dict[int, int]
    own: dict[int, int]
    owed: tuple[Owed, ...] = ()

    def unread(self, conversation_id: int) -> int:
        """Messages of others beyond the read mark: `own` counts one's own among them."""
        head = self.heads.get(conversation_id, 0)
        return max(0, head - self.reads.get(conversation_id, 0) - self.own.get(conversation_id, 0))


@dataclass(frozen=True, slots=True)
class Notification:
    """A word from the host application to one person."""

    id: int
    user_id: int
    title: str
    message: str
    notification_type: str
    created_at: datetime
    client_id: str | None = None  # the host's own key


@dataclass(frozen=True, slots=True)
class Advance:
    """Messages first..last of a conversation are appended; `own` counts them by sender.

    Without `member_ids`, whoever is a member when the fan-out begins.
    """

    conversation_id: int
    first: int
    last: int
    member_ids: tuple[int, ...]
    own: dict[int, int] = field(default_factory=dict)
    is_direct: bool = False
    member_count: int = 0  # as it was known to the sends


def with_members(advances: Iterable[Advance], members: Mapping[int, tuple[int, ...]]) -> list[Advance]:
    """Each with those who are named, or else with these by conversation; without those that then reach nobody."""
    named = (
        one if one.member_ids else replace(one, member_ids=members.get(one.conversation_id, ()))
        for one in advances
    )
    return [advance for advance in named if advance.member_ids]


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """Where an inbox was known to stand `at` (monotonic), claimed for an update that is to find it there.

    `stamp` tells whether anything has rung since.
    """

    epoch: str
    version: int
    at: float
    stamp: int


class Outcome(Enum):
    STORED = "stored"
    TAKEN = "taken"  # another writer has this seq
    REPEATED = "repeated"  # this sender used this client_id before
    SKIPPED = "skipped"  # an earlier one of the same run failed, so this was not tried
    UNKNOWN = "unknown"  # may or may not be there
    UNSURE = "unsure"  # may or may not be there, and an inbox may name it already
    REFUSED = "refused"  # the database will never take it


@dataclass(frozen=True, slots=True)
class Flushed:
    """What became of each message of a flush, and how many inboxes `advances`, which went out behind it, reached."""

    outcomes: Sequence[Outcome]
    advances: Sequence[Advance] = ()
    reached: int = 0


@dataclass(frozen=True, slots=True)
class PendingRead:
    """A read whose fan-out is not known to be finished.

    `own_rev` is that of the reader's settings where the read has ended that they call the conversation unread, else 0.
    """

    conversation_id: int
    user_id: int
    first: int
    last: int
    at: datetime
    own_rev: int = 0


# What the host can be told of, each with whether it happens within a conversation.
HOST_EVENTS = {
    "message.created": True,
    "message.updated": True,
    "message.deleted": True,
    "message.read": True,
    "conversation.created": True,
    "conversation.updated": True,
    "conversation.deleted": True,
    "member.added": True,
    "member.removed": True,
    "member.updated": True,
    "user.created": False,
    "user.updated": False,
    "user.deactivated": False,
    "user.erased": False,
    "session.created": False,
    "job.finished": False,
    "endpoint.disabled": False,
}
WEBHOOK_TEST = "webhook.test"  # for whoever asks for it, whatever they listen to


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the host is told of events: `push` to its address, or `pull` by asking.

    `holder` is the node that pushes to it until `held_until`: one at a time, which is what keeps the order.
    """

    id: int
    kind: str  # push | pull
    url: str | None
    events: frozenset[str]
    created_at: datetime
    since: datetime  # what happened before is not told
    detail: str = "full"  # full | ids
    order: bool = (
        False  # rather nothing than anything out of order: an event that is never taken holds up the rest
    )
    state: str = "active"  # active | disabled | deleted: its deliveries go first
    reason: str | None = None  # why it is disabled: host | gone | failing
    version: int = 1  # of its secret
    former_until: datetime | None = None  # until then the secret before signs too
    secret_mark: str = ""  # of the server secret that its own comes from
    failures: int = 0  # in a row, of its oldest delivery
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    holder: str | None = None
    held_until: datetime | None = None
    client_id: str | None = None

    @property
    def key(self) -> str:
        """What its tasks are found by."""
        return f"webhook:{self.id}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a task: what was answered, or in one word why there was no answer."""

    at: datetime
    status: int | None
    ms: int
    error: str | None = None
    text: str = ""  # the beginning of what was answered


@dataclass(frozen=True, slots=True)
class Task:
    """Work for later: a step that may be repeated, under an id that makes a second one of it the same.

    Of one `key` and `line` the one with the lower `place` goes first. It holds pointers and never a text: what it is
    about is looked up when it is done.
    """

    id: str
    key: str  # whose it is: of a webhook, that of the endpoint
    line: int  # the conversation; below 0 the person, turned round; 0 for neither
    place: int
    event: str
    about: Mapping[str, Any]
    at: datetime
    due_at: datetime
    attempts: int = 0
    state: str = "waiting"  # waiting | done | dead
    is_poison: bool = False  # failed while others did not: it goes its own way and holds up nobody
    tries: tuple[Attempt, ...] = ()
    error: str | None = None  # of a dead one

    @property
    def event_id(self) -> str:
        """The same for all endpoints and all attempts. Without a dot."""
        return self.id.partition(":")[0]

    @property
    def seq(self) -> int:
        """All messages of its conversation up to this one are told before it."""
        return self.place >> SEQ_BITS


def last_places(tasks: Iterable[Task]) -> dict[int, int]:
    """line → the last place of these in it, of those that go in order."""
    places: dict[int, int] = {}
    for task in tasks:
        if not task.is_poison:
            places[task.line] = max(task.place, places.get(task.line, task.place))
    return places


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """What came of an attempt. Without one nothing was tried: there was nothing to do."""

    state: str  # waiting: once more; done, dead
    tried: Attempt | None = None
    error: str | None = None  # of a dead one
    own_time: datetime | None = None  # as poison: it is tried then, whatever becomes of the others


JOBS = "host:jobs"  # the key of those tasks that are jobs of the host


@dataclass(frozen=True, slots=True)
class JobPart:
    """A part of what the host gives for a job, under a number of its own."""

    job_id: int
    number: int
    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class Imported:
    """A conversation by the host's own id of it, and which job is importing it; 0 when none is, any more or ever."""

    id: int
    external_id: str
    job_id: int
    pair: str | None  # of two people
    preset: str


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the messages of a conversation are kept: as the setting says where `days` is None."""

    id: int
    floor_seq: int
    days: int | None
    hold: bool  # nothing of it goes
    user_ids: tuple[int, ...]  # of a conversation of two; those of a group are asked for


@dataclass(frozen=True, slots=True)
class ImportedMember:
    conversation_id: int
    user_id: int
    role: str  # owner | admin | moderator | member; empty in a conversation of two
    joined_at: datetime


def place(seq: int, fact_seq: int = 0) -> int:
    """In a conversation: behind message `seq`, and behind the facts before that one."""
    return seq << SEQ_BITS | fact_seq


@dataclass(frozen=True, slots=True)
class HookSetting:
    """An address that is asked before something happens, and what counts when it does not answer as it should."""

    point: str  # pre_send | pre_open
    url: str
    on_failure: str  # allow | deny
    timeout_secs: float
    version: int  # of its secret: another one each time it is made anew
