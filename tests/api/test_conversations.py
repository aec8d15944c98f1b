"""Conversations as their members see them: `conversations/{id}/`."""

from __future__ import annotations

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.support.client import Client


@pytest.mark.gen_test
async def test_a_direct_conversation_has_no_name_and_shows_the_other_person(pair: Pair) -> None:
    for me, other, unread in ((pair.ann, pair.bob, 1), (pair.bob, pair.ann, 2)):
        shown = await me.get(f"conversations/{pair.conversation_id}/")
        assert (shown.status, shown["id"], shown["kind"], shown["preset"]) == (
            200,
            pair.conversation_id,
            "direct",
            "direct",
        )
        assert (shown["name"], shown["owner_id"], shown["member_count"]) == (None, None, 2)
        assert [one["id"] for one in shown["preview"]] == [other.id]
        assert shown["last_message"]["message"] == "yes"
        assert shown["my"]["unread_count"] == unread
        assert (shown["my"]["role"], "send" in shown["my"]["can"], "leave" in shown["my"]["can"]) == (
            "member",
            True,
            False,
        )


@pytest.mark.gen_test
async def test_notes_to_self_show_oneself(client: Client) -> None:
    (ann,) = await client.people("ann")
    note = await ann.sent(ann, "remember")
    shown = (await ann.get(f"conversations/{note['conversation_id']}/")).json
    assert ([one["id"] for one in shown["preview"]], shown["member_count"]) == ([ann.id], 1)


@pytest.mark.gen_test
async def test_a_stranger_learns_nothing_of_a_conversation(pair: Pair, client: Client) -> None:
    (eve,) = await client.people("eve")
    theirs = assert_problem(await eve.get(f"conversations/{pair.conversation_id}/"), 404, "not_found")
    for nowhere in (pair.conversation_id + 100_000, (1 << 30) + 1, 9_999_999_999_999_999):
        none = assert_problem(await eve.get(f"conversations/{nowhere}/"), 404, "not_found")
        assert none["detail"] == theirs["detail"]
