"""People under load: mouths that send until they are answered, and readers with a cursor that poll or follow for ever."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator
from typing import Any

from tests.faults.bench.crowd import Crowd, Group
from tests.faults.bench.oracle import Oracle
from tests.faults.bench.wire import Line, NoAnswer, Refusals, Reply, Tally
from tests.support.client import Client, Device
from tests.support.event_stream import EventStream, Told, open_stream
from tests.support.waiting import GENEROUS_SECS, eventually

PAUSE_SECS = (0.05, 0.3)  # before a send is tried again
HISTORY = 200
INTO_GROUPS = 0.25  # of all sends
FAILED = (OSError, TimeoutError)


class Load:
    """`people` are on `devices` reading devices each, and on one more that only sends. Every second device follows a
    stream of events, the others poll. While they speak, some of the members of their `groups` come and go;
    `groups=0` is for those who want to see how late a message is that nothing else is woken up for.
    """

    def __init__(
        self,
        bases: list[str],
        oracle: Oracle,
        seed: int,
        *,
        people: int = 8,
        devices: int = 1,
        wait: int = 5,
        groups: int = 2,
    ) -> None:
        self.bases = list(bases)
        self.oracle = oracle
        self.random = random.Random(seed)
        self.seed = seed
        self.tally = Tally()  # of sends
        self.poll_tally = Tally()
        self.refusals = Refusals()
        self.resets = 0  # 410 answers
        self.retries = True
        self._people, self._devices, self._wait = people, devices, wait
        self._client = Client(self.bases, seed)
        self._group_count = groups
        self._crowd = Crowd(oracle, self.random, lambda: self._line(Tally()))
        self._speakers: list[Device] = []
        self._lines: list[Line] = []
        self._numbers = itertools.count(1)
        self._reading: list[asyncio.Task[None]] = []
        self._sending: list[asyncio.Task[None]] = []
        self._speaking = False
        self._readers_here = asyncio.Event()
        self._readers_here.set()

    async def open(self) -> Load:
        """Sign everyone up and start the readers, each with a cursor of before the first message."""
        self._speakers = await self._client.people(*["p"] * self._people)
        for number in range(self._group_count):
            first = number * 3 % self._people
            await self._crowd.begin(self._speakers[first:] + self._speakers[:first])
        for speaker in self._speakers:
            for number in range(self._devices):
                device = await (await speaker.another()).here()
                reader = f"{device.id}/{number}"
                self.oracle.reader(reader, device.id)
                receive = self._follow if len(self._reading) % 2 else self._read
                self._reading.append(asyncio.ensure_future(receive(device, reader)))
        return self

    async def close(self) -> None:
        self._speaking = False
        for task in self._reading + self._sending:
            task.cancel()
        await asyncio.gather(*self._reading, *self._sending, return_exceptions=True)
        for line in self._lines:
            line.close()
        self._client.close()

    def speak(self, rate: float, mouths: int = 16) -> None:
        """`rate` sends a second in all, whatever the answers do: a mouth that waits lets another speak."""
        self._speaking = True
        self._sending += [asyncio.ensure_future(self._mouth(mouths / rate)) for _ in range(mouths)]
        for group in self._crowd.groups:
            for mover in group.movers:
                moving = self._crowd.churn(group, mover, lambda: self._speaking)
                self._sending.append(asyncio.ensure_future(moving))

    async def hush(self, within: float = GENEROUS_SECS) -> None:
        """No new sends, no comings and goings; those under way are tried until they are answered."""
        self._speaking = False
        async with asyncio.timeout(within):
            await asyncio.gather(*self._sending)
        self._sending.clear()

    async def pump(self, count: int, mouths: int = 8, pair: tuple[int, int] | None = None) -> None:
        """`count` sends as fast as the answers come; `pair` keeps to one conversation, in both directions."""
        left = iter(range(count))

        async def mouth() -> None:
            line = self._line(self.tally)
            for _ in left:
                await self._say(line, *self._pick(pair))

        await asyncio.gather(*(mouth() for _ in range(mouths)))

    async def delivered(self, within: float = GENEROUS_SECS) -> None:
        """Until every reader has what was acknowledged; what is missing by then, the verdict names."""
        with contextlib.suppress(AssertionError):
            await eventually(lambda: self.oracle.missing == 0, within=within)

    async def read_back(self) -> None:
        """The whole history of every pair and every group, into the records."""
        line = self._line(Tally())
        for n, one in enumerate(self._speakers):
            for other in self._speakers[n + 1 :]:
                async for message in self._history(line, one.token, other.id):
                    self.oracle.store(message)
        await self._crowd.read_back()

    async def say_once(self, base: str) -> None:
        """One send to this server, which dies of it: every reader is owed it although nobody was told so."""
        sender, receiver = self._pair()
        line = Line([base], Tally(), self.seed)
        client_id = f"{self.seed}-{next(self._numbers)}"
        self.oracle.intend(client_id, sender.id, receiver.id, client_id)
        self.oracle.owe(client_id)
        body = {"receiver_id": receiver.id, "message": client_id, "client_id": client_id}
        with contextlib.suppress(*FAILED):
            reply = await line.call("POST", "chats/", sender.token, body)
            raise AssertionError(f"answered {reply.status}")

    def pause_readers(self) -> None:
        """No reader polls again before `resume_readers`."""
        self._readers_here.clear()

    def resume_readers(self) -> None:
        self._readers_here.set()

    @property
    def reader_count(self) -> int:
        return len(self._reading)

    def three(self) -> tuple[Device, Device, Device]:
        """Three people, on the devices they send with."""
        one, other, third = self.random.sample(self._speakers, 3)
        return one, other, third

    def check_readers(self) -> None:
        """A reader that ended met something no test expects."""
        for task in self._reading + self._sending:
            if task.done() and not task.cancelled():
                task.result()

    def _line(self, tally: Tally) -> Line:
        line = Line(self.bases, tally, self.random.randrange(1 << 30))
        self._lines.append(line)
        return line

    def _pick(self, pair: tuple[int, int] | None = None) -> tuple[Device, Device | Group]:
        if pair is None and self._crowd.groups and self.random.random() < INTO_GROUPS:
            group, speaker = self._crowd.pick()
            return speaker, group
        return self._pair(pair)

    def _pair(self, pair: tuple[int, int] | None = None) -> tuple[Device, Device]:
        chosen = self.random.sample(pair, 2) if pair else self.random.sample(range(len(self._speakers)), 2)
        return self._speakers[chosen[0]], self._speakers[chosen[1]]

    async def _mouth(self, interval: float) -> None:
        line = self._line(self.tally)
        due = time.monotonic() + self.random.uniform(0, interval)
        while self._speaking:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + interval, time.monotonic() - 1.0)
            if self._speaking:
                await self._say(line, *self._pick())

    async def _say(self, line: Line, sender: Device, to: Device | Group) -> None:
        client_id = f"{self.seed}-{next(self._numbers)}"
        text = f"{client_id} {self.random.randrange(1 << 40):x}"
        body: dict[str, Any] = {"message": text, "client_id": client_id}
        if isinstance(to, Group):
            self.oracle.intend(client_id, sender.id, 0, text, group=to.id)
            body["conversation_id"] = to.id
        else:
            self.oracle.intend(client_id, sender.id, to.id, text)
            body["receiver_id"] = to.id
        for tries in itertools.count(1):
            begun = time.monotonic()
            reply: Reply | None = None
            with contextlib.suppress(*FAILED):
                reply = await line.call("POST", "chats/", sender.token, body)
            now = time.monotonic()
            if reply is not None and reply.status in (200, 201):
                self.refusals.answer_secs.append((now, now - begun))
                self.oracle.acknowledge(client_id, reply.status, reply.json, tries)
                return
            if reply is not None and reply.status == 503:
                self.refusals.unavailable += 1
                self.refusals.slowest_503 = max(self.refusals.slowest_503, now - begun)
            elif reply is not None and isinstance(to, Group) and to.excuses(sender, reply.status, begun):
                return
            elif reply is not None:
                raise AssertionError(f"a send was answered {reply.status}: {reply.body[:300]!r}")
            if not self.retries:
                return
            self.refusals.retried += tries == 1
            await asyncio.sleep(self.random.uniform(*PAUSE_SECS))

    async def _read(self, device: Device, reader: str) -> None:
        line = self._line(self.poll_tally)
        cursor, highest = device.cursor, {}
        while await self._readers_here.wait():
            query = {"cursor": cursor, "wait": self._wait, "client": reader, "limit": 200}
            try:
                reply = await line.call(
                    "GET", "poll/events/", device.token, limit_secs=self._wait + 10, **query
                )
            except FAILED as error:
                if not isinstance(error, NoAnswer):
                    self.oracle.note(f"{reader}: {error!r}")
                await asyncio.sleep(PAUSE_SECS[0])
                continue
            if reply.status == 410:
                self.resets += 1
                cursor = reply.json["cursor"]
                await self._page(line, device, reader, highest)
            elif reply.status == 200:
                answer = reply.json
                for event in answer["events"]:
                    if event["event"] == "message":
                        self._deliver(reader, event["data"], highest)
                cursor = answer["cursor"]
            elif reply.status == 503:
                await asyncio.sleep(self.random.uniform(*PAUSE_SECS))
            else:
                raise AssertionError(f"a poll was answered {reply.status}: {reply.body[:300]!r}")

    def _deliver(self, reader: str, message: dict[str, Any], highest: dict[int, int]) -> None:
        self.oracle.deliver(reader, message)
        highest[message["conversation_id"]] = message["id"]

    async def _follow(self, device: Device, reader: str) -> None:
        """What was cut before its place came is given again: events count when the place behind them is there."""
        line = self._line(Tally())
        cursor: str = device.cursor or ""
        highest: dict[int, int] = {}
        while await self._readers_here.wait():
            try:
                base = self.random.choice(self.bases)
                async with await open_stream(device, base=base, cursor=cursor, client=reader) as stream:
                    async for batch in self._batches(stream):
                        for told in batch:
                            assert told.name != "error", f"a stream was refused: {told.text}"
                            if told.name == "message":
                                self._deliver(reader, told.data, highest)
                            elif told.name == "cursor_expired":
                                self.resets += 1
                                await self._page(line, device, reader, highest)
                        cursor = stream.cursor or cursor
            except FAILED:
                pass
            await asyncio.sleep(self.random.uniform(*PAUSE_SECS))

    async def _batches(self, stream: EventStream) -> AsyncIterator[list[Told]]:
        """Until the stream ends, or readers are to pause."""
        batch: list[Told] = []
        while self._readers_here.is_set() and stream.status == 200:
            try:
                async with asyncio.timeout(self._wait):
                    told = await stream.block()
            except TimeoutError:
                continue
            if told is None:
                return
            batch.append(told)
            if told.id is not None or told.name == "error":
                yield batch
                batch = []

    async def _page(self, line: Line, device: Device, reader: str, highest: dict[int, int]) -> None:
        """The cursor has expired: what was missed is in the history."""
        known = {id >> 23: id for id in highest.values()}
        for other in self._speakers:
            if other.id == device.id:
                continue
            async for message in self._history(line, device.token, other.id):
                self._deliver_late(reader, message, known, highest)
        for group in self._crowd.groups:
            for message in await self._crowd.history(line, device, group.id):
                self._deliver_late(reader, message, known, highest)

    def _deliver_late(
        self, reader: str, message: dict[str, Any], known: dict[int, int], highest: dict[int, int]
    ) -> None:
        if message["id"] > known.get(message["conversation_id"], 0):
            self.oracle.deliver(reader, message, via="history")
            highest[message["conversation_id"]] = message["id"]

    async def _history(self, line: Line, token: str, user_id: int) -> Any:
        """Every message with this user, oldest first. Asked again while servers are away."""
        before: dict[str, Any] = {}
        pages: list[list[dict[str, Any]]] = []
        while True:
            try:
                path = f"chats/conversation/{user_id}/"
                reply = await line.call("GET", path, token, limit=HISTORY, **before)
            except FAILED:
                await asyncio.sleep(PAUSE_SECS[0])
                continue
            if reply.status != 200:
                await asyncio.sleep(PAUSE_SECS[1])
                continue
            page = reply.json
            pages.append(page["messages"])
            if not page["has_more"]:
                break
            before = {"before_id": page["messages"][-1]["id"]}
        for messages in reversed(pages):
            for message in reversed(messages):
                yield message
