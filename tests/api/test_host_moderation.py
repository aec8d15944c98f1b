"""Whom the application keeps out of the chat, and what is noted of all that its servers do."""

from __future__ import annotations

import ast
import inspect
import textwrap
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.host_calls import HostHandler
from handlers.routes import API_ROUTES
from tests.api.conftest import assert_problem
from tests.api.test_host_conversations import here, pupils, put, subs_in
from tests.support.client import Client, unique
from tests.support.host import by_host, claims_of_host, device, sign_in, signed
from tests.support.waiting import held

# What changes nothing, or is a stream that has a record of its own.
NOT_AUDITED = {"NotificationsHandler.post", "AllUnreadHandler.post", "AcknowledgeHandler.post"}


async def audit(client: Client, key: str, **query: Any) -> list[dict[str, Any]]:
    found = await by_host(client, key, "GET", "audit/", query=query)
    assert found.status == 200, found
    return list(found["results"])


@pytest.mark.gen_test
async def test_who_is_banned_is_signed_out_and_kept_out_until_they_are_let_in(
    shop: Client, master: str
) -> None:
    (sub,) = await pupils(shop, master, 1)
    ann, (bob,) = await here(shop, sub), await shop.people("bob")
    poll = await held(ann.poll(cursor=(await ann.here()).cursor, wait=50))
    banned = await by_host(shop, master, "POST", f"users/{sub}/ban/", {"reason": "spam"})
    assert (banned.status, banned["sessions_ended"], banned["until"]) == (200, 1, None)
    assert (await poll).status == 401
    assert_problem(await sign_in(shop, signed(sub=sub)), 403, "forbidden")
    assert_problem(await bob.post("chats/", {"receiver_sub": sub, "message": "x"}), 403, "forbidden")
    for _ in range(2):
        assert (await by_host(shop, master, "DELETE", f"users/{sub}/ban/")).status == 200
    assert (await sign_in(shop, signed(sub=sub))).status == 200
    assert_problem(await by_host(shop, master, "POST", f"users/{unique('x')}/ban/", {}), 404, "not_found")
    wrong = await by_host(shop, master, "POST", f"users/{sub}/ban/", {"until": "tomorrow"})
    assert_problem(wrong, 400, "validation_error", "until")


@pytest.mark.gen_test
async def test_a_ban_that_is_over_ends_with_the_next_sign_in(shop: Client, master: str) -> None:
    (sub,) = await pupils(shop, master, 1)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await by_host(shop, master, "POST", f"users/{sub}/ban/", {"until": later})).status == 200
    assert_problem(await sign_in(shop, signed(sub=sub)), 403, "forbidden")
    assert_problem(await by_host(shop, master, "POST", f"users/{sub}/sessions/", {}), 403, "forbidden")
    over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert (await by_host(shop, master, "POST", f"users/{sub}/ban/", {"until": over})).status == 200
    ann = device(shop, await sign_in(shop, signed(sub=sub)))
    assert (await ann.get("users/me/")).status == 200
    assert (await by_host(shop, master, "GET", f"users/{sub}/"))["state"] == "active"


@pytest.mark.gen_test
async def test_a_ban_from_a_conversation_keeps_out_of_that_one_alone(shop: Client, master: str) -> None:
    (sub, other), (one, two) = await pupils(shop, master, 2), (unique("class"), unique("class"))
    for id in (one, two):
        await put(shop, master, id, {"members": [sub, other]})
    ann = await here(shop, sub)
    body = {"conversations": [one]}
    assert_problem(
        await by_host(shop, master, "POST", f"users/{sub}/ban/", {"conversations": [one, unique("x")]}),
        404,
        "not_found",
    )
    assert await subs_in(shop, master, one) == {sub, other}
    banned = await by_host(shop, master, "POST", f"users/{sub}/ban/", body)
    assert (banned.status, banned["conversations"], banned["sessions_ended"]) == (200, [one], 0)
    assert await subs_in(shop, master, one) == {other} and await subs_in(shop, master, two) == {sub, other}
    assert (await ann.get("users/me/")).status == 200
    member = await by_host(shop, master, "PUT", f"conversations/{one}/members/{sub}/", {})
    assert_problem(member, 403, "forbidden")
    whole = await put(shop, master, one, {"members": [sub, other], "mode": "exact"})
    assert [(refused["sub"], refused["code"]) for refused in whole["refused"]] == [(sub, "forbidden")]
    assert await subs_in(shop, master, one) == {other}  # a list undoes no ban
    assert (await by_host(shop, master, "DELETE", f"users/{sub}/ban/", body)).status == 200
    assert (await put(shop, master, one, {"members": [sub, other], "mode": "exact"}))["added"] == 1


