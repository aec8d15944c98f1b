"""State equivalence: what a client makes of an old snapshot and the events since is what a new snapshot says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.faults.bench.town import Town
from tests.faults.scenarios.processes import start_again
from tests.support.client import Client, Device
from tests.support.waiting import eventually

PEOPLE = 4
STEPS = 50  # of one example: below the length of a ring
RESTARTS = 30

State = dict[int, tuple[Any, int]]  # conversation → last message, unread
MOVES = st.tuples(st.sampled_from(("send", "send", "read")), st.permutations(range(PEOPLE)))


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

    async def compare(self) -> None:
        await self.follow()
        answer = await self.device.get("snapshot/")
        assert self.state == facts(answer.json)


def facts(snapshot: dict[str, Any]) -> State:
    return {c["conversation_id"]: (c["last_message"], c["unread_count"]) for c in snapshot["conversations"]}


@dataclass
class Counted:
    steps: int = 0
    sent: int = 0
    compared: int = 0
    restarts: int = 0


def compare_snapshots(town: Town, steps: int) -> Counted:
    """Sends, reads, polls and restarts on every process, drawn by Hypothesis; every example's end compared."""
    counted = Counted()
    with asyncio.Runner() as runner:
        client, people, replicas = runner.run(arrive(town))

        class Machine(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.rested = 0
                self.do(*(replica.load() for replica in replicas))

            def do(self, *work: Coroutine[Any, Any, Any]) -> None:
                async def together() -> None:
                    await asyncio.gather(*work)

                runner.run(together())

            @rule(moves=st.lists(MOVES, min_size=1, max_size=5))
            def move(self, moves: Any) -> None:
                """Up to five people at the same moment, each on a process of its own choice."""
                self.do(*(move(people, counted, kind, who) for kind, who in moves))
                counted.steps += len(moves)
                self.rested += 1
                if counted.steps % 1000 < len(moves):
                    town.say(
                        f"{counted.steps} steps, {counted.compared} comparisons, {counted.restarts} restarts"
                    )

            @rule(who=st.integers(0, PEOPLE - 1))
            def poll(self, who: int) -> None:
                self.do(replicas[who].follow())
                counted.steps += 1

            @rule(who=st.integers(0, PEOPLE - 1))
            def compare(self, who: int) -> None:
                self.do(replicas[who].compare())
                counted.compared += 1

            @precondition(lambda self: self.rested > 15 and counted.restarts < RESTARTS)
            @rule(number=st.integers(0, len(town.servers) - 1))
            def restart(self, number: int) -> None:
                """kill -9, and back with the same address and nothing remembered."""
                self.rested = 0
                counted.restarts += 1
                town.servers[number].kill()
                self.do(start_again(town.servers[number]))

            def teardown(self) -> None:
                self.do(*(replica.compare() for replica in replicas))
                counted.compared += len(replicas)

        settings = hypothesis.settings(
            max_examples=3 * steps // (2 * STEPS) + 2,  # many end early
            stateful_step_count=STEPS,
            phases=[hypothesis.Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        try:
            run_state_machine_as_test(hypothesis.seed(town.seed)(Machine), settings=settings)
        finally:
            client.close()
    town.row.acknowledged += counted.sent
    town.show(
        f"{counted.steps} steps, {counted.restarts} restarts, {counted.compared} comparisons, no difference"
    )
    return counted


async def arrive(town: Town) -> tuple[Client, list[Device], list[Replica]]:
    client = Client(town.bases, town.seed)
    people = await client.people(*["p"] * PEOPLE)
    return client, people, [Replica(await person.another()) for person in people]


async def move(people: list[Device], counted: Counted, kind: str, who: list[int]) -> None:
    one, other = people[who[0]], people[who[1]]
    if kind == "send":
        name = f"step {counted.steps}.{counted.sent}"
        counted.sent += 1
        await eventually(lambda: sent(one, other, name))
    else:
        answer = await one.mark_read(sender_id=other.id)
        assert answer.status in (200, 400, 404), answer


async def sent(one: Device, other: Device, name: str) -> bool:
    answer = await one.send(other, name, client_id=name)
    assert answer.status in (200, 201), answer
    return True
