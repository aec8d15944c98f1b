"""How an endpoint is told: through failures that last, past what it never takes, by one node at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import metrics
from chatserver.errors import Unavailable
from chatserver.model import Actor, Conversation, Webhook
from chatserver.sending.feed import Feed
from chatserver.services import pulls
from chatserver.tasks import endpoint as endpoints
from chatserver.tasks.pushing import Pushing
from tests.support.metrics import labelled, value
from tests.support.ports import free_ports
from tests.support.receiver import Receiver, Told
from tests.support.waiting import eventually
from tests.unit.conftest import SECRET, Chat

MINUTE, HOUR = 60.0, 3600.0


@pytest.fixture
def receiver(io_loop: Any) -> Iterator[Receiver]:
    made = Receiver(free_ports(1)[0])
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture
def pushing(io_loop: Any) -> Iterator[Any]:
    """Call it with a chat: that node tells the host from then on. `.stop()` ends it as a frozen node would be seen."""
    running: list[asyncio.Task[None]] = []

    def start(chat: Chat, node: str) -> Pushing:
        made = Pushing(
            chat.storage, chat.feed, chat.services.host_events, chat.way_out, SECRET, node, chat.clock
        )
        chat.feed.listen(made.wake)
        running.append(asyncio.ensure_future(made.run()))
        return made

    yield start

    async def stop() -> None:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    io_loop.run_sync(stop)


@pytest.fixture(autouse=True)
def alone(chat: Chat, io_loop: Any) -> Iterator[None]:
    """The endpoints of other tests are none of this one's."""

    async def clear() -> None:
        for one in await chat.storage.webhooks.all():
            await chat.storage.webhooks.delete(one.id)
        await chat.feed.refresh()

    io_loop.run_sync(clear)
    yield
    io_loop.run_sync(clear)


async def webhook(chat: Chat, receiver: Receiver, **more: Any) -> Webhook:
    made, _ = await chat.services.webhooks.create(
        "push", receiver.url, more.pop("events", ["message.created"]), "full", more.pop("order", False), None
    )
    return made


async def state(chat: Chat, made: Webhook) -> Webhook:
    found = await chat.storage.webhooks.one(made.id)
    assert found is not None
    return found


async def until_failing(chat: Chat, made: Webhook, failures: int) -> Webhook:
    async def fails() -> Webhook | None:
        found = await state(chat, made)
        return found if found.failures >= failures else None

    found: Webhook = await eventually(fails)
    return found


async def pass_pause(chat: Chat, made: Webhook) -> None:
    """Time passes until the endpoint is tried again, if it waits for that."""
    retry_at, now = (await state(chat, made)).retry_at, chat.clock.now()
    if retry_at is not None and retry_at > now:  # else it is being tried, and its deadline must not pass
        chat.clock.skip((retry_at - now).total_seconds() + 1)


async def until_tried(chat: Chat, made: Webhook, failures: int) -> None:
    """Time passes until the endpoint has failed so often."""

    async def fails() -> bool:
        if (await state(chat, made)).failures >= failures:
            return True
        await pass_pause(chat, made)
        return False

    await eventually(fails)


async def until_there(chat: Chat, made: Webhook, told: list[Told], count: int) -> None:
    """Time passes until so many are in this list of the receiver."""

    async def are_there() -> bool:
        await pass_pause(chat, made)
        return len(told) >= count

    await eventually(are_there)


async def two_pairs(chat: Chat) -> tuple[tuple[Actor, Conversation], tuple[Actor, Conversation]]:
    ann, _, with_bob = await chat.pair()
    cleo, _, with_dan = await chat.pair()
    return (ann, with_bob), (cleo, with_dan)


