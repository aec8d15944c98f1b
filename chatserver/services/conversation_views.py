"""A conversation as one of its members sees it: direct ones and groups alike, made here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatserver.clock import Clock
from chatserver.errors import NotFound
from chatserver.model import Actor, Conversation, Inbox, Member, Message, User, message_id
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
from chatserver.services.own_settings import unread_count
from chatserver.services.permissions import can, window
from chatserver.services.presence import Presence
from chatserver.services.refusals import NO_CONVERSATION
from chatserver.wire import Json, my_conversation, person
from chatserver.wire import conversation as conversation_json

PREVIEWED = 5  # people shown of each conversation


class ConversationViews:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        messages: Messages,
        presence: Presence,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._messages = messages
        self._presence = presence
        self._clock = clock

    async def one(self, actor: Actor, conversation_id: int) -> Json:
        """Raises NotFound also when the actor is no member of it."""
        shown = await self.by_ids(actor, [conversation_id])
        if not shown:
            raise NotFound(NO_CONVERSATION)
        return shown[0]

    async def named(self, actor: Actor, external_id: str) -> list[Json]:
        """The one that the host calls this, if the actor is a member of it."""
        found = await self._stores.groups.of_host(external_id)
        return await self.of(actor, [found]) if found is not None else []

    async def by_ids(self, actor: Actor, ids: Iterable[int]) -> list[Json]:
        """Those of them that the actor is a member of."""
        return await self.of(actor, (await self._conversations.all(ids)).values())

    async def of(
        self, actor: Actor, conversations: Iterable[Conversation], inbox: Inbox | None = None
    ) -> list[Json]:
        """In their order, without those that the actor is no member of.

        What is read does not grow with their number. `inbox` is the actor's, where it is known already.
        """
        conversations = list(conversations)
        if not conversations:
            return []
        inbox = inbox or await self._conversations.inbox(actor)
        mine = await self._members(actor, conversations)
        conversations = [one for one in conversations if one.id in mine]
        last = await self._last_messages(actor, conversations, inbox, mine)
        ids = {id for one in conversations for id in _previewed(one, actor)}
        users = await self._accounts.users(ids | {member.added_by for member in mine.values()} - {0})
        return [
            self._shown(one, actor, mine[one.id], users, last.get(one.id), inbox) for one in conversations
        ]

    async def mine(self, actor: Actor, ids: Iterable[int]) -> dict[int, Json]:
        """By conversation what is the actor's own about it, of those that they are a member of."""
        conversations = list((await self._conversations.all(ids)).values())
        if not conversations:
            return {}
        inbox = await self._conversations.inbox(actor)
        members = await self._members(actor, conversations)
        users = await self._accounts.users({member.added_by for member in members.values()} - {0})
        return {
            one.id: self._mine(one, members[one.id], users, inbox)
            for one in conversations
            if one.id in members
        }

    def person(self, user: User) -> Json:
        return person(user, self._presence.is_online(user.id))

    def _shown(
        self,
        conversation: Conversation,
        actor: Actor,
        member: Member,
        users: dict[int, User],
        last_message: Json | None,
        inbox: Inbox,
    ) -> Json:
        preview = [self.person(users[id]) for id in _previewed(conversation, actor) if id in users]
        my = self._mine(conversation, member, users, inbox)
        return conversation_json(conversation, preview, last_message, my)

    def _mine(self, conversation: Conversation, member: Member, users: dict[int, User], inbox: Inbox) -> Json:
        added_by = users.get(member.added_by)
        return my_conversation(
            conversation,
            member,
            inbox,
            can(conversation, member, self._clock.now()),
            unread_count(conversation, member, inbox),
            self.person(added_by) if added_by is not None else None,
            0,
        )

    async def _members(self, actor: Actor, conversations: Sequence[Conversation]) -> dict[int, Member]:
        """By conversation, where the actor is a member: what they are in each."""
        user_id = actor.user_id
        pairs = [(one.id, user_id) for one in conversations]
        found = await self._stores.conversations.members_of(pairs, marks=1)
        members = {one.id: found.get((one.id, user_id)) for one in conversations}
        return {id: one for id, one in members.items() if one is not None and one.state == "member"}

    async def _last_messages(
        self,
        actor: Actor,
        conversations: Sequence[Conversation],
        inbox: Inbox,
        mine: dict[int, Member],
    ) -> dict[int, Json]:
        """By conversation: the newest that its member may see. What the inbox has a majority has."""
        ids = []
        for one in conversations:
            floor, head = window(one, mine[one.id], inbox.heads.get(one.id, 0))
            if head > floor:
                ids.append(message_id(one.id, head))
        found: dict[int, Message] = await self._stores.messages.by_ids(ids) if ids else {}
        by_id = {one.id: one for one in conversations}
        last = [(by_id[message.conversation_id], message) for message in found.values()]
        shown = await self._messages.shown(actor, last, delivers=False, are_newest=True)
        return {message["conversation_id"]: message for message in shown}


def _previewed(conversation: Conversation, actor: Actor) -> list[int]:
    """Of a direct conversation the other person, who is oneself in notes to self."""
    if conversation.is_direct:
        return [conversation.other(actor.user_id)]
    return [id for id in conversation.preview if id != actor.user_id][:PREVIEWED]
