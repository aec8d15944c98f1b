"""Document ⇄ model, both directions, and nothing else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, replace
from functools import lru_cache
from typing import Any

from chatserver.model import (
    MAX_SEQ,
    PRESETS,
    SEQ_BITS,
    SYSTEM_SENDER,
    UNKNOWN,
    Account,
    Attachment,
    Beginning,
    Change,
    Conversation,
    Draft,
    Entry,
    Inbox,
    Invite,
    Mark,
    Member,
    Message,
    Notification,
    Owed,
    Pending,
    Session,
    System,
    Tail,
    User,
    Wipe,
    split_message_id,
)
from chatserver.storage.driver import Document
from chatserver.words import RULES, listed_words

_KIND_TO_LETTER = {
    "messages": "m",
    "read": "r",
    "facts": "f",
    "joined": "j",
    "left": "l",
    "mine": "o",
    "change": "x",  # Releases before 0.2 told each change of a message by an entry of its own.
    "notification": "n",
    "session": "s",
    "sessions": "a",
}
_LETTER_TO_KIND = {letter: kind for kind, letter in _KIND_TO_LETTER.items()}


def _optional(model: type[Any], *stored_otherwise: str) -> tuple[str, ...]:
    """The fields of a model that have a default and are stored under their own name, if at all."""
    return tuple(
        one.name for one in fields(model) if one.default is not MISSING and one.name not in stored_otherwise
    )


_MESSAGE_FIELDS = _optional(Message, "system")
_MEMBER_FIELDS = _optional(Member, "delivered_marks", "read_marks", "added_by", "draft", "pending")


def _stored(document: Document, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}


def user(document: Document) -> User:
    sub = document.get("host_sub")
    is_off = document.get("state") == "disabled"
    return User(document["_id"], document["username"], document["full_name"], document["avatar"], sub, is_off)


def account(document: Document) -> Account:
    state, credential = document.get("state", "active"), document.get("credential", 0)
    said, until = document.get("host", {}), document.get("off_until")
    return Account(user(document), state, document["created_at"], credential, said, until)


def session(document: Document) -> Session:
    return Session(
        document["_id"],
        document["user_id"],
        document["name"],
        document["created_at"],
        document["last_used_at"],
        document.get("credential", 0),
        document.get("expires_at"),
    )


def listed(text: str) -> Document:
    """What a message is found by, and by which rules it was made."""
    return {"words": listed_words(text), "words_rules": RULES}


def message_document(message: Message) -> Document:
    document: Document = {
        "_id": message.id,
        "sender_id": message.sender_id,
        "session_id": message.session_id,
        "client_id": message.client_id,
        "text": message.text,
        **listed(message.text),
        "created_at": message.created_at,
    }
    if message.given is not None:
        document["given"] = message.given
    if message.attachment:
        stored = message.attachment
        document["attachment"] = {
            "id": stored.id,
            "name": stored.name,
            "type": stored.type,
            "size": stored.size_bytes,
            "sha256": stored.sha256,
        }
    if (system := message.system) is not None:
        document["system"] = _told_document(system.type, system.actor_id, system.user_ids, system.value)
    if message.silent:
        document["silent"] = True
    return document


def plain(client_id: str | int) -> str | int:
    """BSON gives the numbers that the server makes up as its own kind of integer, which no JSON encoder takes."""
    return int(client_id) if isinstance(client_id, int) else client_id


def message(document: Document) -> Message:
    stored, system = document.get("attachment"), document.get("system")
    id = int(document["_id"])  # BSON gives its own kind of integer from 2^31 on, which no JSON encoder takes
    return Message(
        id=id,
        conversation_id=id >> SEQ_BITS,
        seq=id & MAX_SEQ,
        sender_id=document["sender_id"],
        session_id=document["session_id"],
        client_id=plain(document["client_id"]),
        text=document["text"],
        attachment=attachment(stored) if stored else None,
        created_at=document["created_at"],
        system=System(*_told(system)) if system else None,
        **_stored(document, _MESSAGE_FIELDS),
    )


def attachment(document: Document) -> Attachment:
    return Attachment(
        document["id"], document["name"], document["type"], document["size"], document["sha256"]
    )


def change(document: Document) -> Change:
    dropped = document.get("dropped")
    return Change(message(document), attachment(dropped) if dropped else None)


def _marks(marks: list[list[Any]]) -> tuple[Mark, ...]:
    return tuple(Mark(seq, at) for seq, at in marks)


def conversation(document: Document) -> Conversation:
    """A direct one is all in its pair; of a group what is not stored is as its preset has it."""
    id, get = document["_id"], document.get
    if (pair := get("pair")) is not None:
        members = both(pair)
        return Conversation(id, "direct", members, member_count=len(members), floor_seq=get("floor_seq", 0))
    preset = get("preset", "group")
    return Conversation(
        id=id,
        kind="group",
        policy=replace(PRESETS[preset], **get("policy", {})),
        state=get("state", "open"),
        owner_id=get("owner_id", 0),
        member_count=get("member_count", 0),
        floor_seq=get("floor_seq", 0),
        preset=preset,
        name=get("name"),
        avatar=get("avatar"),
        about=get("about"),
        preview=tuple(get("preview", ())),
        pinned_seqs=tuple(get("pins", ())),
        slow_secs=get("slow_secs", 0),
        external_id=get("external_id"),
        data=json.loads(get("data", "{}")),
        rev=get("rev", 0),
        request_count=get("request_count", 0),
        pending=_pending(get("pending")),
    )


def data_text(data: Mapping[str, Any]) -> str:
    """As a text: its names may be such as the database would take for something of its own."""
    return json.dumps(data, ensure_ascii=False)


def pending_document(pending: Pending) -> Document:
    """One letter a field, and a key of its own."""
    told = _told_document(pending.type, pending.actor_id, pending.user_ids, pending.value)
    return {**told, "key": secrets.token_hex(6)}


def _pending(document: Any) -> Pending | None:
    """None also for a bare mark: what it stands for is not told."""
    return Pending(*_told(document), document["key"]) if isinstance(document, dict) else None


def _told_document(type: str, actor_id: int, user_ids: Sequence[int], value: Any) -> Document:
    document: Document = {"t": type, "by": actor_id, "u": list(user_ids)}
    return document if value is None else {**document, "v": value}


def _told(document: Document) -> tuple[str, int, tuple[int, ...], Any]:
    return document["t"], document["by"], tuple(document["u"]), document.get("v")


def beginning(document: Document) -> Beginning:
    return Beginning(
        conversation(document),
        document["creator_id"],
        document["client_id"],
        document["asked"],
        tuple(document.get("first", ())),
        tuple((user_id, code) for user_id, code in document["refused"]),
        document["ready"],
    )


def both(pair: str) -> tuple[int, ...]:
    """The members of a direct conversation, each once: one has notes to oneself."""
    return tuple(sorted(set(map(int, pair.split(":")))))


def member(document: Document) -> Member:
    get = document.get
    return Member(
        conversation_id=document["_id"]["c"],
        user_id=document["_id"]["u"],
        delivered_marks=_marks(get("delivered_marks", [])),
        read_marks=_marks(get("read_marks", [])),
        added_by=get("by", 0),
        draft=_draft(get("draft")),
        pending=_pending(get("pending")),
        **_stored(document, _MEMBER_FIELDS),
    )


def wipe_document(wipe: Wipe) -> Document:
    return {"since": wipe.since, "below": wipe.below_seq, "by": wipe.by}


def wipe(document: Document) -> Wipe:
    key, stored = document["_id"], document["wipe"]
    return Wipe(key["c"], key["u"], stored["by"], stored["since"], stored["below"])


def draft_document(draft: Draft) -> Document:
    return {"text": draft.text, "reply_seq": draft.reply_seq, "rev": draft.rev, "at": draft.at}


def _draft(stored: Document | None) -> Draft | None:
    return Draft(stored["text"], stored["reply_seq"], stored["rev"], stored["at"]) if stored else None


def invite(document: Document) -> Invite:
    return Invite(
        id=document["_id"],
        conversation_id=document["c"],
        code=document["code"],
        maker_id=document["by"],
        maker_joined_at=document["since"],
        created_at=document["created_at"],
        expires_at=document["expires_at"],
        uses=document["uses"],
        slot=document["slot"],
        client_id=document.get("client_id"),
        used_by=tuple(document["used_by"]),
    )


def entry_document(entry: Entry) -> Document:
    """One letter a field: an inbox holds a hundred of these and is read at every delivery."""
    document: Document = {"k": _KIND_TO_LETTER[entry.kind]}
    fields = {
        "c": entry.conversation_id,
        "f": entry.first,
        "t": entry.last,
        "u": entry.user_id,
        "i": entry.ref,
        "v": entry.rev,
        "at": entry.at,
        "key": entry.key,
    }
    document.update((name, value) for name, value in fields.items() if value)
    return document


@lru_cache(1_000)  # all members of a group have the same one, and keep it while they are here
def _message_entry(id: int) -> Entry:
    conversation_id, seq = split_message_id(id)
    return Entry("messages", conversation_id, seq, seq)


def entry(document: Any) -> Entry:
    """A number, a document of a kind we know, or what a node of a newer release has pushed."""
    if isinstance(document, int):
        return _message_entry(document)
    kind = _LETTER_TO_KIND.get(document.get("k", ""), UNKNOWN) if isinstance(document, dict) else UNKNOWN
    if kind == UNKNOWN:
        return Entry(UNKNOWN)
    get = document.get
    return Entry(
        kind,
        get("c", 0),
        get("f", 0),
        get("t", 0),
        get("u", 0),
        get("i", 0),
        get("v", 0),
        get("at"),
    )


def tail(document: Document, known: int | None) -> Tail:
    """Without the entries up to version `known`."""
    ring, version = document["ring"], document["version"]
    if known is not None:
        ring = ring[max(0, len(ring) - max(0, version - known)) :]
    return Tail(document["epoch"], version, tuple(map(entry, ring)), owed(document))


def owed(document: Document) -> tuple[Owed, ...]:
    """Of an inbox; most owe nothing."""
    found = document.get("owed")
    return tuple(Owed(one["i"], one["v"], "x" in one) for one in found) if found else ()


def _by_conversation(numbers: Document) -> dict[int, int]:
    return {int(id): number for id, number in numbers.items()}


def inbox(document: Document) -> Inbox:
    mine, system = f":{document['_id']}", f":{SYSTEM_SENDER.id}"
    own = {key.removesuffix(mine): n for key, n in document["own"].items() if key.endswith(mine)}
    for key, n in document["own"].items():
        if key.endswith(system):
            c = key.removesuffix(system)
            own[c] = own.get(c, 0) + n
    return Inbox(
        document["epoch"],
        document["version"],
        _by_conversation(document["heads"]),
        _by_conversation(document["reads"]),
        _by_conversation(own),
        owed(document),
    )


def notification(document: Document) -> Notification:
    return Notification(
        document["_id"],
        document["user_id"],
        document["title"],
        document["message"],
        document["notification_type"],
        document["created_at"],
        document.get("client_id"),
    )
