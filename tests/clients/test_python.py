"""The Python client against a real server, in both kinds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chatserver_client import Poll, Refused, Signer, host, shapes
from chatserver_client import person as persons

from tests.clients.conftest import Either
from tests.support import contract
from tests.support.client import unique
from tests.support.server import ServerProcess

People = Callable[[str], Either]


def test_people_are_made_changed_switched_off_and_deleted(app: Either) -> None:
    sub = unique("p")
    made = app.do(host.users.put(sub, name="Ann", role="pupil", data={"class": "5b"}))
    assert (made["sub"], made["name"], made["role"], made["data"]) == (sub, "Ann", "pupil", {"class": "5b"})
    changed = app.do(host.users.put(sub, role=None))
    assert (changed["name"], changed["role"], changed["id"]) == ("Ann", None, made["id"])
    assert app.do(host.users.deactivate(sub))["state"] == "disabled"
    assert app.do(host.users.activate(sub))["state"] == "active"
    assert app.do(host.users.get(sub)) == {**changed, "state": "active"}
    app.do(host.users.delete(sub))
    with pytest.raises(Refused) as refused:
        app.do(host.users.get(sub))
    assert (refused.value.status, refused.value.code) == (404, "not_found")


@pytest.mark.parametrize("odd", ["a/b", "..", ".", "-", "ä ö?&#%2F", "a\\b"])
def test_whatever_your_ids_look_like_they_name_the_right_person(app: Either, odd: str) -> None:
    sub = odd if odd in ("..", ".", "-") else unique(odd)
    assert app.do(host.users.put(sub, name="Odd"))["sub"] == sub
    assert app.do(host.users.get(sub))["sub"] == sub
    app.do(host.users.delete(sub))


def test_of_many_people_one_that_cannot_be_is_refused_alone(app: Either) -> None:
    good, bad = unique("p"), unique("p")
    told = app.do(host.users.put_many([{"sub": good, "name": "Ann"}, {"sub": bad, "name": ""}]))["results"]
    assert [(one["sub"], one["status"], one["code"]) for one in told] == [
        (good, 201, None),
        (bad, 400, "validation_error"),
    ]


def test_what_is_unread_costs_no_answer_while_nothing_changed(app: Either, person: People) -> None:
    ann, bob = unique("p"), unique("p")
    app.do(host.users.put(ann, name="Ann"))
    before = app.do(host.users.unread(ann))
    assert before.total_unread == 0 and app.do(host.users.unread(ann, before.etag)) is None
    sent = person(bob).do(persons.messages.send("hello", sub=ann))
    after = app.do(host.users.unread(ann, before.etag))
    in_this = {"conversation_id": sent["conversation_id"], "external_id": None, "unread_count": 1}
    assert after.conversations == [in_this]
    (of_all,) = app.do(host.users.unread_of([ann]))["results"]
    assert (of_all["sub"], of_all["total_unread"]) == (ann, 1)


def test_sessions_begin_and_end(app: Either, client: Callable[..., Either], school: ServerProcess) -> None:
    sub = unique("p")
    app.do(host.users.put(sub, name="Ann"))
    session = client(school.base, app.do(host.users.begin_session(sub, "a tablet"))["token"])
    assert session.do(persons.snapshot())["user"]["full_name"] == "Ann"
    early = datetime.now(UTC) - timedelta(days=1)
    assert app.do(host.users.end_sessions(sub, before=early))["sessions_ended"] == 0
    assert app.do(host.users.end_sessions(sub))["sessions_ended"] == 1
    with pytest.raises(Refused) as refused:
        session.do(persons.snapshot())
    assert (refused.value.status, refused.value.code) == (401, "token_invalid")


def test_a_message_is_sent_edited_read_and_found_in_the_history(person: People) -> None:
    one, other = unique("p"), unique("p")
    ann, bob = person(one), person(other)
    bob.do(persons.snapshot())
    sent = ann.do(persons.messages.send("hello", sub=other, client_id="mine"))
    assert ann.do(persons.messages.send("hello", sub=other, client_id="mine")) == sent
    assert ann.do(persons.messages.edit(sent["id"], "hallo"))["message"] == "hallo"
    where = sent["conversation_id"]
    bob.do(persons.messages.typing(conversation_id=where))
    assert bob.do(persons.messages.read(where, sent["id"]))["marked_count"] == 1
    assert [m["message"] for m in bob.do(persons.messages.history(where))["messages"]] == ["hallo"]
    ann.do(persons.messages.delete(sent["id"]))
    with pytest.raises(ValueError, match="exactly one"):
        persons.messages.send("to whom?")


def test_a_person_begins_a_group_adds_to_it_and_leaves(person: People) -> None:
    ann, bob = person(unique("p")), person(unique("p"))
    his = bob.do(persons.snapshot())["user"]["id"]
    group = ann.do(persons.conversations.begin("group", [], name="5b"))
    id = group["id"]
    assert ann.do(persons.conversations.add(id, his))["role"] == "member"
    assert ann.do(persons.conversations.set_role(id, his, "admin"))["role"] == "admin"
    assert bob.do(persons.conversations.change(id, name="Class 5b"))["name"] == "Class 5b"
    assert [one["id"] for one in bob.do(persons.conversations.page())["results"]] == [id]
    assert len(ann.do(persons.conversations.members(id))["results"]) == 2
    bob.do(persons.conversations.leave(id))
    assert ann.do(persons.conversations.get(id))["member_count"] == 1
    ann.do(persons.conversations.close(id))


def test_the_application_makes_a_conversation_and_says_who_is_in_it(app: Either, person: People) -> None:
    ann, bob, eve = (_known(app) for _ in range(3))
    odd = unique("class/5b")
    made = app.do(host.conversations.put(odd, title="5b", members=[ann, bob], data={"year": 2026}))
    assert (made["external_id"], made["title"], made["added"], made["refused"]) == (odd, "5b", 2, [])
    assert app.do(host.conversations.add(odd, ann, "admin"))["role"] == "admin"
    changed = app.do(host.conversations.put(odd, members=[ann, eve], mode="exact", title=None))
    assert (changed["added"], changed["removed"], changed["title"]) == (1, 1, None)
    app.do(host.conversations.remove(odd, eve))
    app.do(host.conversations.add(odd, bob))
    shown = app.do(host.conversations.get(odd))
    assert {one["sub"] for one in shown["members"]} == {ann, bob} and shown["id"] == made["id"]
    person(ann).do(persons.messages.send("hello", conversation_id=made["id"]))
    said = app.do(host.messages.post("Page 12", unique("hw"), conversation=odd, bot="Homework"))
    app.do(host.messages.edit(said["id"], "Page 13", reason="a slip"))
    mine = unique("hw")
    as_ann = [app.do(host.messages.post("Thanks", mine, conversation=odd, sub=ann)) for _ in range(2)]
    assert as_ann[0]["id"] == as_ann[1]["id"] and as_ann[0]["sender_sub"] == ann
    told = app.do(host.conversations.messages(odd))["messages"]
    assert [one["message"] for one in told if one["kind"] == "message"] == ["hello", "Page 13", "Thanks"]
    app.do(host.messages.delete(as_ann[0]["id"], reason="spam"))
    later = app.do(host.conversations.messages(odd, after_seq=told[-1]["seq"] - 1))["messages"]
    assert [one["is_active"] for one in later] == [False]
    assert app.do(host.conversations.close(odd))["state"] == "closed"


def test_a_poll_gives_what_comes_and_its_place_follows_the_work(person: People) -> None:
    one, other = unique("p"), unique("p")
    ann, bob = person(one), person(other)
    start = bob.do(persons.snapshot())["cursor"]
    sent = ann.do(persons.messages.send("first", sub=other))
    poll = Poll(start)
    first = bob.until(poll, "message")
    assert first["data"]["id"] == sent["id"]
    assert poll.cursor == start, "what was given is not done before the next is asked for"
    again = bob.until(Poll(poll.cursor), "message")
    assert again["id"] == first["id"]
    ann.do(persons.messages.send("second", sub=other))
    assert bob.until(poll, "message")["data"]["message"] == "second"
    assert poll.cursor != start


def test_a_poll_is_held_until_something_comes(person: People) -> None:
    one, other = unique("p"), unique("p")
    ann, bob = person(one), person(other)
    start = bob.do(persons.snapshot())["cursor"]
    came: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: came.append(bob.until(Poll(start), "message")))
    waiting.start()
    ann.do(persons.messages.send("now", sub=other))
    waiting.join(60)
    assert [event["data"]["message"] for event in came] == ["now"]


def test_whoever_was_away_for_too_long_is_told_and_goes_on_from_the_new_place(person: People) -> None:
    one, other = unique("p"), unique("p")
    ann, bob = person(one), person(other)
    epoch = bob.do(persons.snapshot())["cursor"].partition(":")[0]
    poll = Poll(f"{epoch}:999999")
    missed = bob.until(poll, "missed")
    ann.do(persons.messages.send("after", sub=other))
    assert bob.until(poll, "message")["data"]["message"] == "after"
    assert poll.cursor == missed["data"]["cursor"]


def test_of_two_polls_with_one_name_one_ends(
    person: People, client: Callable[..., Either], school: ServerProcess, signer: Signer
) -> None:
    sub = unique("p")
    session = client(school.base, client(school.base).do(persons.sign_in(signer.mint(sub)))["token"])
    start = session.do(persons.snapshot())["cursor"]
    polls = [Poll(start, client="tab", wait=50) for _ in range(2)]
    came: dict[int, Any] = {}

    def look(n: int) -> None:
        came[n] = session.until(polls[n], "message")

    waiting = [threading.Thread(target=look, args=(n,)) for n in range(2)]
    for thread in waiting:
        thread.start()
    until(lambda: None in came.values())
    person(unique("p")).do(persons.messages.send("for the other", sub=sub))
    for thread in waiting:
        thread.join(60)
    (ended,) = (n for n in came if came[n] is None)
    assert polls[ended].superseded and not polls[1 - ended].superseded
    assert came[1 - ended]["data"]["message"] == "for the other"


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_application_tells_somebody_something_once(app: Either, person: People) -> None:
    sub = unique("p")
    app.do(host.users.put(sub, name="Ann"))
    told = [app.do(host.notify(sub, "Marks", "are in", client_id=sub)) for _ in range(2)]
    assert told[0]["id"] == told[1]["id"]
    (shown,) = person(sub).do(persons.snapshot())["notifications"]
    assert (shown["title"], shown["message"]) == ("Marks", "are in")


def test_events_are_asked_for_and_acknowledged(app: Either, person: People) -> None:
    made = app.do(host.webhooks.create(None, ["message.created"]))
    try:
        sent = person(unique("p")).do(persons.messages.send("hello", sub=_known(app)))
        (told,) = app.do(host.webhooks.pull(made["id"], wait=50))["results"]
        assert (told["type"], told["data"]["id"]) == ("message.created", sent["id"])
        assert app.do(host.webhooks.acknowledge(made["id"], [told["id"]]))["count"] == 1
        assert [one["id"] for one in app.do(host.webhooks.list_all())["results"]] == [made["id"]]
    finally:
        app.do(host.webhooks.delete(made["id"]))


def _known(app: Either) -> str:
    sub = unique("p")
    app.do(host.users.put(sub, name="Bob"))
    return sub


def test_a_key_without_the_scope_is_refused_by_its_name(
    client: Callable[..., Either], school: ServerProcess, signer: Signer
) -> None:
    lesser = client(school.base, signer.mint_scoped(["users:read"]))
    with pytest.raises(Refused, match="users:write") as refused:
        lesser.do(host.users.put("42", name="Ann"))
    assert refused.value.code == "forbidden" and refused.value.request_id
    with pytest.raises(Refused) as invalid:
        lesser.do(persons.messages.send("x", user_id=1))
    assert invalid.value.status == 401


SHAPES = {
    name: shape
    for name, shape in vars(shapes).items()
    if hasattr(shape, "__required_keys__") and name != "Event"  # of which the contract has one for each kind
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_has_only_what_the_contract_has_by_that_name(name: str) -> None:
    described = contract.document()["components"]["schemas"][name]
    shape = SHAPES[name]
    assert shape.__required_keys__ <= set(described.get("required", ()))
    assert set(shape.__annotations__) <= set(described["properties"])
