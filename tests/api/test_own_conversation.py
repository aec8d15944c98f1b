"""What members have for themselves, over HTTP: `conversations/`, `…/me/`, `…/me/draft/`, `…/read/`, `…/receipts/`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.support.client import Answer, Client, Device


async def change(device: Device, conversation_id: int, **wanted: Any) -> Answer:
    path = f"conversations/{conversation_id}/me/"
    return await device.client.call("PATCH", path, token=device.token, json_body=wanted)


async def keep(device: Device, conversation_id: int, **draft: Any) -> Answer:
    path = f"conversations/{conversation_id}/me/draft/"
    return await device.client.call("PUT", path, token=device.token, json_body=draft)


@pytest.mark.gen_test
async def test_settings_are_answered_with_the_conversation_and_told_to_other_devices(pair: Pair) -> None:
    ann, c = pair.ann, pair.conversation_id
    tablet = await (await ann.another()).here()
    wanted = {"notify": "mentions", "all_mentions": False, "pinned": True, "archived": True}
    changed = await change(ann, c, **wanted, muted_until="2100-01-02T03:04:05+02:00")
    assert (changed.status, changed["id"]) == (200, c)
    my = changed["my"]
    assert {name: my[name] for name in wanted} == wanted
    assert my["muted_until"] == "2100-01-02T01:04:05.000Z"
    [told] = await tablet.until(1, "my_conversation")
    assert told == {"conversation_id": c, "my": my}
    over = await change(ann, c, muted_until="2001-01-01T00:00:00Z", archived="false")
    assert (over["my"]["muted_until"], over["my"]["archived"], over["my"]["pinned"]) == (None, False, True)
    assert (await change(ann, c)).json["my"]["rev"] == over["my"]["rev"], "nothing was asked"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notify", "loud"),
        ("muted_until", "tomorrow"),
        ("muted_until", "2100-01-02T03:04:05"),
        ("muted_until", "9999-12-31T23:59:59-14:00"),
        ("muted_until", 4102444800),
        ("pinned", "yes"),
        ("cleared", False),
        ("unread_from_id", 1),
        ("unread_from_id", "next"),
    ],
)
@pytest.mark.gen_test
async def test_what_is_no_setting_is_refused_by_name(pair: Pair, field: str, value: Any) -> None:
    answer = await change(pair.ann, pair.conversation_id, **{field: value})
    assert_problem(answer, 400, "validation_error", field)


@pytest.mark.gen_test
async def test_the_list_holds_direct_conversations_and_leads_on(client: Client) -> None:
    ann, *others = await client.people("ann", "bob", "eve", "dan")
    ids = [(await other.sent(ann, "hello"))["conversation_id"] for other in others]
    await change(ann, ids[0], pinned=True)
    first = await ann.get("conversations/", query={"limit": 2})
    assert [one["id"] for one in first["results"]] == [ids[0], ids[2]]
    assert [one["my"]["unread_count"] for one in first["results"]] == [1, 1]
    last = await ann.get("conversations/", query={"limit": 2, "after": first["next"]})
    assert ([one["id"] for one in last["results"]], last["next"]) == ([ids[1]], None)
    await change(ann, ids[1], archived=True)
    archived = await ann.get("conversations/", query={"archived": "true"})
    assert [one["id"] for one in archived["results"]] == [ids[1]]
    assert (await ann.get("conversations/", query={"kind": "group"})).json == {"results": [], "next": None}
    for wrong in ("p", "1-2-3", "q1-2", "9" * 33):
        assert_problem(
            await ann.get("conversations/", query={"after": wrong}), 400, "validation_error", "after"
        )
    snapshot = await ann.get("snapshot/")
    assert (snapshot["total_unread"], snapshot["unread"]["total_unread"]) == (2, 3)
    assert snapshot["groups"] == {"results": [], "next": None}


@pytest.mark.gen_test
async def test_a_draft_of_another_device_comes_with_the_refusal(pair: Pair) -> None:
    ann, c = pair.ann, pair.conversation_id
    tablet = await (await ann.another()).here()
    kept = await keep(ann, c, text="I was about to", reply_to_id=pair.messages[2]["id"])
    assert (kept.status, kept["rev"]) == (200, 1)
    problem = assert_problem(await keep(tablet, c, text="me too"), 409, "revision_conflict")
    assert problem["stored"] == kept.json
    assert (await keep(tablet, c, text="me too", rev=1))["rev"] == 2
    shown = await ann.get(f"conversations/{c}/")
    assert shown["my"]["draft"]["text"] == "me too"
    assert_problem(await keep(ann, c, text="x" * 4001, rev=2), 400, "validation_error", "text")
    assert_problem(await keep(ann, c, text="x", rev=-1), 400, "validation_error", "rev")


@pytest.mark.gen_test
async def test_a_send_puts_away_the_draft_that_it_was_and_no_newer_one(pair: Pair) -> None:
    ann, c = pair.ann, pair.conversation_id
    await keep(ann, c, text="hello")
    await ann.sent(pair.bob, "something else")
    assert (await ann.get(f"conversations/{c}/"))["my"]["draft"]["text"] == "hello"
    await ann.sent(pair.bob, "hello", draft_rev=1)
    assert (await ann.get(f"conversations/{c}/"))["my"]["draft"] is None
    await keep(ann, c, text="hello again", rev=2)
    await ann.sent(pair.bob, "hello again", draft_rev=1)
    assert (await ann.get(f"conversations/{c}/"))["my"]["draft"]["rev"] == 3
    assert_problem(await ann.send(pair.bob, "x", draft_rev="new"), 400, "validation_error", "draft_rev")


@pytest.mark.gen_test
async def test_a_read_up_to_a_message_tells_its_sender_unless_it_is_private(pair: Pair) -> None:
    ann, bob, c = pair.ann, pair.bob, pair.conversation_id
    await ann.here()
    first, second = (one["id"] for one in pair.messages[:2])
    private = await bob.post(f"conversations/{c}/read/", {"message_id": second, "private": True})
    assert (private.status, private["marked_count"]) == (200, 2)
    assert await bob.unread() == 0
    receipts = await ann.get(f"conversations/{c}/receipts/", query={"message_id": second})
    assert receipts.json == {"read": [], "count": 0}
    assert (await bob.post(f"conversations/{c}/read/", {"message_id": first})).status == 200
    [told] = await ann.until(1, "read_receipt")
    assert (told["message_id"], told["reader_id"]) == (first, bob.id)
    assert_problem(await bob.post(f"conversations/{c}/read/", {}), 400, "validation_error", "message_id")
    assert_problem(
        await bob.post(f"conversations/{c}/read/", {"message_id": 5}), 400, "validation_error", "message_id"
    )
    theirs = await bob.get(f"conversations/{c}/receipts/", query={"message_id": second})
    assert_problem(theirs, 403, "forbidden")


@pytest.mark.gen_test
async def test_typing_names_a_person_or_a_conversation(pair: Pair) -> None:
    ann, bob = pair.ann, await pair.bob.here()
    typing = {"conversation_id": pair.conversation_id, "is_typing": True}
    await bob.next(wait=0)
    assert (await ann.post("chats/typing/", typing)).status == 200
    [told] = await bob.until(1, "typing")
    assert (told["sender_id"], told["conversation_id"]) == (ann.id, pair.conversation_id)
    both = await ann.post("chats/typing/", {**typing, "receiver_id": bob.id})
    assert_problem(both, 400, "validation_error", "conversation_id")
    assert_problem(await ann.post("chats/typing/", {}), 400, "validation_error", "receiver_id")
