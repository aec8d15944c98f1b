"""The product without HTTP, in this process, on a real mongod. Nothing runs by itself: tests say when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tornado.ioloop import IOLoop

from chatserver import failpoints
from chatserver.bus.local import LocalBus
from chatserver.cursor import Cursor
from chatserver.guard.attempts import Attempts
from chatserver.guard.credentials import Passwords
from chatserver.guard.rates import RateLimits
from chatserver.guard.server_secret import ServerSecret
from chatserver.model import Actor, Conversation, Entry, Inbox, Message, User
from chatserver.outward.way_out import WayOut
from chatserver.polls.check import Check
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import InboxReads
from chatserver.ports import TokenHost
from chatserver.sending.fanout import FanOut
from chatserver.sending.feed import Feed
from chatserver.sending.retention import Retention
from chatserver.sending.send import Send
from chatserver.sending.sweeper import Sweeper
from chatserver.sending.writer import Writer
from chatserver.services import Services, build_services
from chatserver.services.events import PollAnswer, PollRequest
from chatserver.services.groups import NewGroup
from chatserver.services.links import Links
from chatserver.services.sign_in_keys import SignInKeys
from chatserver.settings import Settings
from chatserver.storage import Storage
from chatserver.tasks.claims import Claims
from tests.support.client import unique
from tests.support.clock import SkippingClock
from tests.support.mongo import MongoNode
from tests.support.waiting import GENEROUS_SECS

SECRET = ServerSecret(b"a secret of these tests, long enough")


@dataclass
class Chat:
    """One node. `Chat.another()` is a second one on the same database."""

    settings: Settings
    node: str = "one"
    clock: SkippingClock = field(default_factory=SkippingClock)
    token_host: TokenHost | None = None

    def __post_init__(self) -> None:
        self.storage = Storage(self.settings.mongodb_uri, self.settings, self.clock)
        self.bus = LocalBus()
        self.hub = Hub(self.bus, self.clock, self.settings.linger_secs, self.settings.held_polls)
        self.fanout = FanOut(
            self.storage.messages,
            self.storage.conversations,
            self.storage.inboxes,
            self.hub,
            self.bus,
            self.clock,
        )
        self.feed = Feed(self.storage, self.bus, self.clock)
        self.way_out = WayOut(["127.0.0.0/8"], 100)
        self.inbox_reads = InboxReads(self.storage.inboxes, self.clock)
        self.check = Check(self.hub, self.storage.inboxes, self.bus, self.clock, self.settings.check_secs)
        self.passwords = Passwords()
        self.services: Services = build_services(
            self.settings,
            self.node,
            self.storage,
            self.bus,
            self.hub,
            self.fanout,
            self.feed,
            Claims(self.storage, self.feed, self.clock),
            SECRET,
            self.way_out,
            self.inbox_reads,
            self.passwords,
            Attempts(self.storage.attempts, self.storage.known_callers, self.settings, self.clock),
            RateLimits(self.settings, self.clock),
            Links(b"a key of this test", self.clock),
            self.token_host,
            SignInKeys(self.settings.host_secret, {}, [], self.clock),
            self.clock,
        )
        self.bus.listen(self.services.bells.heard)

    @property
    def writer(self) -> Writer:
        return self.services.writer

    def sweeper(self, interval_secs: float = 0.0) -> Sweeper:
        services = self.services
        finish: Any = (
            services.receipts.finish_read,
            services.notifications.finish,
            services.changes.finish,
            services.own_devices.finish,
        )
        kept = Retention(
            self.storage, self.bus, services.changes.finish, self.clock, self.settings.retention_days
        )
        rest = services.unused_guests.forget, services.memberships.settle_all
        return Sweeper(
            self.storage, self.fanout, self.feed, self.bus, self.clock, interval_secs, *finish, kept, *rest
        )

    async def open(self) -> Chat:
        await self.storage.prepare()
        await self.bus.open()
        return self

    async def close(self) -> None:
        await self.writer.close()
        await self.services.wake_ups.close()
        await self.services.receipts.close()
        await self.feed.close()
        await self.services.sessions.close()
        await self.fanout.close()
        self.way_out.close()
        await self.inbox_reads.close()
        self.services.typing.close()
        self.passwords.close()
        await self.storage.close()

    async def person(self) -> Actor:
        """Somebody new on their first device."""
        user = User(await self.storage.marks.next_id("user"), unique("u"), "Somebody", None)
        await self.storage.inboxes.ensure(user.id)
        await self.storage.users.create(user, "", self.clock.now())
        return await self.device(user.id)

    async def device(self, user_id: int) -> Actor:
        account = await self.services.accounts.account(user_id)
        _, _, session = await self.services.sessions.start(account, "test")
        return Actor(user_id, session.id)

    async def pair(self) -> tuple[Actor, Actor, Conversation]:
        """Two people with a conversation in which nothing was said."""
        ann, bob = await self.person(), await self.person()
        conversation, _ = await self.services.conversations.open_direct(ann, bob.user_id)
        return ann, bob, conversation

    async def group(self, owner: Actor, *others: Actor, **more: Any) -> Conversation:
        """A group of these in which nothing was said, but that it has begun."""
        fields: dict[str, Any] = {"preset": "group", "name": None, "policy": {}, "data": {}, **more}
        ids = tuple(other.user_id for other in others)
        wanted = NewGroup(member_ids=ids, client_id=unique("group"), **fields)
        beginning, _ = await self.services.groups.begin(owner, wanted)
        found = await self.storage.groups.conversation(beginning.conversation.id)
        assert found is not None
        return found

    def send(self, actor: Actor, conversation: Conversation, text: str, **more: Any) -> Send:
        fields: dict[str, Any] = {
            "client_id": unique("key"),
            "attachment": None,
            "created_at": self.clock.now(),
            "deadline": self.clock.monotonic() + GENEROUS_SECS,
            **more,
        }
        return Send(conversation, actor.user_id, actor.session_id, text=text, **fields)

    async def say(self, actor: Actor, conversation: Conversation, text: str) -> Message:
        return (await self.writer.post(self.send(actor, conversation, text)))[0]

    async def append_only(self, actor: Actor, conversation: Conversation, text: str, **more: Any) -> Message:
        """What a node leaves behind that dies between the append and the fan-out."""
        seq = await self.storage.messages.head(conversation.id) + 1
        message = self.send(actor, conversation, text, **more).at(seq)
        await self.storage.flushes.append_and_advance([message])
        return message

    async def log(self, conversation: Conversation) -> list[str]:
        """All texts, oldest first; their numbers are proved to be 1, 2, 3 …"""
        found = await self.storage.messages.page_after(conversation.id, 0, 10_000)
        assert [m.seq for m in reversed(found)] == list(range(1, len(found) + 1)), "the log has a hole"
        return [m.text for m in reversed(found)]

    async def inbox(self, actor: Actor) -> Inbox:
        found = await self.storage.inboxes.inbox(actor.user_id)
        assert found is not None
        return found

    async def ring(self, actor: Actor) -> list[Entry]:
        return list((await self.storage.inboxes.tails({actor.user_id: None}))[actor.user_id].entries)

    async def cursor(self, actor: Actor) -> Cursor:
        inbox = await self.inbox(actor)
        return Cursor(inbox.epoch, inbox.version)

    async def answer(
        self, actor: Actor, cursor: Cursor | None = None, wait: float = 0.0, limit: int = 100, **more: Any
    ) -> PollAnswer:
        """One that is still on its way."""
        request = PollRequest(cursor, wait, limit, more.pop("client", None), **more)
        return await self.services.events.poll(actor, request, lambda waiter: None)

    async def poll(self, actor: Actor, *asked: Any, **more: Any) -> PollAnswer:
        answer = await self.answer(actor, *asked, **more)
        await answer.delivered(True)
        return answer


@pytest.fixture(params=["one trip", "two trips"])
def trips(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether a fan-out goes out behind its messages in one trip: it does unless failpoints stand between."""
    monkeypatch.setattr(failpoints, "armed", request.param == "two trips")
    return str(request.param)


@pytest.fixture(scope="session")
def database_name() -> str:
    """The same for all; modules that look at everything there is have a database of their own."""
    return unique("unit")


@pytest.fixture
def database(mongo: MongoNode, database_name: str) -> Iterator[Database[dict[str, Any]]]:
    """The documents themselves, as an older version or an operator's tool writes and reads them."""
    with MongoClient[dict[str, Any]](mongo.uri, w="majority", readConcernLevel="majority") as client:
        yield client[database_name]


@pytest.fixture
def chats(mongo: MongoNode, database_name: str, io_loop: IOLoop) -> Iterator[Any]:
    """Call it for one more node, with other settings where a test is about them."""
    opened: list[Chat] = []

    async def open_one(**more: Any) -> Chat:
        settings = Settings(mongodb_uri=mongo.uri, mongodb_database=database_name, **more)
        opened.append(await Chat(settings, f"node {len(opened)}").open())
        return opened[-1]

    yield open_one
    for chat in opened:
        io_loop.run_sync(chat.close)


@pytest.fixture
def chat(chats: Any, io_loop: IOLoop) -> Chat:
    made: Chat = io_loop.run_sync(chats)
    return made
