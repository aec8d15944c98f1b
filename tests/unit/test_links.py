"""How long a link lasts, and whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatserver.model import Attachment, Message
from chatserver.services.links import Links
from tests.support.clock import SkippingClock
from tests.unit.conftest import Chat

FILE = Attachment("1", "a.txt", "text/plain", 1, "0" * 64)


async def written(chat: Chat) -> Message:
    ann, _, conversation = await chat.pair()
    return replace(await chat.say(ann, conversation, "look"), attachment=FILE)


@pytest.mark.gen_test
async def test_a_link_is_over_after_an_hour_and_opens_where_the_same_key_is_only(chat: Chat) -> None:
    ann, _, _ = await chat.pair()
    message = await written(chat)
    clock = SkippingClock()
    here, there, elsewhere = (Links(key, clock) for key in (b"one", b"one", b"other"))
    link = here.to_file(ann.at("http://a.example"), message)
    assert link is not None and link.startswith("http://a.example/api/v1/")
    given = link.partition("?link=")[2]
    assert there.opens(message.id, given), "any node of the installation"
    assert not elsewhere.opens(message.id, given)
    assert not there.opens(message.id + 1, given)
    clock.skip(3595)
    assert there.opens(message.id, given)
    clock.skip(6)
    assert not there.opens(message.id, given)
    assert here.to_file(ann, replace(message, attachment=None)) is None
