"""Inboxes: every step may be repeated, marks go forward only, and who is not a member gets nothing."""

from __future__ import annotations

import pytest

from chatserver.cursor import Cursor
from chatserver.model import Advance, Entry, Inbox, KnownVersion, Owed
from chatserver.storage import Storage
from tests.contracts.stores.conftest import inboxes, new


async def inbox(stores: Storage, user_id: int) -> Inbox:
    found = await stores.inboxes.inbox(user_id)
    assert found is not None
    return found


async def ring(stores: Storage, user_id: int) -> list[Entry]:
    return list((await stores.inboxes.tails({user_id: None}))[user_id].entries)


@pytest.mark.gen_test
async def test_an_inbox_is_made_once_and_a_head_given_once(stores: Storage) -> None:
    id = await new(stores)
    [ann] = await inboxes(stores, 1, id)
    assert await stores.inboxes.advance([Advance(id, 1, 1, (ann,))]) == 1
    before = await inbox(stores, ann)
    await stores.inboxes.ensure(ann)
    await stores.inboxes.join([ann], id, 0)
    await stores.inboxes.join([ann], id, 7)
    assert await inbox(stores, ann) == before
    assert before.heads == {id: 1} and await stores.inboxes.memberships([ann]) == {ann: [id]}


@pytest.mark.gen_test
async def test_who_leaves_is_told_once_and_keeps_nothing_of_the_conversation(stores: Storage) -> None:
    id = await new(stores)
    [ann] = await inboxes(stores, 1, id)
    for _ in range(2):
        await stores.inboxes.leave(ann, Entry("left", id, rev=1))
    assert [entry.kind for entry in await ring(stores, ann)] == ["left"]
    found = await inbox(stores, ann)
    assert (found.version, found.heads, found.reads) == (1, {}, {})


@pytest.mark.gen_test
async def test_an_advance_moves_who_stands_right_before_it_and_nobody_twice(stores: Storage) -> None:
    id = await new(stores)
    ann, bob, cat = await inboxes(stores, 3, id)
    assert await stores.inboxes.advance([Advance(id, 1, 1, (ann, bob))]) == 2
    both = Advance(id, 2, 3, (ann, bob, cat), {ann: 2})
    assert await stores.inboxes.advance([both]) == 2, "one of them is behind"
    before = [await inbox(stores, person) for person in (ann, bob, cat)]
    assert await stores.inboxes.advance([both]) == 0
    assert [await inbox(stores, person) for person in (ann, bob, cat)] == before
    assert [one.heads[id] for one in before] == [3, 3, 0]
    assert [one.unread(id) for one in before] == [1, 3, 0], "one's own do not count"


@pytest.mark.gen_test
async def test_an_inbox_that_is_not_as_it_was_claimed_is_left_to_the_repair(stores: Storage) -> None:
    id = await new(stores)
    ann, bob = await inboxes(stores, 2, id)
    claims = {
        ann: KnownVersion((await inbox(stores, ann)).epoch, 0, 0.0, 0),
        bob: KnownVersion((await inbox(stores, bob)).epoch, 7, 0.0, 0),
    }
    assert await stores.inboxes.advance([Advance(id, 1, 1, (ann, bob), {}, is_direct=True)], claims) == 1
    assert await stores.inboxes.heads([ann, bob], [id]) == {ann: {id: 1}, bob: {id: 0}}


@pytest.mark.gen_test
async def test_a_repair_brings_each_forward_from_where_they_stand_and_then_finds_nothing_to_do(
    stores: Storage,
) -> None:
    id = await new(stores)
    ann, bob = await inboxes(stores, 2, id)
    await stores.inboxes.advance([Advance(id, 1, 2, (ann,))])
    assert await stores.inboxes.lowest_head(id, 4, [ann, bob]) == 0
    senders = [(ann, 1), (ann, 2), (bob, 3), (ann, 4)]
    assert await stores.inboxes.repair(id, 4, [ann, bob], senders) == 2
    assert (await ring(stores, ann))[-1] == Entry("messages", id, 3, 4)
    assert (await ring(stores, bob))[-1] == Entry("messages", id, 1, 4)
    assert [(await inbox(stores, person)).own[id] for person in (ann, bob)] == [1, 1]
    before = [await inbox(stores, person) for person in (ann, bob)]
    for last in (4, 3):
        assert await stores.inboxes.lowest_head(id, last, [ann, bob]) is None
        assert await stores.inboxes.repair(id, last, [ann, bob], senders) == 0
    assert [await inbox(stores, person) for person in (ann, bob)] == before


