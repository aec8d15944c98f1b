"""Conversations of several people: begun, changed, given to another owner, closed.

A group is begun in steps, each of which may be repeated by whoever asks again with the same key, or by the sweeper: the
conversation that nobody sees yet, its members on their way in, their heads, and then all at once that it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog

from chatserver import failpoints
from chatserver.clock import Clock
from chatserver.errors import Forbidden, IdempotencyConflict, Invalid, NotFound, RevisionConflict, Unavailable
from chatserver.guard.quotas import Quotas, reached
from chatserver.model import (
    HOST_ACTOR,
    PRESETS,
    Actor,
    Beginning,
    Bell,
    Conversation,
    Entry,
    Pending,
)
from chatserver.names import check_picture, shown_name
from chatserver.ports import Bus, Stores
from chatserver.sending.facts import Facts
from chatserver.services.accounts import Accounts
from chatserver.services.conversation_ids import ConversationIds
from chatserver.services.conversations import Conversations
from chatserver.services.refusals import REFUSED, demand
from chatserver.services.system_messages import SystemMessages
from chatserver.visible import TURNING

MOST_FIRST = 100  # people added to a group while it is begun
ABOUT_CHARS = 500
DATA_BYTES, DATA_DEPTH = 4096, 5
TRIES = 10
_encode = msgspec.json.Encoder(order="deterministic").encode


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group as somebody asks for it; `policy` only what differs from its preset."""

    preset: str
    name: str | None
    member_ids: tuple[int, ...]
    policy: Mapping[str, Any]
    data: Mapping[str, Any]
    client_id: str


