"""Pages of a conversation are as small as asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.waiting import together


@pytest.mark.gen_test
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10])
async def test_a_page_around_a_message_has_it_and_no_more_than_the_limit(chat: Any, limit: int) -> None:
    ann, bob, conversation = await chat.pair()
    sent = await together(*(chat.say(ann, conversation, str(number)) for number in range(20)))
    history = chat.services.messages.history
    page = await history(bob, ann.user_id, limit, around_id=sent[9].id)
    seqs = [message["seq"] for message in page.messages]
    assert len(seqs) == limit
    assert sent[9].seq in seqs
    assert seqs == list(range(seqs[0], seqs[0] - limit, -1))
    assert page.has_more
