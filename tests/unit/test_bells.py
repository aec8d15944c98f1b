"""A bell is a hint: what it says of messages and sessions counts only where the database says so too."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chatserver import metrics, wire
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.model import STRANGE, Advance, Bell
from tests.support.metrics import value
from tests.support.waiting import eventually, held, together
from tests.unit.test_events import texts

NOBODY = 1 << 40


def session_bells(actor: Any) -> list[Bell]:
    return [
        Bell("session", (), {"user_id": actor.user_id, "session_id": actor.session_id}),
        Bell("sessions", (), {"user_id": actor.user_id, "but": 0, "last": NOBODY}),
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["session", "sessions"])
@pytest.mark.gen_test
async def test_a_session_that_is_said_to_be_over_and_is_not_goes_on(chat: Any, which: int) -> None:
    ann, bob, conversation = await chat.pair()
    poll = await held(chat.poll(bob, await chat.cursor(bob), wait=20))
    plain = await held(chat.poll(bob, wait=20))
    for _ in range(3):
        chat.services.bells.heard(session_bells(bob)[which])
    await chat.say(ann, conversation, "still here?")
    assert texts(await poll) == texts(await plain) == ["still here?"]


@pytest.mark.parametrize("which", [0, 1], ids=["session", "sessions"])
@pytest.mark.gen_test
async def test_a_session_that_is_said_to_be_over_and_is_ends_though_its_inbox_does_not_say_so(
    chat: Any, which: int
) -> None:
    ann = await chat.person()
    polls = [await held(chat.poll(ann, await chat.cursor(ann), wait=20)), await held(chat.poll(ann, wait=20))]
    assert await chat.storage.sessions.delete(ann.user_id, ann.session_id)  # by a node that died there
    chat.services.bells.heard(session_bells(ann)[which])
    for poll in polls:
        with pytest.raises(TokenInvalid):
            await poll


@pytest.mark.gen_test
async def test_who_is_said_to_be_signed_out_while_the_database_is_away_is_looked_up_when_it_is_back(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await chat.person()
    places = chat.services.kept_places
    poll = await held(chat.poll(ann, await chat.cursor(ann), wait=20))
    real, asked = places.prove, []

    async def away_at_first(actor: Any) -> None:
        asked.append(actor)
        if len(asked) < 3:
            raise Unavailable("Made to fail.")
        await real(actor)

    monkeypatch.setattr(places, "prove", away_at_first)
    await chat.storage.sessions.delete(ann.user_id, ann.session_id)
    chat.services.bells.heard(session_bells(ann)[0])
    with pytest.raises(TokenInvalid):
        await poll
    assert len(asked) == 3


@pytest.mark.parametrize("more", [{"sender_id": NOBODY}, {"sender_id": "x"}, {"sender_id": None}])
@pytest.mark.gen_test
async def test_a_message_of_somebody_unknown_in_a_bell_is_read_from_the_log(
    chat: Any, more: dict[str, Any]
) -> None:
    ann, bob, conversation = await chat.pair()
    said = await chat.append_only(ann, conversation, "as it stands in the log")
    hint = {**wire.message_hint(said), "text": "as a bell says", **more}
    chat.services.bells.heard(Bell("message", conversation.member_ids, hint))
    cursor = await chat.cursor(bob)
    await chat.fanout.repair(Advance(conversation.id, 1, 1, conversation.member_ids))
    with pytest.raises(Unavailable):
        await chat.poll(bob, cursor)
    assert texts(await chat.poll(bob, cursor)) == ["as it stands in the log"]


@pytest.mark.parametrize(
    "bell",
    [
        Bell(STRANGE, ()),
        Bell("message", (), {}),
        Bell("message", (), {"id": "x"}),
        Bell("session", (), {"user_id": []}),
        Bell("sessions", (), {}),
        Bell("supersede", (NOBODY,), {}),
        Bell("disconnect", (), {}),
        Bell("typing", (NOBODY,), {}),
        Bell("nodes", (), {"node": "x", "number": 1}),
    ],
    ids=lambda bell: bell.kind,
)
@pytest.mark.gen_test
async def test_what_is_no_proper_bell_makes_the_next_check_look_at_everyone_once(
    chat: Any, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await chat.person() for _ in range(10)]
    polls = [await held(chat.poll(one, await chat.cursor(one), wait=20), 0.02) for one in people]
    versions, looked_at = chat.storage.inboxes.versions, []

    async def counted(user_ids: list[int]) -> Any:
        looked_at.append(len(user_ids))
        return await versions(user_ids)

    async def look() -> int:
        """At how many people the next check looks."""
        looked_at.clear()
        await eventually(lambda: looked_at)
        return int(looked_at[0])

    monkeypatch.setattr(chat.storage.inboxes, "versions", counted)
    checking = asyncio.ensure_future(chat.check.run())
    for _ in range(3):  # after which nobody is new here
        await look()
    reads = value(metrics.INBOX_READS)
    for _ in range(100):
        chat.services.bells.heard(bell)
    assert await look() == len(people)
    assert await look() < len(people)
    assert value(metrics.INBOX_READS) == reads, "nobody was woken"
    checking.cancel()
    chat.hub.close()
    await together(*polls)


def malformed() -> float:
    return REGISTRY.get_sample_value("chat_malformed_bells_total") or 0.0


@pytest.mark.gen_test
async def test_a_bell_of_an_unknown_kind_rings_nothing_and_is_no_mistake(chat: Any) -> None:
    ann, _, _ = await chat.pair()
    poll = await held(chat.poll(ann, await chat.cursor(ann), wait=60))
    before = malformed()

    chat.services.bells.heard(Bell("of tomorrow", (ann.user_id,), {"reaction": "👍"}))

    assert malformed() == before
    await held(poll)
    chat.hub.close()
    await poll


@pytest.mark.gen_test
async def test_a_bell_of_a_known_kind_may_carry_more_than_this_release_knows(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    poll = await held(chat.poll(bob, await chat.cursor(bob), wait=60))
    before = malformed()
    message = await chat.say(ann, conversation, "hello")

    body = {**wire.message_hint(message), "mentions": [bob.user_id]}
    chat.services.bells.heard(Bell("message", (ann.user_id, bob.user_id), body))

    assert malformed() == before
    assert texts(await poll) == ["hello"]
