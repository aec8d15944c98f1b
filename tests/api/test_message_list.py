"""`GET chats/`: all direct messages of the caller in pages, as the original system listed them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.shapes import MESSAGE
from tests.support.client import Answer, Client, Device, unique


async def listed(device: Device, **query: Any) -> Answer:
    answer = await device.get("chats/", query=query)
    assert answer.status == 200, answer
    assert set(answer.json) == {"count", "next", "previous", "results"}
    return answer


async def texts(device: Device, **query: Any) -> list[str]:
    answer = await listed(device, **query)
    assert answer["count"] == len(answer["results"]), "all on one page"
    return [message["message"] for message in answer["results"]]


@pytest.fixture
def three(client: Client, io_loop: Any) -> tuple[Device, Device, Device]:
    """Ann talks with Bob and with Cid, by turns, and with herself."""

    async def meet() -> tuple[Device, Device, Device]:
        ann, bob, cid = await client.people("ann", "bob", "cid")
        await ann.sent(bob, "1 to bob")
        await ann.sent(cid, "2 to cid")
        await bob.sent(ann, "3 by bob")
        await cid.sent(bob, "not Ann's")
        await cid.sent(ann, "4 by cid")
        await ann.sent(ann, "5 to myself")
        await ann.sent(bob, "6 to bob")
        return ann, bob, cid

    made: tuple[Device, Device, Device] = io_loop.run_sync(meet)
    return made


ALL = ["6 to bob", "5 to myself", "4 by cid", "3 by bob", "2 to cid", "1 to bob"]


@pytest.mark.gen_test
async def test_all_direct_messages_are_listed_newest_or_oldest_first(three: Any) -> None:
    ann, bob, _ = three
    answer = await listed(ann)
    assert [message["message"] for message in answer["results"]] == ALL
    assert all(set(message) == MESSAGE for message in answer["results"])
    assert (answer["count"], answer["next"], answer["previous"]) == (6, None, None)
    assert await texts(ann, ordering="timestamp") == ALL[::-1]
    assert await texts(bob) == ["6 to bob", "not Ann's", "3 by bob", "1 to bob"]


@pytest.mark.gen_test
async def test_pages_follow_one_another_by_links_without_a_token(three: Any) -> None:
    ann, _, _ = three
    found, link, back = [], f"/api/v1/communication/chats/?page_size=4&is_active=true&token={ann.token}", None
    sizes = []
    while link is not None:
        answer = await ann.get(link)
        assert answer.status == 200, answer
        assert (answer["previous"] is None) == (back is None)
        assert answer["count"] == 6
        found += [message["message"] for message in answer["results"]]
        sizes.append(len(answer["results"]))
        back, link = link, answer["next"]
        assert link is None or (
            link.startswith("http://") and "token" not in link and "is_active=true" in link
        )
    assert (found, sizes) == (ALL, [4, 2])
    first = await ann.get((await ann.get(back))["previous"])
    assert [message["message"] for message in first["results"]] == ALL[:4]
    assert_problem(await ann.get("chats/", query={"page": 3, "page_size": 4}), 404, "not_found")


@pytest.mark.gen_test
async def test_the_list_is_narrowed_by_who_wrote_to_whom(three: Any, client: Client) -> None:
    ann, bob, cid = three
    assert await texts(ann, sender=ann.id) == ["6 to bob", "5 to myself", "2 to cid", "1 to bob"]
    assert await texts(ann, receiver=ann.id) == ["5 to myself", "4 by cid", "3 by bob"]
    assert await texts(ann, sender=bob.id) == ["3 by bob"]
    assert await texts(ann, receiver=bob.id) == ["6 to bob", "1 to bob"]
    assert await texts(ann, sender=cid.id, receiver=ann.id) == ["4 by cid"]
    assert await texts(ann, sender=ann.id, receiver=ann.id) == ["5 to myself"]
    assert await texts(ann, sender=cid.id, receiver=bob.id) == [], "what others wrote to one another"
    assert await texts(ann, sender=bob.id, receiver=bob.id) == []
    assert await texts(ann, sender=2**52) == []
    (new,) = await client.people("new")
    assert await texts(new) == []


@pytest.mark.gen_test
async def test_the_list_is_narrowed_by_what_was_read_and_what_is_deleted(three: Any, client: Client) -> None:
    ann, bob, _ = three
    for message in (await listed(ann))["results"]:
        assert not message["is_read"] or message["message"] == "5 to myself"
    await bob.mark_read(sender_id=ann.id)
    await ann.sent(bob, "7 to bob")
    for is_read in (True, False):
        answer = await listed(ann, is_read=str(is_read).lower())
        assert answer["results"] and answer["count"] == len(answer["results"])
        assert {message["is_read"] for message in answer["results"]} == {is_read}
    read = await texts(ann, is_read="true", receiver=bob.id, ordering="timestamp")
    assert read == ["1 to bob", "6 to bob"]
    assert await texts(ann, is_read="false", receiver=bob.id) == ["7 to bob"]
    assert await texts(ann, is_read=0, sender=bob.id) == ["3 by bob"]
    both = await listed(ann, is_read="true")
    everything = await listed(ann)
    assert both["count"] + (await listed(ann, is_read="false"))["count"] == everything["count"] == 7

    (gone,) = (m for m in everything["results"] if m["message"] == "2 to cid")
    assert await texts(ann, is_active="false") == []
    await client.call("DELETE", f"chats/{gone['id']}/", token=ann.token)
    (tombstone,) = (await listed(ann, is_active="false"))["results"]
    assert (tombstone["id"], tombstone["message"], tombstone["is_active"]) == (gone["id"], "", False)
    assert "2 to cid" not in await texts(ann, is_active="true")
    assert (await listed(ann))["count"] == 7


@pytest.mark.gen_test
async def test_the_count_is_exact_up_to_a_thousand_and_ends_there(client: Client) -> None:
    ann, bob, cid = await client.people("ann", "bob", "cid")
    await ann.sent_all(bob, [f"{n}" for n in range(996)])
    await cid.sent(ann, "the last but two")
    for count, text in ((998, "x"), (999, "y"), (1000, "z"), (1000, "one more")):
        await ann.sent(cid, text)
        for query in ({}, {"is_active": "true"}):
            answer = await listed(ann, **query, page_size=7)
            assert answer["count"] == count, query
            assert answer["results"][0]["message"] == text
    assert (await listed(ann, sender=ann.id))["count"] == 1000
    last = await listed(ann, page=5, page_size=200)
    assert (len(last["results"]), last["next"]) == (200, None)
    assert_problem(await ann.get("chats/", query={"page": 6, "page_size": 200}), 404, "not_found")
    clamped = await listed(ann, page_size=5000)
    assert len(clamped["results"]) == 200
    pages = [await listed(ann, page=n, page_size=200, ordering="timestamp") for n in range(1, 6)]
    ids = [message["id"] for page in pages for message in page["results"]]
    assert len(set(ids)) == 1000
    stamps = [message["timestamp"] for page in pages for message in page["results"]]
    assert stamps == sorted(stamps)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("page", "0"), ("page", "x"), ("page_size", "0"), ("ordering", "sender"), ("is_read", "maybe"),
        ("is_active", "2"), ("sender", "ann"), ("receiver", "-1"), ("page", "99999999999999999999"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused_by_name(pair: Pair, field: str, value: str) -> None:
    assert_problem(await pair.ann.get("chats/", query={field: value}), 400, "validation_error", field)


@pytest.mark.gen_test
async def test_one_message_is_looked_at_edited_and_deleted_by_its_old_address(
    pair: Pair, client: Client
) -> None:
    sent = await pair.ann.sent(pair.bob, "hello")
    (eve,) = await client.people("eve")
    for path in (f"chats/{sent['id']}/", f"chats/message/{sent['id']}/"):
        for member in (pair.ann, pair.bob):
            answer = await member.get(path)
            assert (answer.status, answer["message"]) == (200, "hello"), answer
        assert_problem(await eve.get(path), 404, "not_found")
    path = f"chats/{sent['id']}/"
    edited = await client.call("PATCH", path, token=pair.ann.token, json_body={"message": "hello there"})
    assert (edited.status, edited["message"], edited["rev"]) == (200, "hello there", 1)
    refused = await client.call("PATCH", path, token=pair.bob.token, json_body={"message": "not mine"})
    assert_problem(refused, 403, "forbidden")
    assert (await client.call("DELETE", path, token=pair.ann.token))["is_active"] is False
    assert (await pair.bob.get(path))["is_active"] is False
    assert_problem(await pair.ann.get(f"chats/{sent['id'] + 5}/"), 404, "not_found")
    assert_problem(await client.call("GET", path), 401, "token_missing")


@pytest.mark.gen_test
async def test_a_list_delivers_what_is_new_on_it_and_head_does_not(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    sent = await ann.sent(bob, unique("text"))

    async def delivered_at() -> Any:
        return (await ann.get(f"chats/{sent['id']}/"))["delivered_at"]

    assert (await client.call("HEAD", "chats/", token=bob.token)).status == 200
    assert (await client.call("HEAD", f"chats/{sent['id']}/", token=bob.token)).status == 200
    assert await delivered_at() is None
    await listed(bob)
    await bob.get("chats/")
    while await delivered_at() is None:
        pass


@pytest.mark.gen_test
async def test_reading_counts_towards_its_own_limit(pair: Pair) -> None:
    for path in ("chats/", f"chats/{pair.messages[0]['id']}/"):
        assert '"history"' in (await pair.ann.get(path)).headers["RateLimit-Policy"]


@pytest.mark.gen_test
async def test_an_empty_list_of_ids_beside_another_key_is_no_key(pair: Pair) -> None:
    for other in ({"conversation_id": pair.conversation_id}, {"sender_id": pair.ann.id}):
        answer = await pair.bob.mark_read(message_ids=[], **other)
        assert answer.status == 200, answer
    assert await pair.bob.unread() == 0
    assert_problem(await pair.bob.mark_read(message_ids=[]), 400, "validation_error", "message_ids")
    both = await pair.bob.mark_read(
        message_ids=[], conversation_id=pair.conversation_id, sender_id=pair.ann.id
    )
    assert_problem(both, 400, "validation_error", "conversation_id", "sender_id")
