"""Streams of events, from the first one on: a poll without an end, written to a connection that is for nothing else.

A stream that waits keeps a connection, a waiter and a place, as a held poll does, and no timer: all are beaten in turn.
"""

from __future__ import annotations

import asyncio
import random
import socket
from contextlib import suppress

import msgspec
from tornado.iostream import IOStream

from chatserver import metrics
from chatserver.clock import Clock, Timer
from chatserver.cursor import Cursor
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.model import Actor
from chatserver.polls.waiter import Ended, Waiter
from chatserver.runtime import Runtime
from chatserver.services.events import PollAnswer, PollRequest
from chatserver.services.sessions import Sessions
from handlers.event_streams import UNAUTHORIZED, come_again, event_bytes
from handlers.hot.answer_bytes import written
from handlers.hot.stream import HotStream

HEARTBEAT_SECS = 15.0
TURNS = 60  # in which all have had their heartbeat: so many begin together, and a turn is soon over
PROVED_EVERY = 4  # heartbeats
# A peer that is gone without a word would else be written to for a quarter of an hour, and each event counted as given.
UNACKNOWLEDGED_SECS = 30.0
# When a client comes again whose stream was ended: not all at once, and not to end in turn what took its place.
AGAIN_SECS = {Ended.DRAINING: 1.0, Ended.CROWDED: 60.0, Ended.SUPERSEDED: 3600.0}


class _Event(msgspec.Struct):
    event: str
    data: msgspec.Raw


_decode = msgspec.json.Decoder(_Event).decode


class HeldStream:
    """One of them."""

    __slots__ = ("_actor", "_beats", "_named", "_place", "_sessions", "_stream", "_waiter")

    def __init__(self, stream: IOStream | HotStream, actor: Actor, named: bool, sessions: Sessions) -> None:
        """`named`: its client is told its place."""
        self._stream = stream
        self._actor = actor
        self._named = named
        self._sessions = sessions
        self._waiter: Waiter | None = None
        self._place: Cursor | None = None
        self._beats = 0

    def started(self, waiter: Waiter) -> None:
        """The waiter is over when the connection is."""
        self._waiter = waiter
        self._stream.set_close_callback(waiter.gone)
        if self._stream.closed():
            waiter.gone()

    def beat(self, heartbeat: bytes) -> None:
        """Unless its client is still to take what was written before."""
        if not self._stream.closed() and not self._stream.writing():
            self._stream.write(heartbeat)
        self._beats += 1
        if self._beats % PROVED_EVERY == 0 and self._waiter is not None:
            self._waiter.time_is_up()

    async def give(self, answer: PollAnswer) -> bool:
        """Whether it got out. Raises TokenInvalid."""
        took = await written(self._stream, self._bytes_of(answer))
        if answer.events:
            # A thousand may have been woken by one bell: theirs go out before the rest of this.
            await asyncio.sleep(0)
        await answer.delivered(took)
        if took:
            metrics.STREAMED_EVENTS.inc(len(answer.events))
            if answer.ended is Ended.TIMEOUT and self._beats:
                with suppress(Unavailable):  # then it is proved the next time
                    await self._sessions.prove(self._actor)
        return took

    def _bytes_of(self, answer: PollAnswer) -> bytes:
        """What the client gets of an answer, nothing perhaps: its place goes with the last event, or alone."""
        moved = answer.events or answer.cursor != self._place
        self._place = answer.cursor
        cursor = str(answer.cursor) if self._named and moved else ""
        parts = []
        last = len(answer.events) - 1
        for number, encoded in enumerate(answer.events):
            event = _decode(encoded)
            parts.append(event_bytes(event.event, bytes(event.data), cursor if number == last else ""))
        if cursor and not parts:
            parts.append(f"id: {cursor}\n\n".encode())  # by itself it is no event, and the place is moved
        if answer.ended is Ended.SUPERSEDED:
            parts.append(event_bytes("superseded", b"{}"))
        if answer.ended in AGAIN_SECS:
            parts.append(come_again(AGAIN_SECS[answer.ended] * random.uniform(1, 2)))
        return b"".join(parts)


class Heartbeats:
    """Every HEARTBEAT_SECS one for each stream, on one timer that runs while there are streams."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turns: list[set[HeldStream]] = [set() for _ in range(TURNS)]
        self._turn = 0
        self._streams = 0
        self._due = 0.0
        self._timer: Timer | None = None

    def add(self, held: HeldStream) -> int:
        """The number of its turn, to be given back."""
        self._turns[self._turn].add(held)
        self._streams += 1
        if self._timer is None:
            self._due = self._clock.monotonic()
            self._wait()
        return self._turn

    def remove(self, held: HeldStream, turn: int) -> None:
        self._turns[turn].discard(held)
        self._streams -= 1
        if not self._streams and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        now = self._clock.monotonic()
        self._due = max(self._due + HEARTBEAT_SECS / TURNS, now)
        self._timer = self._clock.later(self._due - now, self._beat)

    def _beat(self) -> None:
        self._wait()
        self._turn = (self._turn + 1) % TURNS
        held = self._turns[self._turn]
        if held:
            now = self._clock.now().timestamp()
            heartbeat = event_bytes("heartbeat", b'{"timestamp": %.3f}' % now)
            for one in list(held):
                one.beat(heartbeat)


class EventStreams:
    """All of a server."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._heartbeats = Heartbeats(runtime.clock)

    async def give(self, stream: IOStream | HotStream, actor: Actor, request: PollRequest) -> None:
        """Until either side ends it."""
        services = self._runtime.services
        _bury_the_dead(stream)
        held = HeldStream(stream, actor, not request.original, services.sessions)
        turn = self._heartbeats.add(held)
        metrics.EVENT_STREAMS.inc()
        try:
            with self._runtime.requests:
                await services.events.follow(actor, request, held.started, held.give)
        except TokenInvalid:
            await written(stream, UNAUTHORIZED)
        except Unavailable as error:
            await written(stream, come_again(error.retry_after_secs))
        finally:
            metrics.EVENT_STREAMS.dec()
            self._heartbeats.remove(held, turn)


def _bury_the_dead(stream: IOStream | HotStream) -> None:
    """Let the system close a connection whose other end acknowledges nothing, where it can be told to."""
    sock = stream.socket
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, option, int(UNACKNOWLEDGED_SECS * 1000))