class Groups:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        facts: Facts,
        system_messages: SystemMessages,
        quotas: Quotas,
        ids: ConversationIds,
        bus: Bus,
        clock: Clock,
        person_conversations: int,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._facts = facts
        self._system_messages = system_messages
        self._quotas = quotas
        self._ids = ids
        self._bus = bus
        self._clock = clock
        self._person_conversations = person_conversations

    async def begin(self, actor: Actor, wanted: NewGroup) -> tuple[Beginning, bool]:
        """The group, and whether it was begun by this call: a repeat by `client_id` gives the first one.

        Raises Invalid, LimitReached, IdempotencyConflict, Unavailable.
        """
        asked = hashlib.sha256(
            _encode(replace(wanted, member_ids=tuple(sorted(wanted.member_ids))))
        ).hexdigest()
        beginning = await self._stores.groups.begun(actor.user_id, wanted.client_id)
        is_new = beginning is None
        if beginning is None:
            beginning = await self._stores.groups.begin(
                await self._beginning(actor, wanted, asked), self._clock.now()
            )
        if beginning.asked != asked:
            raise IdempotencyConflict("client_id was used before, for another group.")
        if not beginning.ready:
            await self._complete(beginning)
        return beginning, is_new

    async def begin_for_host(self, external_id: str, wanted: NewGroup) -> tuple[Beginning, bool]:
        """The conversation that the host calls this, which belongs to nobody in it, and whether it is new.

        One that is there already stays as it is; one that somebody left half made is completed.

        Raises Invalid, Unavailable.
        """
        name = shown_name(wanted.name, "title") if wanted.name is not None else None
        check_data(wanted.data)
        owned = await self._stores.inboxes.memberships(wanted.member_ids)
        full = {id for id, of in owned.items() if len(of) >= self._person_conversations}
        [id] = await self._ids.take(1)
        conversation = Conversation(
            id,
            "group",
            policy=replace(PRESETS[wanted.preset], **wanted.policy),
            preset=wanted.preset,
            name=name,
            external_id=external_id,
            data=wanted.data,
        )
        beginning = Beginning(
            conversation,
            HOST_ACTOR.user_id,
            external_id,
            "",
            tuple(id for id in wanted.member_ids if id not in full),
            tuple((id, "limit_reached") for id in wanted.member_ids if id in full),
        )
        begun = await self._stores.groups.begin(beginning, self._clock.now())
        if not begun.ready:
            await self._complete(begun)
        return begun, begun is beginning

    async def _beginning(self, actor: Actor, wanted: NewGroup, asked: str) -> Beginning:
        name = shown_name(wanted.name, "name") if wanted.name is not None else None
        check_data(wanted.data)
        others = dict.fromkeys(id for id in wanted.member_ids if id != actor.user_id)
        if len(others) > MOST_FIRST:
            raise Invalid.field("member_ids", f"must name at most {MOST_FIRST} people; add more afterwards")
        users = await self._accounts.users(others)
        owned = await self._stores.inboxes.memberships([actor.user_id, *users])
        if len(owned.get(actor.user_id, ())) >= self._person_conversations:
            raise reached("person_conversations", "You are in as many conversations as anybody may be.")
        allowed = await self._conversations.contact_policy.may_write(actor, others)
        refused = {id: "contact_refused" for id in others if id not in allowed}
        refused |= {
            id: "not_found" for id in others if id in allowed and (id not in users or users[id].is_gone)
        }
        refused |= {
            id: "limit_reached"
            for id in others
            if id not in refused and len(owned.get(id, ())) >= self._person_conversations
        }
        await self._quotas.begin_group(actor)
        [id] = await self._ids.take(1)
        members = (actor.user_id, *(one for one in others if one not in refused))
        policy = replace(PRESETS[wanted.preset], **wanted.policy)
        conversation = Conversation(
            id,
            "group",
            policy=policy,
            owner_id=actor.user_id,
            preset=wanted.preset,
            name=name,
            data=wanted.data,
        )
        return Beginning(
            conversation, actor.user_id, wanted.client_id, asked, members, tuple(refused.items())
        )

    async def _complete(self, beginning: Beginning) -> None:
        c, groups = beginning.conversation.id, self._stores.groups
        await groups.add_first(beginning, self._clock.now())
        await step()
        await self._stores.inboxes.join(beginning.member_ids, c, 0, rev=1)
        await step()
        await groups.finish(beginning)
        await step()
        await self.settle(c)

    async def change(
        self, actor: Actor, conversation_id: int, changes: Mapping[str, Any], rev: int | None
    ) -> None:
        """`name`, `about`, `avatar`, `policy`, `data`, `state` and `slow_secs`, those that are given.

        Raises Invalid, Forbidden, NotFound, RevisionConflict when `rev` is not the newest any more.
        """
        conversation, member = await self._conversations.membership(actor, conversation_id)
        if conversation.is_direct:
            raise Forbidden(REFUSED)
        for action in _actions(changes):
            demand(conversation, member, action, self._clock.now())
        stored, type = _changed(conversation, changes)
        if stored:
            pending = Pending(type, actor.user_id, (), stored.get("name"))
            await self.apply(conversation_id, stored, pending, rev)
            if "avatar" in stored:
                await self._stores.pictures.delete(conversation_id)

    async def close_group(self, actor: Actor, conversation_id: int) -> None:
        """For good: nobody says anything there any more. Repeatable. Raises Forbidden, NotFound."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "close", self._clock.now())
        if conversation.state != "closed":
            with suppress(RevisionConflict):  # It has been closed meanwhile.
                await self.apply(conversation_id, {"state": "closed"}, Pending("closed", actor.user_id))

    async def give(self, actor: Actor, conversation_id: int, user_id: int) -> None:
        """Make another member the owner. Repeatable. Raises Forbidden, NotFound."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        if user_id == conversation.owner_id:
            return
        demand(conversation, member, "transfer", self._clock.now())
        heir = await self._stores.groups.member(conversation_id, user_id)
        if heir is None or heir.state != "member":
            raise NotFound("There is no such member.")
        pending = Pending("owner", actor.user_id, (user_id,))
        await self.apply(conversation_id, {"owner_id": user_id}, pending, owner_id=actor.user_id)

    async def apply(
        self,
        conversation_id: int,
        changes: Mapping[str, Any],
        pending: Pending,
        rev: int | None = None,
        owner_id: int | None = None,
    ) -> None:
        """What has been checked: `pending` is what is told of it, and what is still to be told of its last change before.

        Raises RevisionConflict, Unavailable.
        """
        groups, untold = self._stores.groups, ""
        for _ in range(TRIES):
            if await groups.change(conversation_id, changes, pending, rev=rev, owner_id=owner_id):
                await step()
                return await self.settle(conversation_id)
            known = await groups.conversation(conversation_id)
            if known is None or known.state == "closed":
                raise RevisionConflict
            if rev not in (None, known.rev) or owner_id not in (None, known.owner_id):
                raise RevisionConflict
            if known.pending is None:  # It has been told meanwhile.
                continue
            if known.pending.key == untold:
                break
            untold = known.pending.key
            await self.settle(conversation_id)
        raise Unavailable("What has changed before in this conversation is still to be told.")

    async def settle(self, conversation_id: int) -> None:
        """See that it has an owner who is a member, and tell what has changed, which may be left to the sweeper.

        Repeatable. Raises Unavailable.
        """
        conversation = await self._with_owner(conversation_id)
        if conversation is None:
            return
        self._conversations.forget_group(conversation_id)
        try:
            await self._tell(conversation)
        except Unavailable:
            log.warning("change left to the sweeper", conversation=conversation_id)

    async def _tell(self, conversation: Conversation) -> None:
        c, pending = conversation.id, conversation.pending
        if pending is not None and pending.type == "created":
            if pending.user_ids:
                entry = Entry("joined", c, rev=1, at=self._clock.now())
                await self._stores.inboxes.push(pending.user_ids, entry)
                self._bus.publish(Bell("inbox", pending.user_ids))
        elif pending is not None:
            await self._facts.tell(conversation, ("conversation", 0, conversation.rev))
        await step()
        if pending is not None:
            await self._system_messages.tell(conversation, pending, f"{c}:{pending.key}")
        await self._stores.groups.told(conversation)

    async def _with_owner(self, conversation_id: int) -> Conversation | None:
        """As it is when its owner is a member, or the host, or it is closed: whoever is gone has an heir."""
        groups = self._stores.groups
        for _ in range(TRIES):
            conversation = await groups.conversation(conversation_id)
            if conversation is None or conversation.state == "closed" or not conversation.owner_id:
                return conversation
            owner = await groups.member(conversation_id, conversation.owner_id)
            if owner is not None and owner.state == "member":
                return conversation
            if conversation.pending is not None:  # or it would be lost to the news of the heir
                await self._tell(conversation)
                continue
            heir_id = await groups.heir(conversation_id)
            await groups.inherit(conversation_id, conversation.owner_id, heir_id)
        raise Unavailable("This conversation changes too fast right now.")

    async def go_on(self, conversation_id: int) -> None:
        """With what somebody left half done: a group not there yet, or a change not told."""
        beginning = await self._stores.groups.beginning(conversation_id)
        await (self.settle(conversation_id) if beginning is None else self._complete(beginning))


