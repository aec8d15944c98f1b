"""Whom the check looks at while the bus is healthy: everybody in turn, and at once whoever a bell may have missed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatserver.bus.local import LocalBus
from chatserver.clock import Clock
from chatserver.model import Actor
from chatserver.polls.check import Check
from chatserver.polls.hub import Hub, Present

PEOPLE = 100


class SlowBindings(LocalBus):
    """Whose broker confirms a binding when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.confirmed: set[int] = set()
        self.up = True

    @property
    def state(self) -> str:
        return "up" if self.up else "down"

    def is_bound(self, user_id: int) -> bool:
        return user_id in self.confirmed


def users(presents: Iterable[Present]) -> set[int]:
    return {present.user_id for present in presents}


def crowd() -> tuple[Any, SlowBindings]:
    bus = SlowBindings()
    hub = Hub(bus, Clock(), 60.0, 12)
    for user_id in range(1, PEOPLE + 1):
        hub.enter(Actor(user_id, user_id), None)
    inboxes: Any = None
    return Check(hub, inboxes, bus, Clock(), 0.3), bus


def test_whoever_is_bound_now_is_looked_at_once_more_and_then_in_turn() -> None:
    check, bus = crowd()
    everybody = set(range(1, PEOPLE + 1))
    assert users(check._turn()) == everybody
    bus.confirmed = set(everybody)
    assert users(check._turn()) == everybody
    for _ in range(3):
        turn = users(check._turn())
    assert len(turn) <= PEOPLE // 4


def test_after_an_outage_everybody_is_looked_at_although_all_are_bound_again() -> None:
    check, bus = crowd()
    bus.confirmed = set(range(1, PEOPLE + 1))
    for _ in range(3):
        check._turn()
    assert len(users(check._turn())) <= PEOPLE // 4
    bus.up = False
    assert len(users(check._turn())) == PEOPLE
    bus.up = True
    assert len(users(check._turn())) == PEOPLE
