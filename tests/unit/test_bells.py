"""Bells of nodes that know more than this one."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY

from chatserver import wire
from chatserver.model import Bell
from tests.support.waiting import held
from tests.unit.test_events import texts


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