@pytest.mark.gen_test
async def test_each_action_is_in_the_audit_with_who_did_it_to_what_and_why(shop: Client, master: str) -> None:
    (sub,), id = await pupils(shop, master, 1), unique("class")
    began = datetime.now(UTC) - timedelta(seconds=2)
    made = await by_host(
        shop, master, "POST", "keys/", {"name": "moderation", "scopes": ["moderation", "users:write"]}
    )
    await put(shop, master, id, {"members": [sub]})
    await by_host(shop, made["key"], "POST", f"users/{sub}/ban/", {"reason": "spam"})
    await by_host(shop, claims_of_host("users:write"), "POST", f"users/{sub}/activate/", {})
    await by_host(shop, made["key"], "POST", f"users/{unique('nobody')}/ban/", {})  # which is refused
    said = await by_host(
        shop,
        master,
        "POST",
        "messages/",
        {"conversation": id, "as": "system", "message": "x", "client_id": unique("k")},
    )
    await by_host(shop, made["key"], "DELETE", f"messages/{said['id']}/", {"reason": "a mistake"})
    mine = await audit(shop, master, target=f"user {sub}")
    assert [(one["by"], one["action"], one["reason"]) for one in mine] == [
        ("signed", "user.activate", None),
        (f"key {made['id']}", "user.ban", "spam"),
    ]
    assert all(
        began < datetime.fromisoformat(one["at"]) < datetime.now(UTC) + timedelta(seconds=2) for one in mine
    )
    newest = await audit(shop, master, limit="3")
    assert [(one["action"], one["target"], one["reason"]) for one in newest] == [
        ("message.delete", f"message {said['id']}", "a mistake"),
        ("message.post", f"message {said['id']}", None),
        ("user.activate", f"user {sub}", None),
    ]
    assert [one["action"] for one in await audit(shop, master, target=f"conversation {id}")] == [
        "conversation.put"
    ]


@pytest.mark.gen_test
async def test_the_audit_comes_by_pages_and_nobody_changes_it(shop: Client, master: str) -> None:
    (sub,) = await pupils(shop, master, 1)
    for _ in range(5):
        await by_host(shop, master, "POST", f"users/{sub}/activate/", {})
    seen: list[str] = []
    query = {"target": f"user {sub}", "limit": "2"}
    while True:
        page = await by_host(shop, master, "GET", "audit/", query=query)
        seen += [one["id"] for one in page["results"]]
        assert len(page["results"]) <= 2
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert len(seen) == 5 and seen == sorted(seen, reverse=True)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await by_host(shop, master, method, "audit/")).status == 405
    for name, wrong in (("before", "x"), ("before", "G" * 24), ("limit", "0"), ("target", "")):
        refused = await by_host(shop, master, "GET", "audit/", query={name: wrong})
        assert_problem(refused, 400, "validation_error", name)


def test_every_call_of_the_host_that_changes_something_notes_it() -> None:
    handlers = {handler for _, handler in API_ROUTES if issubclass(handler, HostHandler)}
    silent = set()
    for handler in handlers:
        for method in handler.scopes.keys() - {"GET"}:
            source = textwrap.dedent(inspect.getsource(getattr(handler, method.lower())))
            called = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
            if "done" not in called:
                silent.add(f"{handler.__name__}.{method.lower()}")
    assert silent == NOT_AUDITED
