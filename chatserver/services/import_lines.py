"""The lines of an import, each a JSON object whose `type` says what it is, and what can be wrong with them.

What a line names stands in a line before it, or is there already: people may be, conversations may not.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chatserver.errors import Invalid
from chatserver.model import MAX_SEQ, SUB_CHARS, is_storable
from chatserver.services.host_profile import FIELDS, checked
from chatserver.visible import has_something_to_see

Sub = Annotated[str, Meta(min_length=1, max_length=SUB_CHARS)]
ExternalId = Annotated[str, Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]
ID_CHARS = 60
SHOWN_CHARS = 60  # of what a line says, in what is said of it


class UserLine(Struct, tag="user"):
    sub: Sub
    name: Any = UNSET
    avatar: Any = UNSET
    email: Any = UNSET
    locale: Any = UNSET
    tz: Any = UNSET
    role: Any = UNSET
    data: Any = UNSET
    may_contact: Any = UNSET

    @property
    def profile(self) -> dict[str, Any]:
        """As it is stored. Raises Invalid."""
        return checked({name: value for name in FIELDS if (value := getattr(self, name)) is not UNSET})


class ConversationLine(Struct, tag="conversation"):
    """`members` are the two of a direct one, or the one who has notes there."""

    external_id: ExternalId
    preset: Literal["direct", "group", "announcement", "public"] = "group"
    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    members: Annotated[list[Sub], Meta(min_length=1, max_length=2)] | UnsetType = UNSET
    created_at: Moment | None = None


class MemberLine(Struct, tag="member"):
    conversation: ExternalId
    sub: Sub
    role: Literal["owner", "admin", "moderator", "member"] = "member"
    joined_at: Moment | None = None


class MessageLine(Struct, tag="message"):
    id: Annotated[str, Meta(min_length=1, max_length=ID_CHARS)]
    conversation: ExternalId
    sender: Sub
    message: str
    created_at: Moment

    @property
    def client_id(self) -> str:
        return f"imp:{self.id}"


class ReadLine(Struct, tag="read"):
    """`read_at`: when they last looked; null for never. Who has no such line has read everything."""

    conversation: ExternalId
    sub: Sub
    read_at: Moment | None


Line = UserLine | ConversationLine | MemberLine | MessageLine | ReadLine
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is no line, and why."""

    problem: str


def split(data: bytes) -> list[bytes]:
    """The lines of a part; an empty one at the end is none. Some programs put a byte order mark first."""
    lines = data.removeprefix(BOM_UTF8).split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def decoded(lines: Iterable[bytes]) -> list[Line | Wrong]:
    return [_line(line) for line in lines]


def _line(text: bytes) -> Line | Wrong:
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Wrong(str(error)[:300])


def as_stored(moment: datetime) -> datetime:
    """The database knows milliseconds."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


@dataclass(slots=True)
class _NewConversation:
    is_direct: bool
    members: set[str]
    owner: str | None = None
    messages: int = 0
    last_at: datetime | None = None


@dataclass(slots=True)
class Checker:
    """Goes through all lines in their order. `until`: nothing may be younger."""

    until: datetime
    message_chars: int
    people: set[str] = field(default_factory=set)
    begun: dict[str, _NewConversation] = field(default_factory=dict)

    def named(self, lines: Iterable[Line | Wrong]) -> set[str]:
        """Whom these lines name, and no line has made so far."""
        subs: set[str] = set()
        for line in lines:
            if isinstance(line, MemberLine | ReadLine):
                subs.add(line.sub)
            elif isinstance(line, MessageLine):
                subs.add(line.sender)
            elif isinstance(line, ConversationLine) and line.members is not UNSET:
                subs.update(line.members)
        return subs - self.people

    def check(self, lines: Sequence[Line | Wrong], taken: set[str]) -> list[tuple[int, str]]:
        """(place among these, what is wrong). `taken`: ids of conversations that are there already."""
        problems = []
        for at, line in enumerate(lines):
            if (problem := self._problem(line, taken)) is not None:
                problems.append((at, problem))
        return problems

    def _problem(self, line: Line | Wrong, taken: set[str]) -> str | None:
        if isinstance(line, Wrong):
            return line.problem
        if isinstance(line, UserLine):
            return self._user(line)
        if isinstance(line, ConversationLine):
            return self._conversation(line, taken)
        if (begun := self.begun.get(line.conversation)) is None:
            return f"conversation: no line before this one begins {line.conversation[:SHOWN_CHARS]!r}"
        if isinstance(line, MemberLine):
            return self._member(line, begun)
        return self._message(line, begun) if isinstance(line, MessageLine) else self._read(line, begun)

    def _user(self, line: UserLine) -> str | None:
        try:
            line.profile  # noqa: B018 - it raises
        except Invalid as error:
            return error.detail
        if not is_storable(line.sub):
            return "sub: cannot be stored"
        self.people.add(line.sub)
        return None

    def _conversation(self, line: ConversationLine, taken: set[str]) -> str | None:
        is_direct, named = line.preset == "direct", set() if line.members is UNSET else set(line.members)
        if is_direct != (line.members is not UNSET):
            return "members: the two people of a direct one are named here, those of a group in lines of their own"
        if line.external_id in taken or not is_storable(line.external_id):
            return "external_id: there is such a conversation already; only new ones are imported"
        if strange := named - self.people:
            return _nobody("members", strange)
        if line.external_id in self.begun:
            return "external_id: a line before this one has begun it"
        self.begun[line.external_id] = _NewConversation(is_direct, named)
        return None

    def _member(self, line: MemberLine, begun: _NewConversation) -> str | None:
        if begun.is_direct:
            return "conversation: a direct one names its people itself"
        if line.sub not in self.people:
            return _nobody("sub", {line.sub})
        if line.role == "owner" and begun.owner not in (None, line.sub):
            return "role: this conversation has an owner already"
        begun.owner = line.sub if line.role == "owner" else begun.owner
        begun.members.add(line.sub)
        return None

    def _message(self, line: MessageLine, begun: _NewConversation) -> str | None:
        at = as_stored(line.created_at)
        if line.sender not in (begun.members if begun.is_direct else self.people):
            return _nobody("sender", {line.sender})
        if len(line.message.strip()) > self.message_chars or not is_storable(line.message):
            return f"message: must have at most {self.message_chars} characters, and no NUL"
        if not has_something_to_see(line.message) or not is_storable(line.id):
            return "message: must have something to see"
        if at > self.until:
            return "created_at: is not in the past"
        if begun.last_at is not None and at < begun.last_at:
            return "created_at: is before that of the message before it in this conversation"
        begun.last_at = at
        begun.messages += 1
        return "conversation: it is full" if begun.messages > MAX_SEQ // 2 else None

    def _read(self, line: ReadLine, begun: _NewConversation) -> str | None:
        return None if line.sub in begun.members else _nobody("sub", {line.sub}, "a member")


def _nobody(
    field: str, subs: set[str], what: str = "known here, and no line before this one makes them"
) -> str:
    return f"{field}: {min(subs)[:SHOWN_CHARS]!r} is not {what}"
