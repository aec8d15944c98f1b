"""Conversations and the marks of their members."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chatserver.storage import Storage
from tests.contracts.stores.conftest import NOW, new
from tests.support.waiting import together


async def new_pair(stores: Storage) -> str:
    return f"{await new(stores, 'user')}:{await new(stores, 'user')}"


@pytest.mark.gen_test
async def test_all_who_begin_the_conversation_of_one_pair_meet_in_one(stores: Storage) -> None:
    pair, ids = await new_pair(stores), [await new(stores, "conversation") for _ in range(9)]
    found = await together(*(stores.conversations.start_direct(pair, id, NOW) for id in ids))
    assert len(set(found)) == 1 and found[0] in ids
    assert await stores.conversations.direct(pair) == (found[0], False)
    assert await stores.conversations.conversations(found) == {}, "it is still being made"
    for _ in range(2):
        await stores.conversations.finish(found[0])
    assert await stores.conversations.direct(pair) == (found[0], True)
    assert list(await stores.conversations.conversations(found)) == [found[0]]
    assert await stores.conversations.direct(await new_pair(stores)) is None


@pytest.mark.gen_test
async def test_the_marks_of_many_members_move_together_and_none_moves_back(stores: Storage) -> None:
    id = await new(stores, "conversation")
    await stores.conversations.add_members(id, [1, 2, 3, 4])
    await stores.conversations.move_delivered({(id, 4): 9}, NOW)
    await stores.conversations.move_delivered({(id, 1): 5, (id, 2): 5, (id, 3): 6, (id, 4): 5}, NOW)
    members = await stores.conversations.members(id, range(6))
    reached = {member.user_id: member.delivered_seq for member in members.values()}
    assert reached == {1: 5, 2: 5, 3: 6, 4: 9}


@pytest.mark.gen_test
async def test_who_is_added_again_keeps_their_marks(stores: Storage) -> None:
    id = await new(stores, "conversation")
    await stores.conversations.add_members(id, [1])
    await stores.conversations.move_delivered({(id, 1): 5}, NOW)
    await stores.conversations.add_members(id, [1, 2])
    members = await stores.conversations.members(id, [1, 2, 3])
    assert {member.user_id: member.delivered_seq for member in members.values()} == {1: 5, 2: 0}


@pytest.mark.gen_test
async def test_a_read_moves_forward_only_and_is_pending_until_it_is_told(stores: Storage) -> None:
    id = await new(stores, "conversation")
    await stores.conversations.add_members(id, [1])
    first = await stores.conversations.move_read(id, 1, 3, NOW)
    assert first and (first.first, first.last) == (1, 3)
    for seq in (3, 2):
        assert await stores.conversations.move_read(id, 1, seq, NOW) is None
    later = NOW + timedelta(seconds=1)
    second = await stores.conversations.move_read(id, 1, 5, later)
    assert second and (second.first, second.last) == (4, 5)
    assert await stores.conversations.move_read(id, 2, 5, NOW) is None, "who is no member has no mark"
    member = (await stores.conversations.members(id, [1]))[1]
    assert (member.read_seq, member.delivered_seq) == (5, 5), "what was read was delivered"
    for _ in range(2):
        await stores.conversations.finish_read(first)
    pending = await stores.conversations.pending_reads(1000)
    assert [read for read in pending if read.conversation_id == id] == [second]


@pytest.mark.gen_test
async def test_how_many_pages_are_listed_only_grows(stores: Storage) -> None:
    id, other = await new(stores, "conversation"), await new(stores, "conversation")
    for one in (id, other):
        await stores.conversations.start_direct(await new_pair(stores), one, NOW)
    for pages in (3, 2):
        await stores.conversations.set_paged({id: pages})
    assert await stores.conversations.paged([id, other]) == {id: 3}
