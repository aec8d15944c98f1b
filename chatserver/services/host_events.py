"""What the host is told of an event: made when it is told, from how things are then. So nothing deleted is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chatserver import wire
from chatserver.model import Actor, Conversation, Member, Message, Task, User, split_message_id
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.links import Links
from chatserver.wire import Json

BODY_BYTES = 20_000
_encode = msgspec.json.Encoder().encode


class HostEvents:
    def __init__(self, stores: Stores, accounts: Accounts, links: Links, public_url: str) -> None:
        self._stores = stores
        self._accounts = accounts
        self._links = links
        self._public_url = public_url

    async def bodies(self, tasks: Sequence[Task], detail: str) -> dict[str, Json]:
        """task id → {type, timestamp, data}; what has nothing to be told of is left out. Raises Unavailable."""
        found = await self._look_up(tasks)
        bodies: dict[str, Json] = {}
        for task in tasks:
            data = found.ids(task)
            if data is not None and detail == "full":
                full = {**data, **found.full(task)}
                data = full if len(_encode(full)) <= BODY_BYTES else {**data, "detail": "ids"}
            if data is not None:
                bodies[task.id] = {"type": task.event, "timestamp": wire.moment(task.at), "data": data}
        return bodies

    async def _look_up(self, tasks: Iterable[Task]) -> _Found:
        """All that these are about, each kind in one read."""
        abouts = [task.about for task in tasks]
        message_ids = {about["m"] for about in abouts if "m" in about}
        messages = await self._stores.messages.by_ids(message_ids) if message_ids else {}
        c_ids = {split_message_id(id)[0] for id in message_ids} | {a["c"] for a in abouts if "c" in a}
        conversations = await self._stores.conversations.conversations(c_ids) if c_ids else {}
        members: dict[tuple[int, int], Member] = {}
        for c, u in {(a["c"], a["u"]) for a in abouts if "c" in a and "u" in a and "read" not in a}:
            found = await self._stores.conversations.members(c, [u])
            members.update(((c, u), member) for member in found.values())
        user_ids = {a["u"] for a in abouts if "u" in a} | {m.sender_id for m in messages.values()}
        user_ids |= {id for one in conversations.values() for id in one.member_ids}
        users = await self._accounts.users(user_ids)
        urls = {id: self._links.to_file(Actor(0, 0, self._public_url), m) for id, m in messages.items()}
        return _Found(messages, conversations, members, users, urls if self._public_url else {})


class _Found:
    def __init__(
        self,
        messages: dict[int, Message],
        conversations: dict[int, Conversation],
        members: dict[tuple[int, int], Member],
        users: dict[int, User],
        urls: dict[int, str | None],
    ) -> None:
        self._messages = messages
        self._conversations = conversations
        self._members = members
        self._users = users
        self._urls = urls

    def _sub(self, user_id: int) -> str | None:
        """The host's own id of them."""
        user = self._users.get(user_id)
        return user.sub if user is not None else None

    def ids(self, task: Task) -> Json | None:
        """What says which thing it is, and no more."""
        about = task.about
        if "m" in about:
            message = self._messages.get(about["m"])
            return None if message is None else self._message_ids(message)
        if "e" in about:
            return {"webhook_id": about["e"]}
        if "j" in about:
            return {"job_id": about["j"], "kind": about["kind"], "state": about["state"]}
        if "c" in about:
            conversation = self._conversations.get(about["c"])
            return None if conversation is None else self._conversation_ids(conversation, about)
        if "u" in about:
            if about["u"] not in self._users:
                return None
            of_session = {"session_id": about["s"]} if "s" in about else {}
            return {
                "user_id": about["u"],
                "sub": about.get("sub") or self._sub(about["u"]),
                **of_session,
            }
        return {}

    def _conversation_ids(self, conversation: Conversation, about: Mapping[str, Any]) -> Json:
        ids = {"conversation_id": conversation.id, "external_id": conversation.external_id}
        of_member = {"user_id": about["u"], "sub": self._sub(about["u"])} if "u" in about else {}
        place = {"read_seq": about["read"]} if "read" in about else {"rev": about.get("v", 0)}
        return {**ids, **of_member, **place}

    def _message_ids(self, message: Message) -> Json:
        conversation = self._conversations.get(message.conversation_id)
        return {
            "id": message.id,
            "conversation_id": message.conversation_id,
            "external_id": conversation and conversation.external_id,
            "seq": message.seq,
            "rev": message.rev,
            "sender_id": message.sender_id,
            "sender_sub": self._sub(message.sender_id),
        }

    def full(self, task: Task) -> Json:
        """The thing as its members see it."""
        about = task.about
        if "m" in about:
            return self._message(self._messages[about["m"]])
        if "read" in about:
            user = self._users.get(about["u"])
            return {"user": user and wire.user(user)}
        if "c" in about and "u" in about:
            member = self._members.get((about["c"], about["u"]))
            user = self._users.get(about["u"])
            return {
                "user": user and wire.user(user),
                "role": member and member.role,
                "state": member.state if member else "left",
            }
        if "c" in about:
            return self._conversation(self._conversations[about["c"]])
        if "u" in about:
            return {"user": wire.user(self._users[about["u"]])}
        return {}

    def _message(self, message: Message) -> Json:
        conversation = self._conversations.get(message.conversation_id)
        is_direct = conversation is not None and conversation.is_direct
        receiver_id = conversation.other(message.sender_id) if conversation and is_direct else None
        receiver = self._users.get(receiver_id) if receiver_id else None
        sender = self._users.get(message.sender_id) or User(message.sender_id, "", "", None)
        receiving = Member(message.conversation_id, receiver_id or 0)
        shown = wire.message(message, sender, receiver, receiving, self._urls.get(message.id))
        receipts = ("is_read", "read_at", "delivered_at")  # which are told by other events, if at all
        shown = {name: value for name, value in shown.items() if name not in receipts}
        return {**shown, "receiver_sub": self._sub(receiver_id) if receiver_id else None}

    def _conversation(self, one: Conversation) -> Json:
        members = [{"user_id": id, "sub": self._sub(id)} for id in one.member_ids]
        return {
            "kind": one.kind,
            "preset": one.preset,
            "name": one.name,
            "state": one.state,
            "owner_id": one.owner_id or None,
            "member_count": one.member_count,
            "members": members if one.is_direct else None,
            "data": dict(one.data),
        }


def encoded(body: Any) -> bytes:
    return _encode(body)
