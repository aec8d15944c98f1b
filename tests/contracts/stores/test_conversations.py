"""Conversations and the marks of their members."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chatserver.storage import Storage
from tests.contracts.stores.conftest import NOW, new
from tests.support.waiting import together


async def new_pair(stores: Storage) -> str:
    """Of people who have inboxes."""
    one, other = await new(stores, "user"), await new(stores, "user")
    await together(stores.inboxes.ensure(one), stores.inboxes.ensure(other))
    return f"{one}:{other}"


async def begun(stores: Storage) -> tuple[int, int, int]:
    """A conversation and its two members."""
    pair, id = await new_pair(stores), await new(stores, "conversation")
    assert await stores.beginnings.begin({pair: id}, NOW) == {pair: id}
    one, other = map(int, pair.split(":"))
    return id, one, other


@pytest.mark.gen_test
async def test_all_who_begin_the_conversation_of_one_pair_meet_in_one(stores: Storage) -> None:
    pair, ids = await new_pair(stores), [await new(stores, "conversation") for _ in range(9)]
    assert await stores.beginnings.begun([pair]) == {}
    found = await together(*(stores.beginnings.begin({pair: id}, NOW) for id in ids))
    met = {one[pair] for one in found}
    assert len(met) == 1 and met < set(ids)
    assert await stores.beginnings.begun([pair]) == {pair: (*met, 0)}, "and nothing was said yet"
    assert list(await stores.conversations.conversations(ids)) == [*met]


@pytest.mark.gen_test
async def test_the_marks_of_many_members_move_together_and_none_moves_back(stores: Storage) -> None:
    first, one, other = await begun(stores)
    second, third, _ = await begun(stores)
    await stores.conversations.move_delivered({(second, third): 9}, NOW)
    moves = {(first, one): 5, (first, other): 6, (second, third): 5}
    await stores.conversations.move_delivered(moves, NOW)
    members = await stores.conversations.members_of(moves)
    assert [members[key].delivered_seq for key in moves] == [5, 6, 9]


@pytest.mark.gen_test
async def test_who_begins_it_again_keeps_their_marks(stores: Storage) -> None:
    id, one, other = await begun(stores)
    await stores.conversations.move_delivered({(id, one): 5}, NOW)
    pair = f"{one}:{other}"
    assert await stores.beginnings.begin({pair: await new(stores, "conversation")}, NOW) == {pair: id}
    members = await stores.conversations.members(id, [one, other, 1])
    assert {member.user_id: member.delivered_seq for member in members.values()} == {one: 5, other: 0}


@pytest.mark.gen_test
async def test_a_read_moves_forward_only_and_is_pending_until_it_is_told(stores: Storage) -> None:
    id, one, _ = await begun(stores)
    first = await stores.conversations.move_read(id, one, 3, NOW)
    assert first and (first.first, first.last) == (1, 3)
    for seq in (3, 2):
        assert await stores.conversations.move_read(id, one, seq, NOW) is None
    later = NOW + timedelta(seconds=1)
    second = await stores.conversations.move_read(id, one, 5, later)
    assert second and (second.first, second.last) == (4, 5)
    assert await stores.conversations.move_read(id, 1, 5, NOW) is None, "who is no member has no mark"
    member = (await stores.conversations.members(id, [one]))[one]
    assert (member.read_seq, member.delivered_seq) == (5, 5), "what was read was delivered"
    for _ in range(2):
        await stores.conversations.finish_read(first)
    pending = await stores.conversations.pending_reads(1000)
    assert [read for read in pending if read.conversation_id == id] == [second]


@pytest.mark.gen_test
async def test_how_many_pages_are_listed_only_grows(stores: Storage) -> None:
    (id, *_), (other, *_) = await begun(stores), await begun(stores)
    for pages in (3, 2):
        await stores.conversations.set_paged({id: pages})
    assert await stores.conversations.paged([id, other]) == {id: 3}
