"""Failpoints do nothing unless told to, and then exactly what they were told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import failpoints
from chatserver.errors import StartupError, Unavailable


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def test_nothing_is_armed_unless_asked_for() -> None:
    assert not failpoints.armed
    failpoints.arm("before_ack=raise")
    assert failpoints.armed
    failpoints.arm("")
    assert not failpoints.armed


@pytest.mark.gen_test
async def test_an_action_is_taken_at_its_point_every_nth_time(io_loop: Any) -> None:
    failpoints.arm("before_ack=raise/3,after_append=sleep:0")
    await failpoints.reach("after_append")
    await failpoints.reach("before_fanout")
    for _ in range(2):
        await failpoints.reach("before_ack")
        await failpoints.reach("before_ack")
        with pytest.raises(Unavailable):
            await failpoints.reach("before_ack")


@pytest.mark.parametrize(
    "written",
    [
        "nowhere=kill",
        "before_ack",
        "before_ack=dance",
        "before_ack=sleep",
        "before_ack=kill:3",
        "before_ack=kill/0",
    ],
)
def test_what_cannot_be_understood_ends_the_start(written: str) -> None:
    with pytest.raises(StartupError):
        failpoints.arm(written)
