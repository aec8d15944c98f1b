"""How much one person may do: counted in memory, put together over nodes, and what a call costs."""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.errors import RateLimited, StartupError, Unavailable
from chatserver.guard.rates import RateLimits
from chatserver.guard.shared_rates import EVERY_SECS, SharedRates
from chatserver.model import Actor
from chatserver.settings import Settings, load
from handlers import rate_fields as told
from tests.support.client import unique
from tests.support.clock import MovedClock
from tests.support.commands import intercept
from tests.support.waiting import in_time
from tests.unit.conftest import Chat

ANN = Actor(1, 1)


def taken(limits: RateLimits, times: int, actor: Actor = ANN, bucket: str = "send") -> int:
    """How many of so many calls pass."""
    passed = 0
    for _ in range(times):
        try:
            limits.take(actor, bucket)
            passed += 1
        except RateLimited:
            pass
    return passed


def test_as_many_pass_as_the_rate_says_and_one_more_when_the_first_has_left_the_window() -> None:
    clock = MovedClock()
    limits = RateLimits(Settings(send_rate="10/minute"), clock)
    assert taken(limits, 4) == 4
    clock.passed = 30
    assert taken(limits, 100) == 6
    with pytest.raises(RateLimited) as refused:
        limits.take(ANN, "send")
    assert 25 <= refused.value.retry_after_secs <= 35
    assert limits.buckets["send"].remaining(ANN.user_id) == 0
    clock.passed += refused.value.retry_after_secs
    assert taken(limits, 100) == 4, "those of the first half"
    assert taken(limits, 3, Actor(2, 2)) == 3, "others are not concerned"
    assert taken(limits, 100, ANN, "typing") == 100, "nor other kinds of calls"


def test_no_window_ever_sees_more_than_the_rate_says() -> None:
    clock = MovedClock()
    limits = RateLimits(Settings(send_rate="60/minute"), clock)
    passed: list[float] = []
    for step in range(2400):
        clock.passed = step / 10
        passed += [clock.passed] * taken(limits, 1)
    for end in passed:
        assert sum(end - 55 < moment <= end for moment in passed) <= 60
    assert 60 * 4 - 12 <= len(passed) <= 60 * 4 + 12


def test_a_clock_put_back_or_far_forward_starts_anew_and_locks_nobody_out() -> None:
    clock = MovedClock()
    limits = RateLimits(Settings(send_rate="10/minute"), clock)
    for moved in (0, 7200, -7200):
        clock.passed = moved
        limits.buckets["send"].set_clock()
        assert taken(limits, 100) == 10


def test_whoever_is_silent_for_a_window_is_forgotten() -> None:
    clock = MovedClock()
    bucket = RateLimits(Settings(), clock).buckets["send"]
    for user_id in range(50):
        bucket.take(user_id)
    assert bucket.users == 50
    clock.passed = 61
    bucket.tidy()
    assert bucket.users == 0


def test_a_limit_that_is_off_is_no_limit_and_says_nothing() -> None:
    for settings in (Settings(send_rate="off"), Settings(rate_limits="off")):
        limits = RateLimits(settings, Clock())
        assert taken(limits, 10_000) == 10_000
        assert told.headers(limits, ANN, "send") == () and told.header_bytes(limits, ANN, "send") == b""


@pytest.mark.parametrize(
    "text", ["", "fast", "0/minute", "10", "10/fortnight", "1/second; 5/minute", "-1/minute"]
)
def test_what_is_no_rate_is_told_at_the_start(text: str) -> None:
    with pytest.raises(StartupError, match="--send-rate"):
        load({"send_rate": text}, {})


def test_both_ways_to_tell_a_limit_say_the_same() -> None:
    limits = RateLimits(Settings(send_rate="100/minute"), Clock())
    taken(limits, 3)
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.headers(limits, ANN, "send"))
    assert told.header_bytes(limits, ANN, "send").decode() == lines
    assert 'RateLimit-Policy: "send";q=100;w=60\r\nRateLimit: "send";r=97;t=60\r\n' in lines


def test_counting_a_call_is_a_few_steps_however_many_were_counted_before() -> None:
    """In calls of functions: what a call costs is measured by the bench."""
    limits, steps = RateLimits(Settings(send_rate="1000000000/minute"), MovedClock()), []

    def counted() -> int:
        steps.clear()
        sys.setprofile(lambda frame, event, argument: steps.append(event))
        limits.take(ANN, "send")
        sys.setprofile(None)
        return sum(event in ("call", "c_call") for event in steps)

    assert taken(limits, 1) == 1
    first = counted()
    assert taken(limits, 10_000) == 10_000
    assert counted() == first <= 12


