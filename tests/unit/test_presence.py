"""Nodes that miss a bell about who is there: they notice at the next one and ask."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from chatserver.model import Bell
from chatserver.services.presence import BEAT_SECS, Presence
from tests.support.clock import MovedClock


@dataclass
class Here:
    """The people of one node, as its hub would hold them."""

    user_ids: set[int] = field(default_factory=set)

    def __iter__(self) -> Any:
        return (type("Present", (), {"user_id": id}) for id in self.user_ids)

    def get(self, user_id: int) -> bool | None:
        return user_id in self.user_ids or None


class Nodes:
    """Some nodes whose bells arrive at once, unless `deaf` is among those who should hear them."""

    def __init__(self, *names: str) -> None:
        self.deaf: set[str] = set()
        self.rung = 0
        self.clock = MovedClock()
        self._beating: list[asyncio.Task[None]] = []
        self.here = {name: Here() for name in names}
        self.presence: dict[str, Any] = {}
        for name in names:
            bus: Any = type("Bus", (), {"publish": lambda _, bell, name=name: self._publish(name, bell)})()
            here: Any = self.here[name]
            contacts: Any = None
            self.presence[name] = Presence(name, contacts, here, bus, self.clock)

    def _publish(self, by: str, bell: Bell) -> None:
        self.rung += 1
        assert self.rung < 50, "they answer one another for ever"
        for name, presence in self.presence.items():
            if name != by and name not in self.deaf:
                presence.heard(bell)

    def come(self, name: str, user_id: int) -> None:
        self.here[name].user_ids.add(user_id)
        self.presence[name].turned(user_id, True)

    async def begin(self, *names: str) -> None:
        """Each tells all it has at once, and from then on what changed."""
        self._beating += [asyncio.ensure_future(self.presence[name].beat()) for name in names]
        await asyncio.sleep(0)

    async def beat(self) -> None:
        """Once each, in the order in which they began."""
        self.clock.passed += BEAT_SECS
        for _ in range(3):
            await asyncio.sleep(0)

    def end(self) -> None:
        for task in self._beating:
            task.cancel()


@pytest.mark.gen_test
async def test_a_node_that_missed_a_bell_asks_at_the_next_one_and_is_told_all() -> None:
    nodes = Nodes("a", "b")
    await nodes.begin("a", "b")
    nodes.deaf = {"b"}
    nodes.come("a", 7)
    await nodes.beat()
    nodes.deaf = set()
    assert not nodes.presence["b"].is_online(7)

    await nodes.beat()

    assert nodes.presence["b"].is_online(7)
    nodes.end()


@pytest.mark.gen_test
async def test_a_node_that_starts_deaf_learns_of_everyone_at_the_first_bell_it_hears() -> None:
    nodes = Nodes("a", "b", "c")
    nodes.come("a", 7)
    nodes.deaf = {"b"}
    await nodes.begin("a", "b", "c")
    nodes.deaf = set()
    assert not nodes.presence["b"].is_online(7)

    await nodes.beat()

    assert nodes.presence["b"].is_online(7)
    rung = nodes.rung
    await nodes.beat()
    assert nodes.rung <= rung + 6, "and then they are quiet again"
    nodes.end()