async def step() -> None:
    """Between two steps: where a test makes a server die, or a call fail."""
    if failpoints.armed:
        await failpoints.reach("after_group_step")


def check_data(data: Mapping[str, Any], field: str = "data") -> None:
    """Raises Invalid."""
    if len(msgspec.json.encode(data)) > DATA_BYTES:
        raise Invalid.field(field, f"must have at most {DATA_BYTES} bytes")
    if _depth(data) > DATA_DEPTH:
        raise Invalid.field(field, f"must be nested at most {DATA_DEPTH} deep")


def _depth(value: Any) -> int:
    """Of objects and lists within one another; what is inside is already no deeper than a request may be."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(_depth, parts), default=0)


def _actions(changes: Mapping[str, Any]) -> list[str]:
    """What somebody must be allowed to who wants these changes."""
    needed = {"policy": "policy", "state": "freeze", "slow_secs": "slow_mode"}
    return sorted({needed.get(name, "edit_info") for name in changes})


def _changed(conversation: Conversation, changes: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What is stored, checked, and what it is told as. Raises Invalid."""
    stored: dict[str, Any] = dict(changes)
    if name := stored.get("name"):
        stored["name"] = shown_name(name, "name")
    if avatar := stored.get("avatar"):
        check_picture(avatar)
    about = stored.get("about", "")
    if len(about) > ABOUT_CHARS or not TURNING.isdisjoint(about):
        problem = f"must have at most {ABOUT_CHARS} characters, none that turns the text around it"
        raise Invalid.field("about", problem)
    if "data" in stored:
        check_data(stored["data"])
    if "policy" in stored:
        stored |= {f"policy.{name}": value for name, value in stored.pop("policy").items()}
    stored = {name: value if value != "" else None for name, value in stored.items()}
    state = {"open": "opened", "frozen": "frozen"}.get(str(changes.get("state")), "")
    told = {"name": "renamed", "avatar": "avatar", "about": "about", "policy": "policy", "state": state}
    return stored, next((type for name, type in told.items() if name in changes), "")