@pytest.mark.parametrize("window_secs", [12, 60])
@pytest.mark.gen_test
async def test_twelve_nodes_let_pass_together_what_one_would(chat: Chat, window_secs: int) -> None:
    """At five times the limit, spread over all nodes, in steps of 50 ms of a moved clock."""
    clock, amount = MovedClock(), 240
    person = (await chat.person()).user_id
    actor = Actor(person, 1)
    settings = Settings(send_rate=f"{amount}/{window_secs} seconds")
    nodes: list[tuple[RateLimits, SharedRates]] = []
    hurried: set[int] = set()
    for number in range(12):
        limits = RateLimits(settings, clock)
        nodes.append((limits, SharedRates(limits, chat.storage.rates, clock, alone=False)))
        limits.hurry = lambda number=number: hurried.add(number)  # type: ignore[misc]
    passed: list[float] = []
    turn, steps = 0, window_secs * 2 * 20
    every = round(EVERY_SECS * 20)
    calls = 5 * amount / window_secs / 20
    for step in range(steps):
        clock.passed = step / 20
        while turn < calls * (step + 1):
            turn += 1
            passed += [clock.passed] * taken(nodes[turn % 12][0], 1, actor)
        for number, (limits, shares) in enumerate(nodes):
            if (step + number) % every == 0 or (number in hurried and step % 2 == 0):
                hurried.discard(number)
                await shares.exchange(limits.buckets["send"])
    first = sum(moment < window_secs for moment in passed)
    assert amount * 0.8 <= first <= amount * 1.2, first
    assert amount * 1.6 <= len(passed) <= amount * 2.4, len(passed)


class Away:
    """A store whose database is away."""

    async def exchange(self, *_: Any) -> dict[int, dict[int, int]]:
        raise Unavailable("away")


@pytest.mark.gen_test
async def test_without_the_database_a_node_limits_what_it_sees_itself() -> None:
    clock = MovedClock()
    limits = RateLimits(Settings(send_rate="100/minute"), clock)
    shares = SharedRates(limits, Away(), clock, alone=False)
    assert taken(limits, 60) == 60
    await shares.exchange(limits.buckets["send"])
    assert taken(limits, 60) == 40


@pytest.mark.gen_test
async def test_an_exchange_tells_each_call_once_and_learns_those_of_others(chat: Chat) -> None:
    clock = MovedClock()
    person = (await chat.person()).user_id
    actor = Actor(person, 1)
    one, other = (RateLimits(Settings(send_rate="100/minute"), clock) for _ in range(2))
    shares = [SharedRates(limits, chat.storage.rates, clock, alone=False) for limits in (one, other)]
    assert taken(one, 40, actor) == 40 and taken(other, 10, actor) == 10
    for _ in range(3):
        for limits, each in zip((one, other), shares, strict=True):
            await each.exchange(limits.buckets["send"])
    assert [limits.buckets["send"].remaining(person) for limits in (one, other)] == [50, 50]
    assert taken(other, 100, actor) == 10, "a call here weighs five: four of five came in elsewhere"


@pytest.mark.gen_test
async def test_ordinary_talk_is_told_to_nobody() -> None:
    class Refusing:
        async def exchange(
            self, bucket: str, spent: dict[int, dict[int, int]], *_: Any
        ) -> dict[int, dict[int, int]]:
            raise AssertionError(spent)

    limits = RateLimits(Settings(), Clock())
    shares = SharedRates(limits, Refusing(), Clock(), alone=False)
    assert taken(limits, 30) == 30, "a message every other second"
    for bucket in limits.buckets.values():
        await in_time(shares.exchange(bucket))


@pytest.mark.gen_test
async def test_what_many_people_use_up_at_one_moment_is_counted_in_one_or_two_commands(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []

    def counting(command: Any) -> Any:
        sent.append(command)
        return (yield command)

    intercept(monkeypatch, counting)
    keys = [unique("window") for _ in range(40)]
    assert all(await asyncio.gather(*(chat.storage.attempts.acquire_entry(key, 1, 60) for key in keys)))
    assert len(sent) <= 2
    sent.clear()
    assert not any(await asyncio.gather(*(chat.storage.attempts.acquire_entry(key, 1, 60) for key in keys)))
    assert len(sent) <= 4, "each is tried twice"


@pytest.mark.gen_test
async def test_of_those_who_went_nothing_is_kept() -> None:
    class Alone:
        async def exchange(self, bucket: str, spent: dict[int, dict[int, int]], *_: Any) -> Any:
            return spent

    clock = MovedClock()
    limits = RateLimits(Settings(send_rate="100/minute"), clock)
    shares, bucket = SharedRates(limits, Alone(), clock, alone=False), limits.buckets["send"]

    async def come_and_go(turn: int) -> None:
        for person in range(50):
            taken(limits, 5, Actor(1 + turn * 50 + person, 1))
        await shares.exchange(bucket)
        clock.passed += 300
        bucket.tidy()
        await shares.exchange(bucket)
        assert bucket.users == 0

    tracemalloc.start()
    try:
        await come_and_go(0)
        before, _ = tracemalloc.get_traced_memory()
        for turn in range(1, 21):
            await come_and_go(turn)
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 1_000 * 50, "less than the least that could be kept of each of a thousand"
