"""Who is there: held or lingering on any node. Nodes tell one another; a node that falls silent is forgotten.

Nothing is stored: after a restart the map fills again from the polls and from what the other nodes say. What a node says
is numbered, so that whoever missed a bell knows it at the next one and asks for all again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

import structlog

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import ChatError
from chatserver.model import Actor, Bell
from chatserver.polls.hub import Hub
from chatserver.ports import Bus
from chatserver.services.conversations import Conversations

log = structlog.get_logger(__name__)

BEAT_SECS = 5.0
SILENT_SECS = 20.0
FULL_BEATS = 12  # every so many beats a node tells all it has, asked or not
GATHER_SECS = 0.2  # comings and goings are told together: thousands may arrive at once
MAX_TOLD = 200
MAX_CONTACTS = 200  # who has more is seen by those who look: a thousand who come would tell a thousand each
MAX_TURNS = 10_000  # comings and goings waiting to be told


class Presence:
    def __init__(self, node: str, conversations: Conversations, hub: Hub, bus: Bus, clock: Clock) -> None:
        self._node = node
        self._conversations = conversations
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._elsewhere: dict[str, set[int]] = {}
        self._heard_at: dict[str, float] = {}
        self._heard_number: dict[str, int] = {}
        self._missed: set[str] = set()  # nodes to be asked for all they have
        self._number = 0
        self._came: set[int] = set()
        self._left: set[int] = set()
        self._turns: deque[tuple[int, bool]] = deque()
        self._turned = asyncio.Event()

    def is_online(self, user_id: int) -> bool:
        return self._hub.get(user_id) is not None or any(user_id in ids for ids in self._elsewhere.values())

    async def online(self, actor: Actor) -> list[int]:
        """Those of the actor's contacts who are there, by id."""
        contacts = await self._conversations.contacts([actor.user_id])
        return sorted(id for id in contacts.get(actor.user_id, ()) if self.is_online(id))

    def disconnect(self, actor: Actor) -> None:
        """Offline now, on every node."""
        self._hub.disconnect(actor.user_id)
        for ids in self._elsewhere.values():
            ids.discard(actor.user_id)  # each node that hears the bell lets go, and says so in its own time
        self._bus.publish(Bell("disconnect", (actor.user_id,), {"user_id": actor.user_id}))

    def turned(self, user_id: int, present: bool) -> None:
        """Somebody came to this node or left it."""
        (self._came if present else self._left).add(user_id)
        (self._left if present else self._came).discard(user_id)
        if len(self._turns) >= MAX_TURNS:
            metrics.EPHEMERAL_DROPPED.labels("presence").inc()
            return
        self._turns.append((user_id, present))
        self._turned.set()

    def heard(self, bell: Bell) -> None:
        """Another node says who is there. Raises KeyError or TypeError when it is malformed."""
        body = bell.body
        node, number = body["node"], body["number"]
        if node == self._node:
            return
        new = node not in self._elsewhere
        if body["full"]:
            self._elsewhere[node] = set(body["came"])
            self._missed.discard(node)
        else:
            known = self._elsewhere.setdefault(node, set())
            known |= set(body["came"])
            known -= set(body["left"])
            if new or number != self._heard_number[node] + 1:
                self._missed.add(node)
        self._heard_at[node], self._heard_number[node] = self._clock.monotonic(), number
        if new or self._node in body["missed"]:
            self._tell(full=True)
        elif node in self._missed:
            self._tell(full=False)

    async def beat(self) -> None:
        """Tell the other nodes what changed. Until cancelled."""
        beats = 0
        while True:
            self._tell(full=beats % FULL_BEATS == 0)
            beats += 1
            await self._clock.sleep(BEAT_SECS)
            now = self._clock.monotonic()
            for node in [n for n, heard_at in self._heard_at.items() if now - heard_at > SILENT_SECS]:
                del self._heard_at[node], self._heard_number[node], self._elsewhere[node]
                self._missed.discard(node)

    async def announce(self) -> None:
        """Tell contacts of comings and goings, many at once. Until cancelled."""
        while True:
            await self._turned.wait()
            self._turned.clear()
            await self._clock.sleep(GATHER_SECS)
            while self._turns:
                turns = dict(self._turns.popleft() for _ in range(min(MAX_TOLD, len(self._turns))))
                if self._came or self._left:
                    self._tell(full=False)
                # Whoever turned again meanwhile, or is still there on another node, is as before.
                turned = [id for id, present in turns.items() if self.is_online(id) == present]
                try:
                    contacts = await self._conversations.contacts(turned, MAX_CONTACTS, groups=True)
                except ChatError:
                    continue
                for user_id in turned:
                    if (others := contacts.get(user_id)) and len(others) <= MAX_CONTACTS:
                        body = {"user_id": user_id, "is_online": turns[user_id]}
                        self._bus.publish(Bell("presence", tuple(others), body))

    def farewell(self) -> None:
        """This node goes: whoever was here is elsewhere soon, or offline."""
        self._say(True, [], [])

    def _tell(self, *, full: bool) -> None:
        came: Iterable[int] = (present.user_id for present in self._hub) if full else self._came
        came, left = list(came), list(self._left)
        self._came.clear()
        self._left.clear()
        self._say(full, came, left)

    def _say(self, full: bool, came: list[int], left: list[int]) -> None:
        self._number += 1
        body = {"node": self._node, "number": self._number, "full": full, "came": came, "left": left}
        self._bus.publish(Bell("nodes", (), {**body, "missed": list(self._missed)}))
