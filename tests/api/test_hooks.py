"""The application is asked before a message is sent and before somebody is contacted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.client import Answer, Client, Device, unique
from tests.support.host import SECRET, by_host, claims_of_host, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.receiver import Receiver, Told, saying
from tests.support.server import ServerProcess
from tests.support.waiting import eventually, in_time


@pytest.fixture(scope="module")
def asking(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("asks"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_REGISTRATION": "open",
        "CHATSERVER_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def chat(asking: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([asking.base], check=contract.check)

    async def clear() -> None:
        for one in (await call(made, "GET", "hooks/"))["results"]:
            assert (await call(made, "DELETE", f"hooks/{one['point']}/")).status == 200

    yield made
    io_loop.run_sync(clear)
    made.close()


@pytest.fixture
def receiver(io_loop: Any) -> Iterator[Receiver]:
    made = Receiver(free_ports(1)[0])
    yield made
    io_loop.run_sync(made.close)


async def call(client: Client, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return await by_host(client, claims_of_host("webhooks"), method, path, body, **more)


async def hook(client: Client, point: str, receiver: Receiver, **more: Any) -> Answer:
    answer = await call(client, "PUT", f"hooks/{point}/", {"url": receiver.url, **more})
    assert answer.status in (200, 201), answer
    return answer


async def talking(client: Client) -> tuple[Device, Device]:
    """Two who have a conversation already."""
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "before the hook")
    return ann, bob


@pytest.mark.gen_test
async def test_a_message_is_allowed_denied_or_replaced_by_what_the_application_says(
    chat: Client, receiver: Receiver
) -> None:
    sub = unique("sub")
    ann = device(chat, await sign_in(chat, signed(sub=sub)))
    (bob,) = await chat.people("bob")
    await ann.sent(bob, "before")
    await bob.here()
    made = await hook(chat, "pre_send", receiver)
    receiver.answer = lambda told: saying(decision="allow")
    sent = await ann.sent(bob, "hello", client_id="c1")
    (told,) = receiver.came
    assert told.type == "hook.pre_send" and told.verifies(made["secret"])
    data = {
        name: told.data[name] for name in ("sender_id", "sender_sub", "receiver_id", "message", "client_id")
    }
    assert data == {
        "sender_id": ann.id,
        "sender_sub": sub,
        "receiver_id": bob.id,
        "message": "hello",
        "client_id": "c1",
    }
    assert told.data["conversation_id"] == sent["conversation_id"]
    receiver.answer = lambda told: saying(
        decision="deny", code="no_numbers", reason="No phone numbers, please."
    )
    problem = assert_problem(await ann.send(bob, "0170 1234"), 403, "refused_by_host")
    assert (problem["detail"], problem["host_code"]) == ("No phone numbers, please.", "no_numbers")
    receiver.answer = lambda told: saying(decision="replace", text="****")
    assert (await ann.sent(bob, "damn"))["message"] == "****"
    assert [m["message"] for m in await bob.until(2)] == ["hello", "****"]


@pytest.mark.gen_test
async def test_18_a_repeat_of_a_replaced_message_gets_the_first_result_and_nobody_is_asked_again(
    chat: Client, receiver: Receiver
) -> None:
    ann, bob = await talking(chat)
    await hook(chat, "pre_send", receiver)
    numbers = itertools.count(1)
    receiver.answer = lambda told: saying(decision="replace", text=f"replaced {next(numbers)}")
    first = await ann.send(bob, "given", client_id="k")
    again = await ann.send(bob, "given", client_id="k")
    assert (first.status, again.status) == (201, 200) and again.headers["Idempotency-Replayed"] == "true"
    assert first["message"] == again["message"] == "replaced 1" and first["id"] == again["id"]
    assert len(receiver.came) == 1
    for other in ("replaced 1", "something else"):
        assert_problem(await ann.send(bob, other, client_id="k"), 422, "idempotency_conflict")
    at_once = await asyncio.gather(*(ann.send(bob, "many", client_id="m") for _ in range(6)))
    assert sorted(answer.status for answer in at_once) == [200] * 5 + [201]
    assert {answer["message"] for answer in at_once} == {"replaced 2"}
    await call(chat, "DELETE", "hooks/pre_send/")
    later = await ann.send(bob, "given", client_id="k")
    assert (later.status, later["message"]) == (200, "replaced 1"), "also when nobody is asked any more"


FAILURES = {
    "500": lambda told: 500,
    "400": lambda told: 400,
    "201": lambda told: saying(201, decision="deny"),
    "no decision": lambda told: saying(verdict="deny"),
    "an unknown one": lambda told: saying(decision="perhaps"),
    "replaced by nothing": lambda told: saying(decision="replace"),
    "no JSON": lambda told: 200,
    "too long": lambda told: saying(decision="deny", reason="x" * 200_000),
    "too late": lambda told: asyncio.sleep(60, 200),
}


@pytest.mark.gen_test
@pytest.mark.parametrize("failure", [*FAILURES, "gone"])
@pytest.mark.parametrize("on_failure", ["allow", "deny"])
async def test_17_each_failure_is_what_the_hook_says_it_is(
    chat: Client, receiver: Receiver, failure: str, on_failure: str
) -> None:
    ann, bob = await talking(chat)
    await hook(chat, "pre_send", receiver, on_failure=on_failure, timeout_secs=0.3)
    if failure == "gone":
        await receiver.close()
    else:
        receiver.answer = FAILURES[failure]
    answer = await ann.send(bob, "hello")
    if on_failure == "allow":
        assert answer.status == 201, answer
    else:
        assert_problem(answer, 403, "refused_by_host")
    assert len(receiver.came) == (failure != "gone"), "one attempt"


@pytest.mark.gen_test
async def test_17_a_dead_hook_is_left_alone_after_five_failures_and_asked_again_later(
    chat: Client, receiver: Receiver
) -> None:
    ann, bob = await talking(chat)
    await hook(chat, "pre_send", receiver, timeout_secs=0.2)
    receiver.answer = lambda told: asyncio.sleep(60, 200)
    for n in range(5):
        await ann.sent(bob, f"waited for {n}")
    await asyncio.gather(*(ann.sent(bob, f"at once {n}") for n in range(10)))
    assert len(receiver.came) == 5, "the ten were sent without asking"
    receiver.answer = lambda told: saying(decision="deny")

    async def is_asked_again() -> bool:
        return (await ann.send(bob, "again?")).status == 403

    await eventually(is_asked_again)


@pytest.mark.gen_test
async def test_what_one_person_sends_keeps_its_order_while_the_application_thinks(
    chat: Client, receiver: Receiver
) -> None:
    ann, bob = await talking(chat)
    await bob.here()
    await hook(chat, "pre_send", receiver)
    go_on = asyncio.Event()

    async def slow_at_first(told: Told) -> Any:
        if told.text == "first":
            await go_on.wait()
        return saying(decision="allow")

    receiver.answer = slow_at_first
    first = asyncio.ensure_future(ann.send(bob, "first"))
    await eventually(lambda: receiver.came)
    second = asyncio.ensure_future(ann.send(bob, "second"))
    assert (await in_time(bob.send(ann, "meanwhile"))).status == 201, "nobody else waits"
    assert not first.done() and not second.done()
    go_on.set()
    assert (await first).status == (await second).status == 201
    assert [m["message"] for m in await bob.until(2) if m["sender_id"] == ann.id][:2] == ["first", "second"]


@pytest.mark.gen_test
async def test_before_somebody_is_contacted_the_application_is_asked_once_and_a_failure_is_a_no(
    chat: Client, receiver: Receiver
) -> None:
    ann, bob = await chat.people("ann", "bob")
    made = await hook(chat, "pre_open", receiver)
    assert made["on_failure"] == "deny"
    receiver.answer = lambda told: 500
    assert_problem(await ann.send(bob, "hello"), 403, "refused_by_host")
    receiver.answer = lambda told: saying(decision="deny", reason="Pupils do not write to strangers.")
    problem = assert_problem(await ann.send(bob, "hello"), 403, "refused_by_host")
    assert problem["detail"] == "Pupils do not write to strangers."
    assert await ann.conversations() == [] == await bob.conversations()
    receiver.answer = lambda told: saying(decision="allow")
    asked = len(receiver.came)
    for answer in await asyncio.gather(*(ann.send(bob, f"{n}") for n in range(5))):
        assert answer.status == 201, answer
    assert (await bob.send(ann, "back")).status == 201
    assert len(receiver.came) == asked + 1
    data = receiver.came[-1].data
    assert (data["user_id"], data["other_id"], data["sub"]) == (ann.id, bob.id, None)


@pytest.mark.gen_test
async def test_what_was_allowed_for_some_time_is_not_asked_again_until_it_is_forgotten(
    chat: Client, receiver: Receiver
) -> None:
    sub = unique("sub")
    ann = device(chat, await sign_in(chat, signed(sub=sub)))
    (bob,) = await chat.people("bob")
    await ann.sent(bob, "before")
    await hook(chat, "pre_send", receiver)
    receiver.answer = lambda told: saying(decision="allow", cache_secs=300)
    for n in range(4):
        await ann.sent(bob, f"{n}")
    assert len(receiver.came) == 1
    await bob.sent(ann, "somebody else is asked about")
    assert len(receiver.came) == 2
    assert (await call(chat, "DELETE", "policies/", query={"sub": sub})).status == 200
    await ann.sent(bob, "asked anew")
    assert len(receiver.came) == 3
    assert_problem(await call(chat, "DELETE", "policies/", query={"sub": unique("nobody")}), 404, "not_found")


@pytest.mark.gen_test
async def test_a_hook_is_set_changed_listed_and_taken_away(chat: Client, receiver: Receiver) -> None:
    first = await call(chat, "PUT", "hooks/pre_send/", {"url": receiver.url})
    again = await call(
        chat, "PUT", "hooks/pre_send/", {"url": receiver.url, "on_failure": "deny", "timeout_secs": 3}
    )
    assert (first.status, again.status) == (201, 200)
    assert (first["on_failure"], first["timeout_secs"], first["secret"]) == ("allow", 1.5, again["secret"])
    listed = (await call(chat, "GET", "hooks/"))["results"]
    assert listed == [{"point": "pre_send", "url": receiver.url, "on_failure": "deny", "timeout_secs": 3}]
    assert (await call(chat, "DELETE", "hooks/pre_send/")).status == 200
    assert (await call(chat, "DELETE", "hooks/pre_send/")).status == 200, "repeated"
    anew = await call(chat, "PUT", "hooks/pre_send/", {"url": receiver.url})
    assert anew["secret"] != first["secret"], "a secret that leaked is worth nothing then"
    for bad, field in (
        ({}, "url"),
        ({"url": "nowhere"}, "url"),
        ({"url": "https://10.0.0.1/hook"}, "url"),
        ({"url": receiver.url, "timeout_secs": 9}, "timeout_secs"),
    ):
        assert_problem(await call(chat, "PUT", "hooks/pre_send/", bad), 400, "validation_error", field)
