"""State equivalence: what a client makes of an old snapshot and the events since is what a new snapshot says."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from tests.faults.bench.town import Town
from tests.support.client import Client, Device

PEOPLE = 4
EPISODE = 60  # steps between two comparisons: below the length of a ring

State = dict[int, tuple[Any, int]]  # conversation → last message, unread


@dataclass
class Replica:
    """A client's own idea of its conversations, kept by events alone."""

    device: Device
    state: State = field(default_factory=dict)

    async def load(self) -> None:
        answer = await self.device.get("snapshot/")
        assert answer.status == 200, answer
        self.device.cursor, self.state = answer["cursor"], facts(answer.json)

    async def follow(self) -> None:
        """Every event that is there, and nothing more."""
        while True:
            answer = await self.device.next(wait=0)
            for event in answer.events:
                self.apply(event["event"], event["data"])
            if not answer.events and not answer["more"]:
                return

    def apply(self, kind: str, data: dict[str, Any]) -> None:
        id = data.get("conversation_id", 0)
        last, unread = self.state.get(id, (None, 0))
        if kind == "message":
            self.state[id] = data["message"], unread + (data["sender_id"] != self.device.id)
        elif kind == "read_receipt" and data["reader_id"] == self.device.id:
            self.state[id] = last, unread - 1


def facts(snapshot: dict[str, Any]) -> State:
    return {c["conversation_id"]: (c["last_message"], c["unread_count"]) for c in snapshot["conversations"]}


async def compare_snapshots(town: Town, steps: int) -> int:
    """Random sends and reads on every process, each episode's end compared. Returns how often."""
    source = random.Random(town.seed)
    client = Client(town.bases, town.seed)
    compared = 0
    try:
        people = await client.people(*["p"] * PEOPLE)
        replicas = [Replica(await person.another()) for person in people]
        for replica in replicas:
            await replica.load()
        for begun in range(0, steps, EPISODE):
            moves = [step(source, people, f"{begun + n}") for n in range(min(EPISODE, steps - begun))]
            while moves:
                together = [moves.pop() for _ in range(min(len(moves), source.choice((1, 1, 5))))]
                await asyncio.gather(*together)
            for replica in replicas:
                await replica.follow()
                answer = await replica.device.get("snapshot/")
                assert replica.state == facts(answer.json), f"after step {begun + EPISODE}, seed {town.seed}"
                compared += 1
    finally:
        client.close()
    town.say(f"{steps} steps, {compared} comparisons, no difference")
    return compared


async def step(source: random.Random, people: list[Device], name: str) -> None:
    one, other = source.sample(people, 2)
    if source.random() < 0.7:
        await one.sent(other, f"step {name}")
    else:
        answer = await one.mark_read(sender_id=other.id)
        assert answer.status in (200, 400, 404), answer
