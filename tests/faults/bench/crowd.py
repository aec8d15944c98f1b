"""Groups that people write into while some of them leave, are removed or banned, come back and change their role.

Each change is repeated until it is answered. What a person was for certain, and from when on, the oracle is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.bench.oracle import Oracle
from tests.faults.bench.wire import Line, Reply
from tests.support.client import Device, unique
from tests.support.waiting import eventually

PAUSE_SECS = (0.05, 0.3)  # before a request is tried again
STAYS_SECS = (0.3, 2.5)  # between two changes of one person
MOVERS = 3  # of a group: those who come and go
PAGE = 200
FAILED = (OSError, TimeoutError)
OUTS = ("leave", "kick", "ban")


@dataclass
class Group:
    """`members` on the devices they send with. The first is the owner, who never leaves."""

    id: int
    members: list[Device]
    speakers: list[Device]
    movers: list[Device]
    states: dict[int, str] = field(default_factory=dict)  # user → in | out | banned | changing
    changed_at: dict[int, float] = field(default_factory=dict)  # user → the last beginning or end of a change

    @property
    def owner(self) -> Device:
        return self.members[0]

    def turn(self, mover: Device, state: str) -> None:
        self.states[mover.id] = state
        self.changed_at[mover.id] = time.monotonic()

    def excuses(self, sender: Device, status: int, begun: float) -> bool:
        """Whether a send tried at `begun` may be refused so: not by a group that they were in all the time."""
        was_in = self.states[sender.id] == "in" and self.changed_at.get(sender.id, 0.0) < begun
        return status in (403, 404) and not was_in


class Crowd:
    def __init__(self, oracle: Oracle, chance: random.Random, line: Callable[[], Line]) -> None:
        """`line` opens one more connection for somebody."""
        self.groups: list[Group] = []
        self._oracle, self._random, self._line = oracle, chance, line

    async def begin(self, people: list[Device]) -> None:
        """One more group. Whoever is second says nothing, if there are enough others, so that all is unread to them."""
        members = people[: MOVERS + 3]
        quiet = members[1:2] if len(members) > 3 else []
        speakers = [one for one in members if one not in quiet]
        movers = speakers[1 : 1 + MOVERS]
        body = {
            "preset": "group",
            "member_ids": [one.id for one in members[1:]],
            "policy": {"history": "joined"},
            "client_id": unique("crowd"),
        }
        reply = await self._asked(self._line(), "POST", "conversations/", members[0], body)
        assert reply.status in (200, 201), reply
        group = Group(reply.json["id"], members, speakers, movers, {one.id: "in" for one in members})
        self._oracle.group(group.id, [one.id for one in members])
        self.groups.append(group)

    def pick(self) -> tuple[Group, Device]:
        """A group, and a member who says something there."""
        group = self._random.choice(self.groups)
        inside = [one for one in group.speakers if group.states[one.id] == "in"]
        return group, self._random.choice(inside)

    async def churn(self, group: Group, mover: Device, goes_on: Callable[[], bool]) -> None:
        """This person's comings and goings, one after another."""
        line = self._line()
        while goes_on():
            await asyncio.sleep(self._random.uniform(*STAYS_SECS))
            if not goes_on():
                return
            state = group.states[mover.id]
            if state == "in" and self._random.random() < 0.25:
                await self._promote(line, group, mover)
            elif state == "in":
                await self._out(line, group, mover, self._random.choice(OUTS))
            else:
                await self._in(line, group, mover, state)

    async def read_back(self) -> None:
        """The whole log of every group, what each person is shown of it, and what they are said to have unread."""
        line = self._line()
        for group in self.groups:
            log: list[dict[str, Any]] = []

            async def told(group: Group = group, log: list[dict[str, Any]] = log) -> bool:
                log[:] = await self.history(line, group.owner, group.id)
                return sum(message["kind"] == "system" for message in log) >= self._oracle.changes(group.id)

            # What the log lacks of changes by then, the verdict names.
            with contextlib.suppress(AssertionError):
                await eventually(told)
            for message in log:
                self._oracle.store(message)
            for member in group.members:
                for message in await self.history(line, member, group.id):
                    self._oracle.show(member.id, message)
                if group.states[member.id] == "in":
                    reply = await self._asked(line, "GET", f"conversations/{group.id}/", member)
                    self._oracle.count_unread(member.id, group.id, reply.json["my"]["unread_count"])

    async def history(self, line: Line, reader: Device, conversation_id: int) -> list[dict[str, Any]]:
        """All that they are shown, oldest first; nothing where they are no member."""
        found: list[dict[str, Any]] = []
        before: dict[str, Any] = {}
        while True:
            path = f"conversations/{conversation_id}/messages/"
            reply = await self._asked(line, "GET", path, reader, limit=PAGE, **before)
            if reply.status in (403, 404):
                return []
            assert reply.status == 200, reply
            found += reply.json["messages"]
            if not reply.json["has_more"]:
                return found[::-1]
            before = {"before_id": found[-1]["id"]}

    async def _out(self, line: Line, group: Group, mover: Device, how: str) -> None:
        path, owner = f"conversations/{group.id}/", group.owner
        self._changing(group, mover)
        if how == "ban":
            reply = await self._asked(line, "PUT", f"{path}bans/{mover.id}/", owner, {})
        elif how == "kick":
            reply = await self._asked(line, "DELETE", f"{path}members/{mover.id}/", owner, again=404)
        else:
            reply = await self._asked(line, "DELETE", f"{path}members/me/", mover, again=404)
        assert reply.status == 200, (how, reply)
        self._changed(group, mover, "banned" if how == "ban" else "out")

    async def _in(self, line: Line, group: Group, mover: Device, state: str) -> None:
        path, owner = f"conversations/{group.id}/", group.owner
        if state == "banned":
            reply = await self._asked(line, "DELETE", f"{path}bans/{mover.id}/", owner)
            assert reply.status == 200, reply
        self._changing(group, mover)
        reply = await self._asked(line, "PUT", f"{path}members/{mover.id}/", owner)
        assert reply.status in (200, 201), reply
        self._changed(group, mover, "in")

    async def _promote(self, line: Line, group: Group, mover: Device) -> None:
        role = self._random.choice(("admin", "moderator", "member"))
        path = f"conversations/{group.id}/members/{mover.id}/"
        reply = await self._asked(line, "PATCH", path, group.owner, {"role": role})
        assert (reply.status, reply.json["role"]) == (200, role), reply

    def _changing(self, group: Group, mover: Device) -> None:
        group.turn(mover, "changing")
        self._oracle.changing(group.id, mover.id)

    def _changed(self, group: Group, mover: Device, state: str) -> None:
        group.turn(mover, state)
        self._oracle.changed(group.id, mover.id, state == "in")

    async def _asked(
        self,
        line: Line,
        method: str,
        path: str,
        who: Device,
        body: Any = None,
        *,
        again: int = 0,
        **query: Any,
    ) -> Reply:
        """Repeated until it is answered by something else than 503. What is answered `again` had been done by then: in an
        earlier try, or in one of the proxy, which repeats them too.
        """
        while True:
            try:
                reply = await line.call(method, path, who.token, body, **query)
            except FAILED:
                reply = None
            if reply is not None and reply.status != 503:
                return Reply(200, reply.headers, reply.body) if reply.status == again else reply
            await asyncio.sleep(self._random.uniform(*PAUSE_SECS))
