"""A fan-out that no majority confirms in time is one to be tried again, not an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Advance
from chatserver.storage.driver import Collection, make_client
from chatserver.storage.gate import Gate
from chatserver.storage.inboxes import InboxStore
from tests.faults.bench.replicas import ReplicaSet
from tests.support.waiting import eventually

TIMEOUT_SECS = 2.0


@pytest.fixture
def replicas() -> Iterator[ReplicaSet]:
    made = ReplicaSet()
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.mark.gen_test
async def test_a_fan_out_that_no_majority_confirmed_in_time_is_tried_again(
    replicas: ReplicaSet, io_loop: Any
) -> None:
    client = make_client(replicas.uri, "motor", TIMEOUT_SECS)
    inboxes = InboxStore(Collection(client["faults"]["inboxes"], Gate(4, Clock())))
    try:
        for user_id in (1, 2):
            await inboxes.ensure(user_id)
        await inboxes.join([1, 2], 7, 0)
        assert await inboxes.advance([Advance(7, 1, 1, (1, 2), {1: 1})])
        replicas.doubt_next("update")
        with pytest.raises(Unavailable):  # what FanOut tries again
            await inboxes.advance([Advance(7, 2, 2, (1, 2), {1: 1})])

        async def done() -> bool:
            return await inboxes.lowest_head(7, 2, [1, 2]) is None

        await eventually(done, 10, "it was done: once a majority has it the repair finds nothing to do")
    finally:
        client.close()
