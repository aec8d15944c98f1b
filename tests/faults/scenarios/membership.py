"""Joining, leaving and sending at the same moment, on two nodes: who sees what.

A person is in, out, or changing. What is sent while they are in must reach them, what is sent while they are out must
not, and either is right for what is sent while that changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from chatserver.errors import NotFound, Unavailable
from chatserver.model import Actor, Conversation
from chatserver.settings import Settings
from tests.faults.bench.town import Town
from tests.unit.conftest import Chat

PEOPLE = 5
ROUNDS = 50  # of one example
KINDS = st.sampled_from(("say", "say", "join", "leave"))
ACTS = st.tuples(KINDS, st.integers(1, PEOPLE - 1), st.integers(0, 1))
# Mostly about one person: only then do their joins and leaves cross.
CROWD = st.lists(st.tuples(KINDS, st.sampled_from((1, 1, 1, 2)), st.integers(0, 1)), min_size=2, max_size=6)


@dataclass
class Known:
    """What one person was, from when to when, by the ticks of the world; and what reached them."""

    actor: Actor
    is_in: bool
    version: int
    spans: list[tuple[bool, int, float]] = field(default_factory=list)
    since: int = 0
    changing: int = 0
    told_again: bool = False
    seen: list[int] = field(default_factory=list)


class World:
    """Two nodes, one group. The founder, person 0, never leaves."""

    def __init__(self, nodes: list[Chat]) -> None:
        self.nodes = nodes
        self.tick = 0
        self.crowded = False  # several do something at once
        self.people: list[Known] = []
        self.sent: dict[int, tuple[int, int]] = {}  # seq → first and last tick of its send
        self.group: Conversation

    async def begin(self, actors: list[Actor]) -> None:
        self.group = await self.nodes[0].group(actors[0], actors[1])
        for n, actor in enumerate(actors):
            inbox = await self.nodes[0].inbox(actor)
            self.people.append(Known(actor, n < 2, inbox.version))

    def now(self) -> int:
        self.tick += 1
        return self.tick

    async def act(self, kind: str, who: int, node: int) -> None:
        """Whoever cannot do it says something or comes back instead."""
        person, chat = self.people[who], self.nodes[node]
        if kind == "say":
            speaker = person if person.is_in and not person.changing else self.people[0]
            begun = self.now()
            message = await chat.say(speaker.actor, self.group, f"tick {begun}")
            self.sent[message.seq] = begun, self.now()
        elif kind == "leave":
            await self.change(person, chat.services.memberships.leave(person.actor, self.group.id))
        else:
            founder = self.people[0].actor
            joining = chat.services.memberships.add(founder, self.group.id, person.actor.user_id)
            await self.change(person, joining)

    async def change(self, person: Known, change: Awaitable[object]) -> None:
        if not person.changing:
            person.spans.append((person.is_in, person.since, self.now()))
        person.changing += 1
        try:
            await change
        except NotFound:
            pass  # was not in
        except Unavailable:
            assert self.crowded, "nobody else changed it"
            person.told_again = True
        person.changing -= 1
        if not person.changing:
            person.is_in = await self.settle(person)
            person.told_again = False
            person.since = self.now()

    async def settle(self, person: Known) -> bool:
        """Head and membership are both there or both not; who was told to try again does."""
        stores = self.nodes[0].storage
        c, user_id = self.group.id, person.actor.user_id
        while True:
            head = c in (await stores.inboxes.heads([user_id], [c])).get(user_id, {})
            found = await stores.groups.member(c, user_id)
            member = found is not None and found.state == "member"
            if head == member:
                return head
            assert person.told_again, f"head {head}, member {member}, and nobody was told to try again"
            await self.nodes[0].services.memberships.settle(c, user_id)

    async def look(self) -> None:
        """Everybody reads what is new in their inbox, and whoever is in has all there is."""
        heads = await self.nodes[0].storage.inboxes.heads(
            [person.actor.user_id for person in self.people], [self.group.id]
        )
        last = await self.nodes[0].storage.messages.head(self.group.id)
        for person in self.people:
            user_id = person.actor.user_id
            assert heads.get(user_id, {}).get(self.group.id) == (last if person.is_in else None)
            tail = (await self.nodes[0].storage.inboxes.tails({user_id: person.version}))[user_id]
            for entry in tail.entries[len(tail.entries) - (tail.version - person.version) :]:
                if entry.kind == "messages" and entry.conversation_id == self.group.id:
                    person.seen += range(entry.first, entry.last + 1)
            person.version = tail.version

    def judge(self) -> None:
        for person in self.people:
            assert all(a < b for a, b in pairwise(person.seen)), f"out of order or twice: {person.seen}"
            seen = set(person.seen)
            for was_in, begin, end in [*person.spans, (person.is_in, person.since, float("inf"))]:
                inside = {seq for seq, (begun, done) in self.sent.items() if begin <= begun and done <= end}
                if was_in:
                    assert inside <= seen, f"never reached {person}: {sorted(inside - seen)}"
                else:
                    assert not inside & seen, f"leaked to {person}: {sorted(inside & seen)}"


def race_memberships(town: Town, rounds: int) -> int:
    """Examples of ROUNDS rounds each until there were `rounds` of them."""
    counted = {"rounds": 0, "sent": 0, "seen": 0, "changes": 0}

    with asyncio.Runner() as runner:
        nodes = [runner.run(open_node(town, number)) for number in range(2)]
        actors = [runner.run(nodes[0].person()) for _ in range(PEOPLE)]

        class Machine(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.world = World(nodes)
                runner.run(self.world.begin(actors))

            @rule(act=ACTS)
            def one_at_a_time(self, act: Any) -> None:
                self.round([act])

            @rule(acts=CROWD)
            def all_at_once(self, acts: Any) -> None:
                self.round(acts)

            def round(self, acts: list[Any]) -> None:
                async def together() -> None:
                    self.world.crowded = len(acts) > 1
                    await asyncio.gather(*(self.world.act(*act) for act in acts))
                    await self.world.look()

                runner.run(together())
                self.world.judge()
                counted["rounds"] += 1
                if counted["rounds"] % 500 == 0:
                    town.say(f"{counted['rounds']} rounds")

            def teardown(self) -> None:
                counted["sent"] += len(self.world.sent)
                counted["seen"] += sum(len(person.seen) for person in self.world.people)
                counted["changes"] += sum(len(person.spans) for person in self.world.people)

        settings = hypothesis.settings(
            max_examples=rounds // (ROUNDS - 10) + 1,  # some end early
            stateful_step_count=ROUNDS,
            phases=[hypothesis.Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        try:
            run_state_machine_as_test(hypothesis.seed(town.seed)(Machine), settings=settings)
        finally:
            for node in nodes:
                runner.run(node.close())
    town.show(
        f"{counted['rounds']} rounds, {counted['sent']} messages, {counted['changes']} changes of membership,"
        f" {counted['seen']} seen; none leaked, none missing"
    )
    town.row.acknowledged += counted["sent"]
    town.row.delivered += counted["seen"]
    return counted["rounds"]


async def open_node(town: Town, number: int) -> Chat:
    settings = Settings(mongodb_uri=town.mongo.uri, mongodb_database="faults_membership")
    return await Chat(settings, f"node {number}").open()
