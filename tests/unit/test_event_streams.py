"""Streams of events over a real pair of sockets: their heartbeats, and a session that is proved again and again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from chatserver.runtime import Requests
from chatserver.services.events import PollRequest
from handlers.event_streams import UNAUTHORIZED
from handlers.hot.event_streams import HEARTBEAT_SECS, PROVED_EVERY, TURNS, EventStreams
from handlers.hot.stream import HotStream
from tests.support.clock import MovedClock
from tests.support.waiting import eventually

HEARTBEAT = b"event: heartbeat"


class Streams:
    """Those of one node. Only their heartbeats go by `clock`."""

    def __init__(self, chat: Any) -> None:
        self.clock = MovedClock()
        runtime: Any = SimpleNamespace(services=chat.services, clock=self.clock, requests=Requests())
        self.all = EventStreams(runtime)
        self.opened: list[Follower] = []

    def open(self, actor: Any, **asked: Any) -> Follower:
        self.opened.append(Follower(self.all, actor, **asked))
        return self.opened[-1]

    async def close(self) -> None:
        for follower in self.opened:
            follower.client.close()
            await follower.giving


NEVER = 1 << 60  # a version that no inbox comes to


class Follower:
    """One stream, and what has come of it."""

    def __init__(self, streams: EventStreams, actor: Any, **asked: Any) -> None:
        connection, self.client = socket.socketpair()
        self.client.setblocking(False)
        self.ours = HotStream(connection)
        request = PollRequest(None, 0.0, 100, None, **{"original": True, **asked})
        self.giving = asyncio.ensure_future(streams.give(self.ours, actor, request))
        self.came = b""

    def taken(self) -> bytes:
        with suppress(BlockingIOError):
            self.came += self.client.recv(1 << 20)
        return self.came

    def heartbeats(self) -> int:
        return self.taken().count(HEARTBEAT)


@pytest.fixture
def streams(chat: Any, io_loop: Any) -> Iterator[Streams]:
    made = Streams(chat)
    yield made
    io_loop.run_sync(made.close)


async def held(chat: Any, actor: Any, count: int = 1) -> None:
    """So many of the person's streams wait."""
    await eventually(lambda: (p := chat.hub.get(actor.user_id)) and len(p.waiters) == count)
    await eventually(lambda: all(w.sleeps_before(NEVER) for w in chat.hub.get(actor.user_id).waiters))


@pytest.mark.gen_test
async def test_every_stream_has_a_heartbeat_every_fifteen_seconds_and_not_all_at_once(
    chat: Any, streams: Streams
) -> None:
    ann = await chat.person()
    followers = []
    for _ in range(5):
        followers.append(streams.open(ann))
        await held(chat, ann, len(followers))
        streams.clock.passed += HEARTBEAT_SECS / TURNS
    at = {}
    for turn in range(TURNS):
        for number, follower in enumerate(followers):
            if follower.heartbeats():
                at.setdefault(number, turn)
        streams.clock.passed += HEARTBEAT_SECS / TURNS
    assert [follower.heartbeats() for follower in followers] == [1] * 5
    assert len(set(at.values())) == 5, at
    streams.clock.passed += 3 * HEARTBEAT_SECS
    assert [follower.heartbeats() for follower in followers] == [4] * 5


@pytest.mark.gen_test
async def test_without_streams_no_timer_runs(chat: Any, streams: Streams) -> None:
    ann = await chat.person()
    follower = streams.open(ann)
    await held(chat, ann)
    assert streams.clock.waiting == 1
    follower.client.close()
    await follower.giving
    assert streams.clock.waiting == 0
    assert chat.hub.get(ann.user_id).waiters == []


@pytest.mark.gen_test
async def test_a_session_whose_end_nobody_was_told_of_ends_its_stream_within_a_minute(
    chat: Any, streams: Streams
) -> None:
    ann = await chat.person()
    other = await chat.device(ann.user_id)
    ended, staying = streams.open(other), streams.open(ann)
    await held(chat, ann, 2)
    await chat.storage.sessions.delete(other.user_id, other.session_id)  # by a node that died before it told
    streams.clock.passed += (PROVED_EVERY - 1) * HEARTBEAT_SECS
    await asyncio.sleep(0)
    assert not ended.giving.done()
    streams.clock.passed += HEARTBEAT_SECS
    await asyncio.wait_for(ended.giving, 60)
    assert ended.taken().endswith(UNAUTHORIZED)
    await held(chat, ann)
    assert not staying.giving.done() and UNAUTHORIZED not in staying.taken()


@pytest.mark.gen_test
async def test_a_session_is_in_use_while_its_stream_is_open(chat: Any, streams: Streams) -> None:
    ann = await chat.person()
    streams.open(ann)
    await held(chat, ann)
    (before,) = await chat.storage.sessions.of_user(ann.user_id)
    chat.clock.run_ahead(3600)
    streams.clock.passed += PROVED_EVERY * HEARTBEAT_SECS

    async def touched() -> bool:
        (session,) = await chat.storage.sessions.of_user(ann.user_id)
        return session.last_used_at > before.last_used_at

    await eventually(touched)


@pytest.mark.gen_test
async def test_a_client_that_takes_nothing_gets_no_heartbeats_on_top_and_the_rest_comes_whole(
    chat: Any, streams: Streams
) -> None:
    ann, bob, conversation = await chat.pair()
    follower = streams.open(bob)
    await held(chat, bob)
    text = "x" * 4000
    while not follower.ours.writing():
        await chat.say(ann, conversation, text)
        await asyncio.sleep(0)
    streams.clock.passed += HEARTBEAT_SECS
    await eventually(lambda: bool(follower.taken()) and not follower.ours.writing())
    await eventually(lambda: follower.taken().endswith(b"\n\n"))
    assert follower.heartbeats() == 0
    for block in follower.came.split(b"\n\n")[:-1]:
        assert block.startswith(b"event: message\ndata: {") and block.endswith(b"}")


@pytest.mark.gen_test
async def test_what_one_tab_was_given_is_not_passed_over_by_another_that_is_slower(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    came: dict[str, list[str]] = {"quick": [], "slow": []}
    goes_on = asyncio.Event()

    def follow(name: str) -> asyncio.Task[None]:
        async def give(answer: Any) -> bool:
            came[name] += [msgspec.json.decode(event)["data"]["message"] for event in answer.events]
            await answer.delivered(True)
            if name == "slow" and answer.events:
                await goes_on.wait()
            return True

        request = PollRequest(None, 0.0, 100, None, original=True)
        return asyncio.create_task(chat.services.events.follow(bob, request, lambda waiter: None, give))

    following = [follow("quick"), follow("slow")]
    await held(chat, bob, 2)
    await chat.say(ann, conversation, "one")
    await eventually(lambda: came == {"quick": ["one"], "slow": ["one"]})
    await chat.say(ann, conversation, "two")
    await eventually(lambda: came["quick"] == ["one", "two"])
    place = (await chat.inbox(bob)).version
    await eventually(lambda: (k := chat.services.kept_places.known(bob)) and k.version == place)
    goes_on.set()
    await eventually(lambda: came["slow"] == ["one", "two"])
    chat.hub.disconnect(bob.user_id)
    await asyncio.gather(*following)
