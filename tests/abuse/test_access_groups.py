"""F5 in groups: who is no member any more is a stranger; the silenced and newcomers may less than members."""

from __future__ import annotations

from typing import Any

import pytest

from tests.abuse.access import ROWS
from tests.abuse.bench.calls import SECRET, calls
from tests.abuse.bench.ledger import Row as LedgerRow
from tests.abuse.test_access import NOBODY, told
from tests.api.groups import at, begin, call, said
from tests.support.client import Client, Device, unique

STRANGER = 2  # its column in the table
NAMES_IT = ("{conversation}", "{group}", "{message}", "{group_message}")
UNTIL = "2999-01-01T00:00:00Z"

# What a silenced member is answered, in their group. All else is as for everybody.
SILENCED: list[tuple[str, str, Any, int]] = [
    ("POST", "chats/", {"conversation_id": "{group}", "message": "hello"}, 403),
    ("POST", "chats/typing/", {"conversation_id": "{group}", "is_typing": True}, 403),
    ("PATCH", "chats/message/{own_message}/", {"message": "other"}, 403),
    ("PATCH", "conversations/{group}/", {"name": "Mine"}, 403),
    ("PUT", "conversations/{group}/members/{dan}/", None, 403),
    ("GET", "conversations/{group}/", None, 200),
    ("GET", "conversations/{group}/messages/", None, 200),
    ("GET", "conversations/{group}/members/", None, 200),
    ("PATCH", "conversations/{group}/me/", {"archived": True}, 200),
    ("POST", "conversations/{group}/read/", {"message_id": "{message}"}, 200),
    ("DELETE", "chats/message/{own_message}/", None, 200),
    ("DELETE", "conversations/{group}/members/me/", None, 200),
]
# What names a message below the floor of who asks: as if it were not there.
BELOW: list[tuple[str, str, Any]] = [
    ("GET", "chats/message/{message}/", None),
    ("PATCH", "chats/message/{message}/", {"message": "other"}),
    ("DELETE", "chats/message/{message}/", None),
    ("GET", "chats/attachment/{file}/", None),
    ("GET", "conversations/{group}/receipts/?message_id={message}", None),
    ("PATCH", "conversations/{group}/me/", {"unread_from_id": "{message}"}),
]


def filled(value: Any, things: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(part, things) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, things) for part in value]
    if isinstance(value, str) and value.startswith("{"):
        return unique("new") if value == "{new}" else things[value.strip("{}")]
    return value


async def group_of(ann: Device, *others: Device) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ann's group with a message and a file of hers, and all that the table names, which is of this group here."""
    group = await begin(ann, *others)
    message = await said(ann, group, f"hello {SECRET}")
    file = await said(ann, group, "see this", attachment="data:text/plain;base64,aGVsbG8=")
    invite = await call(ann, "POST", at(group, "invites"), {})
    things = dict.fromkeys(("group", "conversation"), group["id"])
    things |= dict.fromkeys(("message", "group_message"), message["id"])
    things |= {"file": file["id"], "invite": invite["id"], "nobody": NOBODY, "bob": others[0].id}
    return group, things


@pytest.mark.gen_test(timeout=300)
async def test_F5_who_is_no_member_any_more_or_moderates_another_group_is_a_stranger(
    client: Client, row: LedgerRow
) -> None:
    ann, bob, cid, dan, left, banned, other = await client.people(*["who"] * 7)
    group, things = await group_of(ann, bob, cid, left, banned)
    things |= {"cid": cid.id, "dan": dan.id, "other": ann.id, "friend": ann.id}
    assert (await call(left, "DELETE", at(group, "members", "me"))).status == 200
    assert (await call(ann, "PUT", at(group, "bans", banned.id), {})).status == 200
    await begin(other, dan)
    by_id = {one.id: one for one in calls()}
    for id, rows in ROWS.items():
        for wanted in rows:
            named = [*(wanted.body or {}).values(), *wanted.path.values()]
            if wanted.statuses[STRANGER] != 404 or not wanted.hidden or not any(n in named for n in NAMES_IT):
                continue
            for name, who in {"ex-member": left, "banned": banned, "moderator of another": other}.items():
                answers = []
                for missing in ("", wanted.hidden[0]):
                    body, path = filled(wanted.body, things), filled(wanted.path, things)
                    (path if missing in path else (body or {})).update({missing: NOBODY} if missing else {})
                    answers.append(
                        await client.call(
                            by_id[id].method,
                            by_id[id].path.format(**path),
                            token=who.token,
                            json_body=body,
                            query=filled(wanted.query, things),
                        )
                    )
                there, not_there = answers
                row.saw(there.status, id)
                if there.status != 404 or told(there) != told(not_there):
                    row.violation(f"{id} {wanted.about} by {name}: {there}, not {not_there}")
                if SECRET.encode() in there.body:
                    row.leak(f"{id} {wanted.about} by {name}: {there}")
    assert row.cases >= 60, "the table has lost its rows of groups"
    row.assert_clean()


@pytest.mark.gen_test
async def test_F5_a_silenced_member_reads_and_leaves_and_is_not_heard(client: Client, row: LedgerRow) -> None:
    ann, bob, dan = await client.people("ann", "bob", "dan")
    group, things = await group_of(ann, bob)
    things |= {"own_message": (await said(bob, group, "mine"))["id"], "dan": dan.id}
    answer = await call(ann, "PATCH", at(group, "members", bob.id), {"silenced_until": UNTIL})
    assert answer.status == 200, answer
    for method, path, body, status in SILENCED:
        answer = await call(bob, method, path.format(**things), filled(body, things))
        row.saw(answer.status, path)
        if answer.status != status or (status == 403 and answer["code"] != "silenced"):
            row.violation(f"{method} {path}: {answer}, not {status}")
    row.assert_clean()


