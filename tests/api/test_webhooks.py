"""The application is told of what happens: by signed POST, or by asking for it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.certificates import Authority
from tests.support.client import Answer, Client, unique
from tests.support.host import SECRET, by_host, claims_of_host, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.receiver import Receiver, Told
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

MESSAGES = ["message.created", "message.updated", "message.deleted"]


@pytest.fixture(scope="module")
def telling(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("told"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_REGISTRATION": "open",
        "CHATSERVER_OUTBOUND_ALLOW": "127.0.0.0/8",
        "CHATSERVER_PUBLIC_URL": "https://chat.example.org",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def chat(telling: ServerProcess, io_loop: Any) -> Iterator[Client]:
    """Without a webhook of another test."""
    made = Client([telling.base], check=contract.check)

    async def clear() -> None:
        for one in (await call(made, "GET", ""))["results"]:
            assert (await call(made, "DELETE", f"{one['id']}/")).status == 200

    yield made
    io_loop.run_sync(clear)
    made.close()


@pytest.fixture
def receiver(io_loop: Any) -> Iterator[Receiver]:
    made = Receiver(free_ports(1)[0])
    yield made
    io_loop.run_sync(made.close)


async def call(client: Client, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return await by_host(client, claims_of_host("webhooks"), method, f"webhooks/{path}", body, **more)


async def webhook(client: Client, receiver: Receiver | None, *events: str, **more: Any) -> Answer:
    where = {"url": receiver.url} if receiver else {"kind": "pull"}
    answer = await call(client, "POST", "", {**where, "events": events or MESSAGES, **more})
    assert answer.status == 201, answer
    return answer


async def delivery(client: Client, webhook_id: int, event_id: str) -> dict[str, Any]:
    answer = await call(client, "GET", f"{webhook_id}/deliveries/", query={"id": event_id})
    assert answer.status == 200, answer
    (found,) = answer["results"]
    return dict(found)


async def tried(client: Client, webhook_id: int, message_id: int) -> Any:
    """What it says of a new message, once there was a try to tell of it."""

    async def once_tried() -> Any:
        found = await delivery(client, webhook_id, f"m_{message_id}_0")
        return found if found["tries"] else None

    return await eventually(once_tried)


@pytest.mark.gen_test
async def test_a_message_its_change_and_its_end_are_told_as_members_see_them_and_signed(
    chat: Client, receiver: Receiver
) -> None:
    made = await webhook(chat, receiver)
    sub = unique("sub")
    ann = device(chat, await sign_in(chat, signed(sub=sub)))
    (bob,) = await chat.people("bob")
    sent = await ann.sent(bob, "hello", client_id="mine")
    await receiver.until(1)
    changed = await chat.call(
        "PATCH", f"chats/message/{sent['id']}/", token=ann.token, json_body={"message": "hallo"}
    )
    assert changed.status == 200, changed
    await receiver.until(2)
    gone = await chat.call("DELETE", f"chats/message/{sent['id']}/", token=ann.token)
    assert gone.status == 200, gone
    created, updated, deleted = await receiver.until(3)
    assert [t.type for t in (created, updated, deleted)] == MESSAGES
    assert created.id == f"m_{sent['id']}_0" and updated.id == f"m_{sent['id']}_1"
    assert all(told.verifies(made["secret"]) for told in receiver.taken)
    assert not created.verifies("whsec_" + "A" * 43 + "=")
    told = created.data
    for name in (
        "id",
        "seq",
        "conversation_id",
        "sender_id",
        "receiver_id",
        "message",
        "client_id",
        "created_at",
    ):
        assert told[name] == sent[name], name
    assert (told["sender_sub"], told["receiver_sub"], told["external_id"], told["rev"]) == (
        sub,
        None,
        None,
        0,
    )
    assert (updated.text, updated.data["rev"]) == ("hallo", 1)
    assert (deleted.text, deleted.data["is_active"]) == ("", False)


@pytest.mark.gen_test
async def test_the_messages_of_many_conversations_come_in_order_within_each(
    chat: Client, receiver: Receiver
) -> None:
    await webhook(chat, receiver, "message.created")

    async def slowly(told: Told) -> int:
        await asyncio.sleep(0.02)
        return 200

    receiver.answer = slowly
    people = await chat.people(*["p"] * 6)
    pairs = [(people[n], people[n + 1]) for n in range(5)]
    for n in range(12):
        await asyncio.gather(
            *(a.sent(b, f"{n}") for a, b in pairs), *(b.sent(a, f"back {n}") for a, b in pairs)
        )
    told = await receiver.until(120)
    by_conversation: dict[int, list[int]] = {}
    for one in told:
        by_conversation.setdefault(one.data["conversation_id"], []).append(one.data["seq"])
    assert list(by_conversation.values()) == [list(range(1, 25))] * 5
    assert len({one.id for one in receiver.came}) == 120 == len(receiver.came)
    assert 1 < receiver.most_at_once <= 8


@pytest.mark.gen_test
async def test_what_happened_before_is_not_told_and_ids_alone_hold_no_content(
    chat: Client, receiver: Receiver
) -> None:
    ann, bob = await chat.people("ann", "bob")
    await ann.sent(bob, "before")
    await webhook(chat, receiver, detail="ids")
    await ann.sent(bob, "after")
    (told,) = await receiver.until(1)
    assert told.data["seq"] == 2 and set(told.data) == {
        "id", "conversation_id", "external_id", "seq", "rev", "sender_id", "sender_sub",
    }  # fmt: skip
    assert b"after" not in told.raw


@pytest.mark.gen_test
async def test_people_sessions_and_conversations_are_told_of(chat: Client, receiver: Receiver) -> None:
    await webhook(
        chat,
        receiver,
        "user.created",
        "user.updated",
        "user.erased",
        "session.created",
        "conversation.created",
    )
    sub = unique("sub")
    ann = device(chat, await sign_in(chat, signed(sub=sub, name="Ann")))
    (bob,) = await chat.people("bob")
    await bob.sent(ann, "hello")
    renamed = await chat.call("PATCH", "users/me/", token=bob.token, json_body={"full_name": "Bobby"})
    assert renamed.status == 200, renamed
    (begun,) = await receiver.until(1, "conversation.created")
    assert begun.data["kind"] == "direct"
    members = sorted(begun.data["members"], key=lambda one: one["user_id"])
    assert members == [{"user_id": ann.id, "sub": sub}, {"user_id": bob.id, "sub": None}]
    (updated,) = await receiver.until(1, "user.updated")
    assert updated.data["user"]["full_name"] == "Bobby"
    gone = await chat.call("DELETE", "users/me/", token=ann.token, json_body={})
    assert gone.status == 200, gone
    (erased,) = await receiver.until(1, "user.erased")
    assert (erased.data["user_id"], erased.data["sub"]) == (ann.id, sub)
    created = {told.data["user_id"]: told.data["sub"] for told in await receiver.until(2, "user.created")}
    assert created == {ann.id: sub, bob.id: None}
    sessions = await receiver.until(2, "session.created")
    assert {told.data["user_id"] for told in sessions} == {ann.id, bob.id}
    assert all(set(told.data) == {"user_id", "sub", "session_id", "user"} for told in sessions)


@pytest.mark.gen_test
async def test_a_group_and_who_is_in_it_are_told_of(chat: Client, receiver: Receiver) -> None:
    await webhook(chat, receiver, *(f"conversation.{what}" for what in ("created", "updated", "deleted")), *(
        f"member.{what}" for what in ("added", "removed", "updated")
    ))  # fmt: skip
    ann, bob, cleo = await chat.people("ann", "bob", "cleo")
    body = {"preset": "group", "name": "Class 5b", "member_ids": [bob.id], "client_id": unique("key")}
    group = await ann.post("conversations/", body)
    assert group.status == 201, group
    (begun,) = await receiver.until(1, "conversation.created")
    assert (begun.data["conversation_id"], begun.data["name"], begun.data["kind"]) == (
        group["id"],
        "Class 5b",
        "group",
    )
    path = f"conversations/{group['id']}/"
    for method, where, content in (
        ("PUT", f"members/{cleo.id}/", {}),
        ("PATCH", "", {"name": "Class 5c"}),
        ("DELETE", f"members/{cleo.id}/", None),
        ("DELETE", "", None),
    ):
        answer = await chat.call(method, path + where, token=ann.token, json_body=content)
        assert answer.status in (200, 201, 204), answer

    def told() -> list[Told]:
        return [one for one in receiver.taken if one.data["conversation_id"] == group["id"]]

    await receiver.until(1, "member.removed")
    await receiver.until(1, "conversation.deleted")
    assert [one.data["user_id"] for one in told() if one.type == "member.added"][-1] == cleo.id
    assert [one.data["user_id"] for one in told() if one.type == "member.removed"] == [cleo.id]
    assert "Class 5c" in [one.data["name"] for one in told() if one.type.startswith("conversation.")]


@pytest.mark.gen_test
async def test_how_far_somebody_has_read_is_told_once_a_move_behind_what_was_read(
    chat: Client, receiver: Receiver
) -> None:
    await webhook(chat, receiver, "message.created", "message.read")
    sub = unique("sub")
    ann = device(chat, await sign_in(chat, signed(sub=sub)))
    (bob,) = await chat.people("bob")
    first, second, third = [await bob.sent(ann, f"{n}") for n in range(3)]
    c = first["conversation_id"]
    for body in ({"message_ids": [second["id"]]}, {"message_ids": [first["id"]]}):
        assert (await ann.post("chats/mark-read/", body)).status == 200
    read = {"message_id": third["id"], "private": True}
    assert (await ann.post(f"conversations/{c}/read/", read)).status == 200
    await bob.sent(ann, "last")
    await receiver.until(4, "message.created")
    await receiver.until(1, "message.read")
    told = [(one.type, one.data.get("seq") or one.data["read_seq"]) for one in receiver.taken]
    assert told.index(("message.created", 2)) < told.index(("message.read", 2))
    (moved,) = receiver.of("message.read")
    assert (moved.data["sub"], moved.data["user_id"], moved.data["conversation_id"]) == (sub, ann.id, c)
    assert moved.data["user"]["id"] == ann.id


@pytest.mark.gen_test
async def test_a_test_event_comes_and_its_delivery_says_what_was_answered(
    chat: Client, receiver: Receiver
) -> None:
    made = await webhook(chat, receiver, "user.erased")

    async def words(handler: Any) -> None:
        handler.set_status(200)
        handler.finish("thank you, kept as 17 " + "x" * 500)

    receiver.answer = lambda told: words
    asked = await call(chat, "POST", f"{made['id']}/test/")
    assert asked.status == 202, asked

    async def is_done() -> Any:
        found = await delivery(chat, made["id"], asked["id"])
        return found if found["state"] == "done" else None

    done = await eventually(is_done)
    (told,) = receiver.came
    assert (told.type, told.data, told.id) == ("webhook.test", {}, asked["id"])
    (tried,) = done["tries"]
    assert (
        tried["status"] == 200
        and tried["text"].startswith("thank you, kept as 17 ")
        and len(tried["text"]) == 256
    )


@pytest.mark.gen_test
async def test_webhooks_are_made_once_listed_changed_and_deleted(chat: Client, receiver: Receiver) -> None:
    body = {"url": receiver.url, "events": ["message.created"], "client_id": unique("key")}
    first = await call(chat, "POST", "", body)
    again = await call(chat, "POST", "", body)
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json and again.headers["Idempotency-Replayed"] == "true"
    other = await call(chat, "POST", "", {**body, "detail": "ids"})
    assert_problem(other, 422, "idempotency_conflict")
    id = first["id"]
    listed = (await call(chat, "GET", ""))["results"]
    assert listed == [{name: first[name] for name in first.json if name != "secret"}]
    changed = await call(chat, "PATCH", f"{id}/", {"events": MESSAGES, "order": True})
    assert (changed["events"], changed["order"], changed["url"]) == (MESSAGES, True, receiver.url)
    off = await call(chat, "PATCH", f"{id}/", {"state": "disabled"})
    assert (off["state"], off["reason"]) == ("disabled", "host")
    assert_problem(await call(chat, "POST", f"{id}/test/"), 400, "validation_error")
    ann, bob = await chat.people("ann", "bob")
    await ann.sent(bob, "while it is off")
    on = await call(chat, "PATCH", f"{id}/", {"state": "active"})
    assert (on["state"], on["reason"]) == ("active", None)
    await ann.sent(bob, "on again")
    assert [told.text for told in await receiver.until(1)] == ["on again"]
    assert [(await call(chat, "DELETE", f"{id}/")).status for _ in range(2)] == [200, 200], "repeated"
    for method, path in (("GET", ""), ("POST", "test/"), ("GET", "deliveries/")):
        assert_problem(await call(chat, method, f"{id}/{path}"), 404, "not_found")


@pytest.mark.gen_test
async def test_what_cannot_be_a_webhook_is_refused_by_name(chat: Client) -> None:
    good = {"url": "https://hooks.example.org/x", "events": ["message.created"]}
    for bad, field in (
        ({**good, "events": []}, "events"),
        ({**good, "events": ["message.everything"]}, "events"),
        ({**good, "url": "ftp://example.org"}, "url"),
        ({**good, "url": "https://user:secret@example.org/"}, "url"),
        ({**good, "url": "https://example.org/#part"}, "url"),
        ({**good, "url": "https:///x"}, "url"),
        ({**good, "url": "https://exa mple.org/"}, "url"),
        ({**good, "url": "https://example.org/" + "x" * 1100}, "url"),
        ({**good, "url": "https://10.0.0.1/x"}, "url"),
        ({**good, "url": "https://169.254.169.254/latest/"}, "url"),
        ({**good, "url": "https://[::ffff:10.0.0.1]/x"}, "url"),
        ({**good, "url": "http://192.0.2.1/x"}, "url"),
        ({**good, "kind": "pull"}, "url"),
        ({"events": ["message.created"]}, "url"),
        ({**good, "kind": "shove"}, "kind"),
        ({**good, "detail": "all"}, "detail"),
    ):
        assert_problem(await call(chat, "POST", "", bad), 400, "validation_error", field)
    (ann,) = await chat.people("ann")
    assert_problem(await chat.call("GET", "host/webhooks/", token=ann.token), 401, "token_invalid")
    for token in (claims_of_host("users:read"), claims_of_host("notifications keys")):
        assert_problem(await by_host(chat, token, "GET", "webhooks/"), 403, "forbidden")
    made = await call(chat, "POST", "", good)
    assert made.status == 201, "although its name leads nowhere yet"
    assert_problem(
        await call(chat, "PATCH", f"{made['id']}/", {"url": "https://10.0.0.1/x"}),
        400,
        "validation_error",
        "url",
    )
    for _ in range(19):
        assert (await call(chat, "POST", "", good)).status == 201
    problem = assert_problem(await call(chat, "POST", "", good), 409, "limit_reached")
    assert problem["limit"] == "webhooks"


@pytest.mark.gen_test
async def test_13_a_410_disables_and_the_others_are_told_of_it(chat: Client, receiver: Receiver) -> None:
    made = await webhook(chat, receiver, "message.created")
    watching = await webhook(chat, None, "endpoint.disabled")
    receiver.answer = lambda told: 410
    ann, bob = await chat.people("ann", "bob")
    await ann.sent(bob, "are you there?")

    async def is_disabled() -> Any:
        found = await call(chat, "GET", f"{made['id']}/")
        return found if found["state"] == "disabled" else None

    assert (await eventually(is_disabled))["reason"] == "gone"
    (told,) = (await call(chat, "GET", f"{watching['id']}/events/", query={"wait": 20}))["results"]
    assert (told["type"], told["data"]) == ("endpoint.disabled", {"webhook_id": made["id"]})
    assert len(receiver.came) == 1


@pytest.mark.gen_test
async def test_the_end_of_a_job_is_told(chat: Client) -> None:
    watching = await webhook(chat, None, "job.finished")
    key = claims_of_host("import export")
    exported = await by_host(chat, key, "POST", "jobs/", {"kind": "export"})
    dropped = await by_host(chat, key, "POST", "jobs/", {"kind": "import"})
    assert (await by_host(chat, key, "DELETE", f"jobs/{dropped['id']}/")).status == 200

    async def told() -> Any:
        answer = await call(chat, "GET", f"{watching['id']}/events/", query={"wait": 20})
        found.update((one["data"]["job_id"], one["data"]) for one in answer["results"])
        await call(chat, "POST", f"{watching['id']}/ack/", {"ids": [one["id"] for one in answer["results"]]})
        return len(found) == 2

    found: dict[int, Any] = {}
    await eventually(told)
    assert found == {
        exported["id"]: {"job_id": exported["id"], "kind": "export", "state": "done"},
        dropped["id"]: {"job_id": dropped["id"], "kind": "import", "state": "cancelled"},
    }


@pytest.mark.gen_test
async def test_13_a_429_is_left_alone_for_as_long_as_it_says(chat: Client, receiver: Receiver) -> None:
    made = await webhook(chat, receiver, "message.created")

    async def busy(handler: Any) -> None:
        handler.set_status(429)
        handler.set_header("Retry-After", "600")
        handler.finish()

    receiver.answer = lambda told: busy
    ann, bob = await chat.people("ann", "bob")
    await ann.sent(bob, "hello")

    async def is_waiting() -> Any:
        return (await call(chat, "GET", f"{made['id']}/"))["retry_at"]

    assert (await eventually(is_waiting)) > (await call(chat, "GET", f"{made['id']}/"))["failing_since"]
    assert len(receiver.came) == 1
    receiver.answer = lambda told: 200
    changed = await call(chat, "PATCH", f"{made['id']}/", {"url": receiver.url})
    assert changed["retry_at"] is None, "whoever changes it may have mended it"
    assert [told.text for told in await receiver.until(1)] == ["hello"]


@pytest.mark.gen_test
@pytest.mark.parametrize("odd", ["redirect", "huge", "trickle", "reset", "no HTTP"])
async def test_13_an_odd_answer_is_what_its_status_says_and_no_redirect_is_followed(
    chat: Client, receiver: Receiver, odd: str
) -> None:
    made = await webhook(chat, receiver, "message.created")
    ended = asyncio.Event()

    async def answer(handler: Any) -> None:
        if odd == "redirect":
            handler.redirect("/elsewhere", status=307)
        elif odd == "huge":
            handler.finish("x" * 3_000_000)
        elif odd == "trickle":
            handler.set_header("Content-Length", "1000")
            while not ended.is_set() and not handler.request.connection.stream.closed():
                handler.write("x")
                await handler.flush()
                await asyncio.sleep(0.2)
        else:
            stream = handler.detach()
            if odd == "no HTTP":
                await stream.write(b"SSH-2.0-OpenSSH\r\n\r\n")
            stream.close()

    receiver.answer = lambda told: answer
    ann, bob = await chat.people("ann", "bob")
    sent = await ann.sent(bob, "hello")

    found = await tried(chat, made["id"], sent["id"])
    ended.set()
    (first,) = found["tries"]
    expected = {
        "redirect": ("waiting", 307, None),
        "huge": ("done", 200, None),
        "trickle": ("done", 200, None),
        "reset": ("waiting", None, "connection"),
        "no HTTP": ("waiting", None, "connection"),
    }[odd]
    error = "connection" if first["error"] == "answer" else first["error"]
    assert (found["state"], first["status"], error) == expected, found
    assert receiver.redirected == 0


@pytest.mark.gen_test
async def test_13_nobody_is_told_behind_a_certificate_that_proves_nothing(
    chat: Client, tmp_path: Path
) -> None:
    certificate, key, _ = Authority(tmp_path).issue("somebody", "127.0.0.1")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    receiver = Receiver(free_ports(1)[0], tls)
    made = await webhook(chat, receiver, "message.created")
    ann, bob = await chat.people("ann", "bob")
    sent = await ann.sent(bob, "for the right one alone")

    found = await tried(chat, made["id"], sent["id"])
    await receiver.close()
    assert (found["state"], found["tries"][0]["status"], found["tries"][0]["error"]) == (
        "waiting",
        None,
        "certificate",
    )
    assert receiver.came == []


@pytest.mark.gen_test
async def test_16_during_a_rotation_the_old_key_and_the_new_one_both_verify(
    chat: Client, receiver: Receiver
) -> None:
    made = await webhook(chat, receiver, "message.created")
    rotated = await call(chat, "POST", f"{made['id']}/secret/rotate/", {"overlap_secs": 600})
    assert rotated["secret"] != made["secret"]
    ann, bob = await chat.people("ann", "bob")
    await ann.sent(bob, "both")
    (told,) = await receiver.until(1)
    assert told.verifies(made["secret"]) and told.verifies(rotated["secret"])
    last = await call(chat, "POST", f"{made['id']}/secret/rotate/", {"overlap_secs": 0})
    await ann.sent(bob, "the new one alone")
    _, told = await receiver.until(2)
    assert (
        told.verifies(last["secret"])
        and not told.verifies(rotated["secret"])
        and not told.verifies(made["secret"])
    )


@pytest.mark.gen_test
async def test_19_what_is_deleted_before_it_is_told_leaves_no_text(chat: Client, receiver: Receiver) -> None:
    await webhook(chat, receiver)
    receiver.answer = lambda told: 503
    ann, bob = await chat.people("ann", "bob")
    sent = await ann.sent(bob, "a first one, which fails")
    await eventually(lambda: receiver.came)
    later = await ann.sent(bob, "never to be told")
    assert (await chat.call("DELETE", f"chats/message/{later['id']}/", token=ann.token)).status == 200
    assert (await chat.call("DELETE", f"chats/message/{sent['id']}/", token=ann.token)).status == 200
    first = len(receiver.came)
    receiver.answer = lambda told: 200
    told = await receiver.until(4)
    assert not any(b"never to be told" in one.raw for one in receiver.came)
    assert not any(b"which fails" in one.raw for one in receiver.came[first:])
    assert [one.type for one in told].count("message.created") == 2
    assert [one.type for one in told].count("message.deleted") == 2


@pytest.mark.gen_test
async def test_20_events_asked_for_come_again_until_they_are_acknowledged(
    chat: Client, telling: ServerProcess
) -> None:
    made = await webhook(chat, None, "message.created")
    assert made["secret"] is None
    ann, bob = await chat.people("ann", "bob")
    path = f"{made['id']}/events/"
    held = asyncio.ensure_future(call(chat, "GET", path, query={"wait": 30}))
    await ann.sent(bob, "one")
    (one,) = (await held)["results"]
    assert (one["type"], one["data"]["message"]) == ("message.created", "one")
    await ann.sent(bob, "two")
    nothing = await call(chat, "GET", path, query={"wait": 0.5})
    assert nothing["results"] == [], "the one before it is not acknowledged yet"
    ack = await call(chat, "POST", f"{made['id']}/ack/", {"ids": [one["id"], "m_1_0", one["id"]]})
    assert ack["count"] == 1
    (two,) = (await call(chat, "GET", path, query={"wait": 20}))["results"]
    assert two["data"]["message"] == "two"
    found = await delivery(chat, made["id"], one["id"])
    assert found["state"] == "done"
    assert_problem(await call(chat, "POST", f"{made['id']}/secret/rotate/", {}), 400, "validation_error")


@pytest.mark.gen_test
async def test_what_was_taken_is_told_again_when_asked_for(chat: Client, receiver: Receiver) -> None:
    made = await webhook(chat, receiver, "message.created")
    since = chat_time()
    ann, bob = await chat.people("ann", "bob")
    for n in range(5):
        await ann.sent(bob, f"{n}")
    await receiver.until(5)

    async def all_done() -> bool:
        return (
            len((await call(chat, "GET", f"{made['id']}/deliveries/", query={"state": "done"}))["results"])
            == 5
        )

    await eventually(all_done)
    again = await call(chat, "POST", f"{made['id']}/replay/", {"since": since, "until": chat_time(60)})
    assert (again.status, again["count"], again["next_since"]) == (202, 5, None)
    told = await receiver.until(10)
    assert [one.text for one in told] == ["0", "1", "2", "3", "4"] * 2
    assert [one.id for one in told[:5]] == [one.id for one in told[5:]]
    assert_problem(
        await call(chat, "POST", f"{made['id']}/replay/", {"since": "yesterday", "until": since}),
        400,
        "validation_error",
        "since",
    )


def chat_time(ahead: float = -60) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead))
