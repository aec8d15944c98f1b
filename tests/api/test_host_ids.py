"""People by the id that the application around the chat has of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support.client import Client, Device, unique
from tests.support.host import device, sign_in, signed
from tests.support.waiting import together


async def of_host(client: Client, sub: str, **claims: Any) -> Device:
    return device(client, await sign_in(client, signed(sub=sub, **claims)))


@pytest.mark.gen_test
async def test_a_message_and_typing_go_to_whom_the_host_calls_so(shop: Client) -> None:
    sub = unique("sub")
    ann, (bob,) = await of_host(shop, sub), await shop.people("bob")
    await ann.here()
    sent = await bob.post("chats/", {"receiver_sub": sub, "message": "hello", "client_id": unique("id")})
    assert sent.status == 201 and sent["receiver_id"] == ann.id
    assert [m["message"] for m in (await ann.next(wait=5)).of("message")] == ["hello"]
    assert (await bob.post("chats/typing/", {"receiver_sub": sub, "is_typing": True})).status == 200
    (typing,) = await ann.until(1, "typing")
    assert typing["sender_id"] == bob.id


@pytest.mark.gen_test
async def test_a_receiver_is_named_once_and_one_that_the_host_never_named_is_nobody(shop: Client) -> None:
    sub = unique("sub")
    ann, (bob,) = await of_host(shop, sub), await shop.people("bob")
    for path, body in (("chats/", {"message": "hello"}), ("chats/typing/", {"is_typing": True})):
        for other in ("receiver_id", "receiver"):
            both = await bob.post(path, {"receiver_sub": sub, other: ann.id, **body})
            assert_problem(both, 400, "validation_error", "receiver_sub")
        nobody = await bob.post(path, {"receiver_sub": unique("sub"), **body})
        assert_problem(nobody, 404, "not_found")
        assert_problem(
            await bob.post(path, {"receiver_sub": "", **body}), 400, "validation_error", "receiver_sub"
        )
        assert_problem(await bob.post(path, body), 400, "validation_error", "receiver_id")


@pytest.mark.gen_test
async def test_people_are_found_by_sub_and_say_it_where_the_host_made_them(shop: Client) -> None:
    sub = unique("sub/ü")
    ann, (bob,) = await of_host(shop, sub, name="Ann Arden"), await shop.people("bob")
    await ann.poll(wait=0)
    person = {**ann.user, "is_online": True, "sub": sub}
    assert (await bob.get("users/", query={"sub": sub}))["users"] == [person]
    assert (await bob.get("users/", query={"sub": sub + "x"}))["users"] == []
    (found,) = (await ann.get("users/", query={"search": bob.username}))["users"]
    assert found == {**bob.user, "is_online": False, "sub": None}
    two = await bob.get("users/", query={"sub": sub, "search": "x"})
    assert_problem(two, 400, "validation_error", "sub")


@pytest.mark.gen_test
async def test_somebody_is_found_by_their_exact_name_however_many_are_called_like_that(
    shop: Client,
) -> None:
    name = unique("support")
    await together(*(shop.register(f"{name}.{n}", full_name=name) for n in range(21)))
    real = (await shop.register(name))["user"]
    (ann,) = await shop.people("ann")
    guest = device(shop, await shop.call("POST", "auth/guest/", json_body={}))
    for asking in (ann, guest):
        for spelled in (name, name.upper(), f"@{name}"):
            answer = await asking.get("users/", query={"username": spelled})
            assert [user["id"] for user in answer["users"]] == [real["id"]]
        assert (await asking.get("users/", query={"username": name[:-1]}))["users"] == []
