"""Counters, how far things got, and words of the host."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chatserver.model import Notification
from chatserver.storage import Storage
from tests.contracts.stores.conftest import NOW, new
from tests.support.client import unique
from tests.support.waiting import together


@pytest.mark.gen_test
async def test_a_number_is_given_once_and_numbers_rise(stores: Storage) -> None:
    noun = unique("noun")
    given = await together(*(stores.marks.next_id(noun) for _ in range(30)))
    assert sorted(given) == list(range(1, 31))
    assert await stores.marks.next_id(noun) == 31


@pytest.mark.gen_test
async def test_what_an_installation_makes_once_is_made_once_however_many_nodes_begin_at_once(
    stores: Storage,
) -> None:
    marks = stores.marks
    for make in (marks.bell_key, marks.link_key):
        keys = set(await together(*(make() for _ in range(20))))
        assert [len(key) for key in keys] == [32]
    assert len(set(await together(*(marks.installation() for _ in range(20))))) == 1


@pytest.mark.gen_test
async def test_one_node_has_a_turn_to_sweep_and_how_far_it_came_moves_forward_only(stores: Storage) -> None:
    turns = await together(*(stores.marks.claim_sweep(NOW, 5.0) for _ in range(6)))
    assert sum(turn is not None for turn in turns) == 1
    swept = NOW + timedelta(days=1)
    for began in (swept, NOW):
        await stores.marks.complete_sweep(began)
    assert await stores.marks.claim_sweep(NOW + timedelta(seconds=6), 5.0) == swept
    assert await stores.marks.claim_sweep(NOW + timedelta(seconds=7), 5.0) is None
    behind = NOW - timedelta(days=1)
    assert await stores.marks.claim_sweep(behind, 5.0) is not None, (
        "a wrong clock keeps nobody from their turn"
    )


@pytest.mark.gen_test
async def test_files_that_were_looked_at_are_not_looked_at_again(stores: Storage) -> None:
    for last in ("b", "a"):
        await stores.marks.see_files(last)
    assert await stores.marks.files_seen() == "b"


@pytest.mark.gen_test
async def test_a_notification_with_a_key_is_stored_once_and_pending_until_it_is_told(stores: Storage) -> None:
    key = unique("key")
    made = [
        Notification(await new(stores, "notification"), 1, str(n), "m", "info", NOW, key) for n in range(6)
    ]
    created = await together(*(stores.notifications.create(one) for one in made))
    assert created.count(True) == 1
    first = made[created.index(True)]
    assert await stores.notifications.by_client_id(key) == first
    assert await stores.notifications.by_ids([one.id for one in made]) == {first.id: first}
    assert first in await stores.notifications.pending(1000)
    for _ in range(2):
        await stores.notifications.finish(first.id)
    assert first not in await stores.notifications.pending(1000)