@pytest.mark.gen_test
async def test_F5_a_message_below_ones_floor_is_as_if_it_were_not_there(
    client: Client, row: LedgerRow
) -> None:
    ann, bob, cid = await client.people("ann", "bob", "cid")
    group, things = await group_of(ann, bob)
    assert (await call(ann, "PUT", at(group, "members", cid.id))).status == 201
    for method, path, body in BELOW:
        named = "{file}" if "{file}" in path else "{message}"
        nowhere = {**things, named.strip("{}"): (group["id"] << 23) + 4_000_000}
        there, not_there = [
            await call(cid, method, path.format(**ids), filled(body, ids)) for ids in (things, nowhere)
        ]
        row.saw(there.status, path)
        if there.status not in (400, 404) or told(there) != told(not_there):
            row.leak(f"{method} {path}: {there}, and where nothing is {not_there}")
    draft = await call(cid, "PUT", at(group, "me", "draft"), {"reply_to_id": things["message"]})
    assert draft.status == 400, draft
    for path, body in (
        ("chats/mark-read/", {"message_ids": [things["message"]]}),
        (at(group, "read"), {"message_id": things["message"]}),
    ):
        answer = await cid.post(path, body)
        row.saw(answer.status, path)
        if answer["marked_count"] != 0:
            row.leak(f"{path}: {answer}")
    row.assert_clean()


@pytest.mark.gen_test
async def test_F5_who_came_later_and_who_put_it_away_are_told_no_new_words_of_an_old_message(
    client: Client, row: LedgerRow
) -> None:
    ann, bob, cid, dan = await client.people("ann", "bob", "cid", "dan")
    group, things = await group_of(ann, bob, dan)
    assert (await call(ann, "PUT", at(group, "members", cid.id))).status == 201
    assert (await call(bob, "PATCH", at(group, "me"), {"cleared": True})).status == 200
    devices = [await who.here() for who in (ann, bob, cid)]
    for method, body in (("PATCH", {"message": f"other {SECRET}"}), ("DELETE", None)):
        answer = await call(ann, method, f"chats/message/{things['message']}/", body)
        row.saw(answer.status, method)
    await said(dan, group, "and that is all")
    told_of = []
    for who in devices:
        events = []
        while not any(event["event"] == "message" for event in events):
            events += (await who.next()).json["events"]
        told_of.append([event for event in events if event["event"] == "message_changed"])
    assert told_of[0], "the sender's own device is told"
    for events in told_of[1:]:
        if events:
            row.leak(f"{events}")
    row.assert_clean()


@pytest.mark.gen_test
async def test_F5_nor_are_they_beside_what_tells_that_they_have_read_it(
    client: Client, row: LedgerRow
) -> None:
    ann, bob, dan = await client.people("ann", "bob", "dan")
    message = await ann.sent(bob, "hello")
    phone = await (await bob.another()).here()
    assert (await bob.mark_read(message_ids=[message["id"]]))["marked_count"] == 1
    group = {"id": message["conversation_id"]}
    assert (await call(bob, "PATCH", at(group, "me"), {"cleared": True})).status == 200
    answer = await call(ann, "PATCH", f"chats/message/{message['id']}/", {"message": f"other {SECRET}"})
    row.saw(answer.status, "PATCH")
    await dan.sent(bob, "and that is all")
    events: list[dict[str, Any]] = []
    while not any(event["event"] == "message" for event in events):
        events += (await phone.next()).json["events"]
    assert any(event["event"] == "read_receipt" for event in events), "or it proves nothing"
    if any(event["event"] == "message_changed" for event in events):
        row.leak(f"{events}")
    row.assert_clean()


# What names something of another conversation that the caller may be in or not: as if it were nowhere.
ELSEWHERE: list[tuple[str, str, Any]] = [
    ("GET", "conversations/{group}/receipts/?message_id={message}", None),
    ("PATCH", "conversations/{group}/me/", {"unread_from_id": "{message}"}),
    ("PUT", "conversations/{group}/me/draft/", {"text": "x", "reply_to_id": "{message}"}),
    ("POST", "conversations/{group}/read/", {"message_id": "{message}"}),
    ("GET", "conversations/{group}/messages/?before_id={message}", None),
    ("GET", "conversations/{group}/messages/?after_id={message}", None),
    ("GET", "conversations/{group}/messages/?around_id={message}", None),
    ("DELETE", "conversations/{group}/invites/{invite}/", None),
]


@pytest.mark.gen_test
async def test_F5_what_is_of_another_conversation_is_of_none_here(client: Client, row: LedgerRow) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    theirs, things = await group_of(ann, bob, eve)
    own = await begin(eve, bob)
    await said(eve, own, "mine")
    nowhere = {"message": NOBODY, "invite": NOBODY}
    for who in ("a member there", "a stranger there"):
        for method, path, body in ELSEWHERE:
            there, not_there = [
                await call(eve, method, path.format(**ids), filled(body, ids))
                for ids in ({**things, "group": own["id"]}, {**nowhere, "group": own["id"]})
            ]
            row.saw(there.status, path)
            if SECRET.encode() in there.body:
                row.leak(f"{method} {path} by {who}: {there}")
            if there.status != not_there.status or ("code" in there.json and told(there) != told(not_there)):
                row.violation(f"{method} {path} by {who}: {there}, and where nothing is {not_there}")
        assert (await call(ann, "DELETE", at(theirs, "members", eve.id))).status == 200
    live = await ann.get(at(theirs, "invites"))
    assert [one["id"] for one in live["results"]] == [things["invite"]], "nobody took it back"
    row.assert_clean()
