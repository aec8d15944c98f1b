"""Somebody is erased: no word of theirs stays, and what others wrote does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import begin, said, texts
from tests.support.client import Answer, Client, unique
from tests.support.host import by_host, claims_of_host, device, sign_in, signed
from tests.support.waiting import eventually

KEY = claims_of_host("users:write users:read erase")


@pytest.mark.gen_test
async def test_8_all_that_somebody_wrote_becomes_tombstones(shop: Client) -> None:
    sub, word = unique("sub"), unique("secret")
    await by_host(shop, KEY, "PUT", f"users/{sub}/", {"name": f"Name {word}"})
    ann = device(shop, await sign_in(shop, signed(sub=sub)))
    (bob,) = await shop.people("bob")
    group = await begin(ann, bob)
    for n in range(3):
        await said(ann, group, f"{word} {n}")
        await bob.sent(ann, f"answer {n}")
        await ann.sent(bob, f"{word} {n}", client_id=unique("key"))
    await said(bob, group, "mine stays")
    missing = claims_of_host("users:write")
    assert_problem(
        await by_host(shop, missing, "DELETE", f"users/{sub}/", query={"messages": "erase"}), 403, "forbidden"
    )
    begun = await by_host(shop, KEY, "DELETE", f"users/{sub}/", query={"messages": "erase"})
    assert (begun.status, begun["kind"]) == (202, "erase")
    again = await by_host(shop, KEY, "DELETE", f"users/{sub}/", query={"messages": "erase"})
    assert (again.status, again["id"]) == (202, begun["id"])
    assert (await ann.get("users/me/")).status == 401

    async def done() -> Answer | None:
        answer = await by_host(shop, KEY, "GET", f"jobs/{begun['id']}/")
        return answer if answer["state"] == "done" else None

    assert (await eventually(done))["done"] == 6
    assert await texts(bob, group) == ["", "", "", "mine stays"]
    direct: Any = await bob.history(ann)
    assert [m["message"] for m in reversed(direct["messages"])] == [
        "answer 0",
        "",
        "answer 1",
        "",
        "answer 2",
        "",
    ]
    assert direct["other_user"]["full_name"] == "Deleted user"
    found = await bob.get("chats/search/", query={"q": word})
    assert found["messages"] == []
    owner = (await bob.get(f"conversations/{group['id']}/"))["owner_id"]
    assert owner == bob.id
    nobody = await by_host(shop, KEY, "DELETE", f"users/{unique('x')}/", query={"messages": "erase"})
    assert_problem(nobody, 404, "not_found")


@pytest.mark.gen_test
async def test_how_long_messages_are_kept_is_said_by_the_host(shop: Client) -> None:
    key = claims_of_host("conversations:write")
    ann, bob = await shop.people("ann", "bob")
    group = await begin(ann, bob)
    said = {"conversation_id": group["id"], "days": 30, "hold": True}
    assert (await by_host(shop, key, "PUT", "retention/", said)).json == said
    back = {"conversation_id": group["id"], "days": None, "hold": False}
    assert (await by_host(shop, key, "PUT", "retention/", {"conversation_id": group["id"]})).json == back
    assert_problem(
        await by_host(shop, key, "PUT", "retention/", {}), 400, "validation_error", "conversation_id"
    )
    strange = await by_host(shop, key, "PUT", "retention/", {"external_id": unique("x"), "days": 1})
    assert_problem(strange, 404, "not_found")