@pytest.mark.gen_test
async def test_the_second_log_moves_forward_only(stores: Storage) -> None:
    id = await new(stores)
    ann, bob = await inboxes(stores, 2, id)
    assert await stores.inboxes.advance_facts(id, 3, [ann, bob]) == 2
    for last in (3, 2):
        assert await stores.inboxes.advance_facts(id, last, [ann, bob]) == 0
    assert await stores.inboxes.advance_facts(id, 5, [ann]) == 1
    assert await ring(stores, ann) == [Entry("facts", id, 1, 3), Entry("facts", id, 4, 5)]


@pytest.mark.gen_test
async def test_an_entry_with_a_key_is_pushed_once(stores: Storage) -> None:
    id = await new(stores)
    ann, bob = await inboxes(stores, 2, id)
    entry = Entry("read", id, 1, 4, user_id=bob)
    assert await stores.inboxes.push([ann], entry) == 1
    assert await stores.inboxes.push([ann, bob], entry) == 1, "where it is not yet"
    assert await stores.inboxes.push([ann, bob], entry) == 0
    assert await ring(stores, ann) == await ring(stores, bob) == [entry]
    assert await stores.inboxes.versions([ann, bob]) == {ann: 1, bob: 1}


@pytest.mark.gen_test
async def test_nothing_reaches_who_is_not_a_member_or_is_not_any_more(stores: Storage) -> None:
    id, elsewhere = await new(stores), await new(stores)
    ann, gone = await inboxes(stores, 2, id)
    [stranger] = await inboxes(stores, 1, elsewhere)
    await stores.inboxes.leave(gone, Entry("left", id, rev=1))
    everybody = (ann, gone, stranger)
    before = [await inbox(stores, person) for person in (gone, stranger)]
    advance = Advance(id, 1, 1, everybody, {ann: 1})
    assert await stores.inboxes.advance([advance]) == 1
    assert await stores.inboxes.repair(id, 2, everybody, [(ann, 2)]) == 1
    assert await stores.inboxes.advance_facts(id, 1, everybody) == 1
    assert await stores.inboxes.push(everybody, Entry("read", id, 1, 1, ann)) == 1
    assert [await inbox(stores, person) for person in (gone, stranger)] == before
    assert len(await ring(stores, ann)) == 4


@pytest.mark.gen_test
async def test_ones_own_read_mark_is_set_only_where_the_inbox_stands_as_it_was_read(stores: Storage) -> None:
    id = await new(stores)
    [ann] = await inboxes(stores, 1, id)
    await stores.inboxes.advance([Advance(id, 1, 3, (ann,))])
    before = await inbox(stores, ann)
    entry = Entry("read", id, 1, 2, user_id=ann)
    assert await stores.inboxes.move_read(ann, entry, before, 0)
    assert (await inbox(stores, ann)).unread(id) == 1
    assert not await stores.inboxes.move_read(ann, entry, before, 0)
    assert (await inbox(stores, ann)).version == 2


@pytest.mark.gen_test
async def test_the_ring_tells_as_much_as_is_asked_for_and_never_more_than_a_hundred(stores: Storage) -> None:
    id = await new(stores)
    [ann] = await inboxes(stores, 1, id)
    for seq in range(1, 131):
        await stores.inboxes.advance([Advance(id, seq, seq, (ann,))])
    whole = (await stores.inboxes.tails({ann: None}))[ann]
    assert [entry.last for entry in whole.entries] == list(range(31, 131))
    assert (whole.version, whole.oldest_version) == (130, 30)
    assert [e.last for e in (await stores.inboxes.tails({ann: 127}))[ann].entries] == [128, 129, 130]
    assert (await stores.inboxes.newest({ann: None}, 2))[ann].entries == whole.entries[-2:]


@pytest.mark.gen_test
async def test_what_is_owed_is_owed_once_until_a_device_has_it(stores: Storage) -> None:
    [ann] = await inboxes(stores, 1, await new(stores))
    entries = [Entry("notification", ref=ref) for ref in (1, 2, 3)]
    for entry in (*entries, *entries):
        assert not await stores.owed.add(ann, entry)
    found = await inbox(stores, ann)
    assert found.owed == (Owed(1, 1), Owed(2, 2), Owed(3, 3)) and found.version == 3
    await stores.owed.passed(ann, Cursor("another", 9))
    await stores.owed.passed(ann, Cursor(found.epoch, 1))
    await stores.owed.missed(ann)
    await stores.owed.passed(ann, Cursor(found.epoch, 3))
    assert (await inbox(stores, ann)).owed == (Owed(2, 2, True), Owed(3, 3, True)), "nobody was given them"
    await stores.owed.shown(ann, [2])
    await stores.owed.passed(ann, Cursor(found.epoch, 3))
    await stores.owed.given(ann, [3])
    assert (await inbox(stores, ann)).owed == ()