def order(taken: list[Told]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for told in taken:
        found.setdefault(told.data["conversation_id"], []).append(told.text)
    return found


@pytest.mark.gen_test
async def test_11_an_endpoint_that_is_down_for_an_hour_is_told_everything_in_order_afterwards(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    pushing(chat, "one")
    made = await webhook(chat, receiver)
    pairs = await two_pairs(chat)
    await receiver.close()
    for n in range(10):
        for actor, conversation in pairs:
            await chat.say(actor, conversation, f"{n}")
    await until_tried(chat, made, 4)
    assert (await state(chat, made)).failing_since is not None
    assert receiver.came == []
    receiver.open()
    await until_there(chat, made, receiver.came, 20)
    assert order(receiver.came) == {conversation.id: [f"{n}" for n in range(10)] for _, conversation in pairs}

    async def is_well() -> bool:
        return (await state(chat, made)).failing_since is None

    await eventually(is_well)


@pytest.mark.gen_test
async def test_12_one_that_is_never_taken_holds_up_nobody_and_is_given_up_after_three_days(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    pushing(chat, "one")
    made = await webhook(chat, receiver)
    (ann, with_bob), (cleo, with_dan) = await two_pairs(chat)
    receiver.answer = lambda told: 400 if told.text == "poison" else 200
    poison = await chat.say(ann, with_bob, "poison")
    await until_failing(chat, made, 1)
    await chat.say(ann, with_bob, "behind it")
    await chat.say(cleo, with_dan, "elsewhere")
    await until_there(chat, made, receiver.taken, 2)
    assert {told.text for told in receiver.taken} == {"behind it", "elsewhere"}
    begun = chat.clock.now()

    async def dead() -> Any:
        found = await chat.storage.tasks.one(made.key, f"m_{poison.id}_0")
        assert found is not None
        if found.state == "dead":
            return found
        assert found.is_poison
        if found.due_at > chat.clock.now():
            chat.clock.skip((found.due_at - chat.clock.now()).total_seconds() + 1)
        return None

    found = await eventually(dead)
    hours = (chat.clock.now() - begun).total_seconds() / HOUR
    assert found.attempts == 10 and 55 < hours < 95, hours
    await chat.say(ann, with_bob, "all goes on")
    await receiver.until(3)
    assert (await state(chat, made)).failures == 0


@pytest.mark.gen_test
async def test_12_one_that_comes_back_just_then_is_told_in_order(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    pushing(chat, "one")
    made = await webhook(chat, receiver)
    (ann, with_bob), (cleo, with_dan) = await two_pairs(chat)
    receiver.answer = lambda told: 200 if any(told.text == "elsewhere" for told in receiver.came) else 503
    await chat.say(ann, with_bob, "first")
    await until_failing(chat, made, 1)
    await chat.say(ann, with_bob, "behind it")
    await chat.say(cleo, with_dan, "elsewhere")
    await until_there(chat, made, receiver.taken, 3)
    assert order(receiver.taken)[with_bob.id] == ["first", "behind it"]


@pytest.mark.gen_test
async def test_12_an_endpoint_that_wants_order_above_all_is_told_nothing_past_it(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    pushing(chat, "one")
    made = await webhook(chat, receiver, order=True)
    (ann, with_bob), (cleo, with_dan) = await two_pairs(chat)
    receiver.answer = lambda told: 400 if told.text == "poison" else 200
    await chat.say(ann, with_bob, "poison")
    await until_failing(chat, made, 1)
    await chat.say(cleo, with_dan, "elsewhere")
    await until_tried(chat, made, 4)
    assert receiver.taken == [] and {told.text for told in receiver.came} == {"poison"}
    receiver.answer = lambda told: 200
    await pass_pause(chat, made)
    assert [told.text for told in await receiver.until(2)] == ["poison", "elsewhere"]


@pytest.mark.gen_test
async def test_an_endpoint_that_takes_nothing_for_five_days_is_disabled(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    pushing(chat, "one")
    made = await webhook(chat, receiver)
    watching, _ = await chat.services.webhooks.create(
        "pull", None, ["endpoint.disabled"], "full", False, None
    )
    receiver.answer = lambda told: 500
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "hello")
    await chat.say(ann, conversation, "somebody there?")

    async def is_disabled() -> bool:
        await pass_pause(chat, made)
        return (await state(chat, made)).state == "disabled"

    begun = chat.clock.now()
    await eventually(is_disabled, within=110)
    assert (await state(chat, made)).reason == "failing"
    assert 4.9 < (chat.clock.now() - begun).total_seconds() / (24 * HOUR) < 7
    (told,) = await chat.services.pulls.take(watching.id, 0.0, 10)
    assert told["data"] == {"webhook_id": made.id}


@pytest.mark.gen_test
async def test_15_a_node_that_froze_with_a_lease_costs_one_attempt_more_at_most(
    chats: Any, chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    other = await chats()
    frozen = asyncio.Event()

    async def freezes_once(told: Told) -> int:
        if len(receiver.came) == 1:
            await frozen.wait()
        return 200

    receiver.answer = freezes_once
    pushing(chat, "frozen")
    made = await webhook(chat, receiver)
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "first")
    await eventually(lambda: receiver.came)
    await chat.say(ann, conversation, "second")
    # Its attempt hangs; and by the time of the other node it has renewed nothing for long.
    other.clock.run_ahead(endpoints.LEASE_SECS + 1)
    await other.feed.refresh()
    pushing(other, "other")
    told = await receiver.until(2)
    assert [one.text for one in told] == ["first", "second"]
    frozen.set()
    await eventually(lambda: receiver.at_once == 0)
    assert [one.text for one in receiver.came] == ["first", "first", "second"]

    async def attempts() -> int:
        """Of the one that was taken, once that is written."""
        found = await chat.storage.tasks.one(made.key, told[0].id)
        return found.attempts if found is not None and found.state == "done" else 0

    assert await eventually(attempts) == 1


@pytest.mark.gen_test
async def test_what_could_not_be_told_while_the_database_was_away_is_told_before_what_came_after(
    chat: Chat, receiver: Receiver, pushing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushing(chat, "one")
    made = await webhook(chat, receiver)
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "first")
    await until_there(chat, made, receiver.taken, 1)
    chat.clock.skip(endpoints.LEASE_SECS + 1)  # nobody else can have a lease on anything by now
    monkeypatch.setattr(endpoints, "FRESH_SECS", -1.0)  # what is told is read once for all, and anew for each
    events, let_go, reads = chat.services.host_events, chat.storage.tasks.let_go, []
    bodies = events.bodies

    async def away_at_the_second(*asked: Any) -> Any:
        reads.append(asked)
        if len(reads) == 2:
            raise Unavailable("away")
        return await bodies(*asked)

    async def away_once(*_: Any) -> None:
        """Nor can it be said that nobody works at it."""
        monkeypatch.setattr(chat.storage.tasks, "let_go", let_go)
        raise Unavailable("away")

    monkeypatch.setattr(events, "bodies", away_at_the_second)
    monkeypatch.setattr(chat.storage.tasks, "let_go", away_once)
    await chat.say(ann, conversation, "second")
    await eventually(lambda: len(reads) >= 2)
    await chat.say(ann, conversation, "third")
    await until_there(chat, made, receiver.taken, 3)
    assert order(receiver.taken) == {conversation.id: ["first", "second", "third"]}


@pytest.mark.gen_test
async def test_20_what_was_asked_for_by_a_program_that_died_comes_again_after_its_lease(
    chat: Chat,
) -> None:
    made, _ = await chat.services.webhooks.create("pull", None, ["message.created"], "full", False, None)
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "one")
    await chat.say(ann, conversation, "two")

    async def given(wait_secs: float = 0.0) -> list[str]:
        return [one["data"]["message"] for one in await chat.services.pulls.take(made.id, wait_secs, 1)]

    assert await given(20.0) == ["one"]
    assert await given() == [], "the program may still be at it"
    chat.clock.skip(pulls.LEASE_SECS + 1)
    (again,) = await chat.services.pulls.take(made.id, 20.0, 1)
    assert again["data"]["message"] == "one"
    assert await chat.services.pulls.acknowledge(made.id, [again["id"]]) == 1
    assert await given(20.0) == ["two"]


@pytest.mark.gen_test
async def test_10_what_a_node_appended_and_died_is_told_before_what_came_after(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    pushing(chat, "one")
    await webhook(chat, receiver)
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "1")
    await receiver.until(1)
    chat.clock.run_ahead(10 * MINUTE)  # the endpoint is no longer new: what is told counts
    await chat.say(ann, conversation, "2")
    await receiver.until(2)
    await chat.append_only(ann, conversation, "3, whose node died")
    chat.services.writer.overtaken((await chat.storage.messages.page(conversation.id, 0, 10, 1))[0])
    await chat.say(ann, conversation, "4")
    told = await receiver.until(4)
    assert [one.text for one in told] == ["1", "2", "3, whose node died", "4"]
    await chat.append_only(ann, conversation, "5, and nobody spoke after it")
    await chat.sweeper().sweep()
    assert [one.text for one in await receiver.until(5)][-1] == "5, and nobody spoke after it"
    assert (await chat.storage.conversations.told([conversation.id])) == {conversation.id: 5}


@pytest.mark.gen_test
async def test_of_a_conversation_whose_messages_came_one_behind_the_other_nothing_is_looked_up_again(
    chat: Chat, receiver: Receiver, pushing: Any
) -> None:
    """Also while the endpoint is new: what is told of each message may not grow with how many there were before."""
    pushing(chat, "one")
    await webhook(chat, receiver)
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "1")
    await receiver.until(1)
    before = value(metrics.FEED_MADE_UP)
    for n in range(2, 5):
        await chat.say(ann, conversation, f"{n}")
        await receiver.until(n)
    assert value(metrics.FEED_MADE_UP) == before


@pytest.mark.gen_test
async def test_beyond_the_most_that_may_wait_the_oldest_are_given_up(chat: Chat, receiver: Receiver) -> None:
    made = await webhook(chat, receiver)
    ann, _, conversation = await chat.pair()
    for n in range(8):
        await chat.say(ann, conversation, f"{n}")
    await chat.feed.close()
    await Feed(chat.storage, chat.bus, chat.clock, most_waiting=5).bound()
    dead = await chat.storage.tasks.list(made.key, ["dead"], None, 10)
    waiting = await chat.storage.tasks.list(made.key, ["waiting"], None, 10)
    assert sorted(task.seq for task in dead) == [1, 2, 3] and len(waiting) == 5


@pytest.mark.gen_test
async def test_where_no_endpoint_is_a_send_makes_no_task_and_no_call_more(chat: Chat) -> None:
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "hello")
    await chat.feed.close()
    before = labelled(metrics.MONGODB_SECONDS, "operation")
    await chat.say(ann, conversation, "again")
    await chat.feed.close()
    after = labelled(metrics.MONGODB_SECONDS, "operation")
    calls = {
        name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)
    }
    assert calls == {"insert": 1}, "one script: the message and its inboxes"
