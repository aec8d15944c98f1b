"""F6: somebody is removed while they send and poll. With the answer to that they have said and heard their last word."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.api.groups import at, begin, call, said, say
from tests.support.client import Client, Device
from tests.support.event_stream import open_stream

REFUSED = (403, 404)


async def talk(eve: Device, group: dict[str, Any], about: str, row: Row) -> list[int]:
    """Until they are refused. The numbers of their messages that were accepted."""
    accepted: list[int] = []
    while True:
        answer = await say(eve, group, about)
        row.saw(answer.status, about)
        if answer.status in REFUSED:
            return accepted
        if answer.status == 201:
            accepted.append(answer["seq"])


async def listen(eve: Device, over: asyncio.Event) -> list[int]:
    """The numbers of all messages that their polls gave them, also of one that is begun after it is over."""
    heard: list[int] = []
    is_last = False
    while not is_last:
        is_last = over.is_set()
        heard += [event["seq"] for event in (await eve.next(wait=0)).of("message")]
    return heard


@pytest.mark.gen_test(timeout=900)
@pytest.mark.timeout(960)
async def test_F6_nobody_is_heard_or_told_anything_once_their_removal_was_answered(
    client: Client, row: Row
) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    for turn in range(sized(15, 1_000)):
        assert (await call(ann, "PUT", at(group, "members", eve.id))).status in (200, 201)
        await eve.here()
        over = asyncio.Event()
        talking = asyncio.create_task(talk(eve, group, f"turn {turn}", row))
        listening = asyncio.create_task(listen(eve, over))
        await said(ann, group, "not yet")
        removed = await call(ann, "DELETE", at(group, "members", eve.id))
        assert removed.status == 200, removed
        behind = (await said(ann, group, "among us"))["seq"]
        if (late := await say(eve, group, "too late")).status not in REFUSED:
            row.violation(f"turn {turn}: {late} after the removal was answered")
        accepted = await talking
        over.set()
        heard = await listening
        if any(seq >= behind for seq in accepted):
            row.violation(f"turn {turn}: {max(accepted)} was accepted, behind {behind}")
        if any(seq >= behind for seq in heard):
            row.violation(f"turn {turn}: {max(heard)} was told, from {behind} on they were out")
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F6_no_way_that_was_open_before_leads_somebody_removed_to_what_came_after(
    client: Client, row: Row
) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, eve, name="Plans")
    file = await said(ann, group, "see this", attachment="data:text/plain;base64,c2VjcmV0")
    ticket = (await eve.post("auth/poll-ticket/"))["ticket"]
    await eve.here()
    place = eve.cursor
    async with await open_stream(await eve.another(), cursor=place) as stream:
        assert (await call(ann, "DELETE", at(group, "members", eve.id))).status == 200
        secret = (await said(ann, group, "secret"))["id"]
        await call(ann, "PATCH", at(group), {"name": "secret"})
        await ann.sent(eve, "the end")
        while (event := await stream.event()).name != "message" or event.data["message"] != "the end":
            row.saw(200, event.name)
            if "secret" in str(event.data):
                row.leak(f"the stream: {event}")
    by_ticket = await client.call("GET", "poll/events/", query={"token": ticket, "cursor": place, "wait": 0})
    for answer in (
        by_ticket,
        await eve.get("snapshot/"),
        await eve.get("conversations/"),
        await eve.get("users/me/export/"),
        await eve.get("chats/search/", query={"q": "secret"}),
        await eve.get(f"chats/attachment/{file['id']}/"),
        await eve.get(f"chats/message/{secret}/"),
        await eve.get(at(group, "messages"), query={"after_id": file["id"]}),
    ):
        row.saw(answer.status, "a way in")
        if b"secret" in answer.body or b"Plans" in answer.body:
            row.leak(f"{answer}")
    row.assert_clean()
