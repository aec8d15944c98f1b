"""Who may see whom, and who may write to whom first, as `directory`, `contact` and the host's `may_contact` say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.client import Answer, Client, Device, unique
from tests.support.host import SECRET, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess

NOBODY = 999_999_999


@contextmanager
def server_with(mongo: MongoNode, **settings: str) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("policy"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_REGISTRATION": "open",
    }
    env |= {f"CHATSERVER_{name.upper()}": value for name, value in settings.items()}
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture(scope="module")
def by_host(mongo: MongoNode) -> Iterator[ServerProcess]:
    with server_with(mongo, directory="shared", contact="host") as made:
        yield made


@pytest.fixture(scope="module")
def by_sharing(mongo: MongoNode) -> Iterator[ServerProcess]:
    with server_with(mongo, directory="off", contact="shared") as made:
        yield made


@pytest.fixture
def school(by_host: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([by_host.base], check=contract.check)
    yield made
    made.close()


@pytest.fixture
def closed(by_sharing: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([by_sharing.base], check=contract.check)
    yield made
    made.close()


async def person(client: Client, **claims: Any) -> Device:
    return device(
        client, await sign_in(client, signed(**{"sub": unique("sub"), "name": "Somebody", **claims}))
    )


async def found(asking: Device, **query: str) -> list[int]:
    answer = await asking.get("users/", query=query)
    assert answer.status == 200, answer
    return [user["id"] for user in answer["users"]]


def told(answer: Answer) -> tuple[int, dict[str, Any]]:
    return answer.status, {**answer.json, "request_id": None}


def strangers_calls(device: Device, id: int) -> list[Any]:
    """Every call that names a person."""
    return [
        device.send(id, "hello"),
        device.post("chats/typing/", {"receiver_id": id, "is_typing": True}),
        device.get(f"chats/conversation/{id}/"),
        device.get("chats/search/", query={"q": "hello", "user_id": id}),
        device.mark_read(sender_id=id),
        device.post("conversations/", {"preset": "direct", "member_ids": [id], "client_id": unique("id")}),
    ]


@pytest.mark.gen_test
async def test_only_whom_the_host_names_is_written_to_first_and_they_answer(school: Client) -> None:
    teacher = await person(school, name="Ms Teacher", role="teacher")
    friend_sub = unique("sub")
    friend = await person(school, sub=friend_sub, name="A Friend")
    pupil = await person(school, may_contact=["role:teacher", friend_sub])
    other = await person(school, name="Another Pupil")
    for receiver in (teacher, friend):
        assert (await pupil.get(f"chats/conversation/{receiver.id}/"))["other_user"]["full_name"]
        assert (await pupil.send(receiver, "hello")).status == 201
        assert (await receiver.send(pupil, "hello yourself")).status == 201
    assert_problem(await pupil.send(other, "hello"), 403, "contact_refused")
    assert_problem(await teacher.send(other, "hello"), 403, "contact_refused")
    assert_problem(
        await pupil.post("chats/", {"receiver_sub": unique("sub"), "message": "x"}), 403, "contact_refused"
    )
    everyone = await person(school, may_contact="everyone")
    assert (await everyone.send(other, "hello")).status == 201
    assert (await pupil.send(pupil, "a note to myself")).status == 201


@pytest.mark.gen_test
async def test_what_was_begun_goes_on_whatever_the_host_says_later(school: Client) -> None:
    sub, teacher = unique("sub"), await person(school, role="teacher")
    pupil = await person(school, sub=sub, may_contact=["role:teacher"])
    await pupil.sent(teacher, "hello")
    await sign_in(school, signed(sub=sub, may_contact=[]))
    assert (await pupil.send(teacher, "still here")).status == 201
    assert_problem(await pupil.send(await person(school, role="teacher"), "and you?"), 403, "contact_refused")


@pytest.mark.gen_test
async def test_whoever_may_not_be_known_is_as_nobody_to_every_call(school: Client, closed: Client) -> None:
    for client in (school, closed):
        eve, ann = await person(client), await person(client, name="Ann Arden")
        there = [told(await call) for call in strangers_calls(eve, ann.id)]
        not_there = [told(await call) for call in strangers_calls(eve, NOBODY)]
        assert there == not_there
        assert [status for status, _ in there] == [403, 404, 404, 404, 404, 403]
        assert "Ann" not in str(there)
        for query in ({"search": "Ann"}, {"search": ""}, {"username": ann.username}):
            assert ann.id not in await found(eve, **query)


@pytest.mark.gen_test
async def test_search_finds_whom_one_shares_a_conversation_with(school: Client) -> None:
    name = unique("Zoe")
    known, stranger = await person(school, name=name), await person(school, name=name)
    asking = await person(school, may_contact="everyone")
    await asking.sent(known, "hello")
    assert await found(asking, search=name) == [known.id]
    assert await found(known, search="Somebody") == [asking.id]
    assert await found(stranger, search=name) == [stranger.id]


@pytest.mark.gen_test
async def test_who_shares_a_group_may_write_and_others_may_neither_write_nor_be_added(
    closed: Client, by_sharing: ServerProcess
) -> None:
    ann, bob = await person(closed), await person(closed)
    body = {"preset": "group", "name": "us", "member_ids": [bob.id, NOBODY], "client_id": unique("id")}
    made = await ann.post("conversations/", body)
    assert made.status == 201, made
    refused = [(one["user_id"], one["code"]) for one in made["refused"]]
    assert sorted(refused) == sorted([(bob.id, "contact_refused"), (NOBODY, "contact_refused")])
    added = await closed.call(
        "PUT", f"conversations/{made['id']}/members/{bob.id}/", token=ann.token, json_body={}
    )
    nobody = await closed.call(
        "PUT", f"conversations/{made['id']}/members/{NOBODY}/", token=ann.token, json_body={}
    )
    assert told(added) == told(nobody)
    assert_problem(added, 403, "contact_refused")
    assert (await closed.call("GET", "server/"))["people"] == {"directory": "off", "contact": "shared"}


@pytest.mark.gen_test
async def test_no_guest_lists_people_by_asking_for_one_id_after_the_other(shop: Client) -> None:
    (ann,) = await shop.people("ann")
    await ann.poll(wait=0)
    guest = device(shop, await shop.call("POST", "auth/guest/", json_body={}))
    nameless = {"username": "", "full_name": "", "avatar": None, "is_online": False}
    for id in (ann.id, NOBODY):
        page = await guest.get(f"chats/conversation/{id}/")
        assert page["other_user"] == {"id": id, **nameless} and page["messages"] == []
        assert (await guest.post("chats/typing/", {"receiver_id": id, "is_typing": True})).status == 200
    assert await found(guest, username=ann.username) == [ann.id]
    await guest.sent(ann, "hello")
    assert (await guest.get(f"chats/conversation/{ann.id}/"))["other_user"]["username"] == ann.username
    assert (await ann.get(f"chats/conversation/{guest.id}/"))["other_user"]["full_name"]
