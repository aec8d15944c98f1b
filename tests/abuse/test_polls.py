"""E3, E8, E9: polls that are left at once, that come back all together, that one person opens in heaps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.bench.crowd import RawPoll, guests
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import FULL, SLACK_SECS, sized
from tests.abuse.bench.victim import Victim
from tests.support.client import Client
from tests.support.waiting import eventually

MEGABYTE = 1024 * 1024
MOST_HELD = 12  # of one person


@pytest.fixture(autouse=True)
def no_poll_stays_open(io_loop: Any) -> Iterator[None]:
    yield
    for poll in RawPoll.asked:
        poll.close()
    RawPoll.asked.clear()


async def held(victim: Victim, count: int, within: float) -> float:
    """How long it took until exactly so many polls were held."""
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def reached() -> bool:
        return await asyncio.to_thread(victim.metric, "chat_held_polls") == count

    await eventually(reached, within=within, why=f"{count} held polls")
    return loop.time() - begun


@pytest.mark.gen_test(timeout=300)
async def test_E3_polls_that_are_left_early_leave_nothing_behind(
    victim: Victim, client: Client, row: Row
) -> None:
    count, at_once = sized(300, 10_000), 50
    people = await guests(client, at_once)
    chance = random.Random(3)
    before = victim.vitals()

    async def leave(number: int) -> None:
        poll = RawPoll(victim.port, people[number % at_once].token, "client=leaving")
        await poll.ask(stray=b"G" if number % 2 else b"")
        await asyncio.sleep(chance.random() * 0.05)
        poll.close()
        row.saw(0)

    for start in range(0, count, at_once):
        await asyncio.gather(*(leave(number) for number in range(start, min(count, start + at_once))))
    took = await held(victim, 0, within=6 + SLACK_SECS)
    after = await victim.settled(before)
    row.show(f"{count:,} left, none held {took:.1f} s later, {after.fds - before.fds:+d} descriptors")
    row.show(f"memory {(after.rss_bytes - before.rss_bytes) / MEGABYTE:+.1f} MB")
    if FULL:
        assert after.rss_bytes - before.rss_bytes <= 40 * MEGABYTE
    victim.assert_clean_log()
    row.assert_clean()


@pytest.mark.gen_test(timeout=400)
@pytest.mark.parametrize("spread_secs", [0.0, 2.0], ids=["at-once", "jittered"])
async def test_E8_everybody_comes_back_together_and_misses_nothing(
    victim: Victim, client: Client, row: Row, spread_secs: float
) -> None:
    count = sized(60, 2000)
    # Who writes does not poll: others who come and go would be told to them.
    writer, *people = await guests(client, count + 1)
    chance = random.Random(8)
    for person in people:
        person.cursor = (await person.get("snapshot/"))["cursor"]
    before = victim.vitals()

    def polls() -> list[RawPoll]:
        return [RawPoll(victim.port, one.token, f"wait=45&cursor={one.cursor}") for one in people]

    async def open_all(made: list[RawPoll], spread: float) -> None:
        async def one(poll: RawPoll) -> None:
            await asyncio.sleep(chance.random() * spread)
            await poll.ask()

        await asyncio.gather(*map(one, made))

    first = polls()
    await open_all(first, 2.0)
    await held(victim, count, within=60)
    for poll in first:
        poll.close()
    await held(victim, 0, within=20 + SLACK_SECS)
    # What is said while everybody is gone.
    waited_for = chance.sample(people, min(40, count // 2))
    for person in waited_for:
        await writer.sent(person, f"while you were away, {person.id}")
    reads = 'chat_mongodb_call_seconds_count{operation="find"}'
    reads_before = sum_of(victim, reads)
    lags: list[float] = []
    watch = asyncio.create_task(watch_lag(victim, lags))
    again = polls()
    await open_all(again, spread_secs)
    took = await held(victim, count - len(waited_for), within=10 + spread_secs + 20 * SLACK_SECS)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    asked = (sum_of(victim, reads) - reads_before) / count
    row.show(
        f"{count} back {took:.1f} s later, {asked:.2f} reads each, loop late by {max(lags, default=0):.2f} s at most"
    )
    assert asked <= 1 + 0.5, "more than one look-up a client (and the check's own)"
    if FULL:
        assert took <= 10 + spread_secs
        assert max(lags, default=0) < 0.5
    by_token = {one.token: one.id for one in people}
    for poll in again:
        if by_token[poll.token] in {one.id for one in waited_for}:
            row.saw(await poll.answered(), "a poll after the storm")
            if f"while you were away, {by_token[poll.token]}" not in str(poll.content):
                row.violation(f"lost: {poll.content}")
        else:
            row.saw(200)
        poll.close()
    await victim.settled(before, fds=40, within=20 + SLACK_SECS)
    row.assert_clean()


def sum_of(victim: Victim, name: str) -> float:
    lines = [line for line in victim.metrics().splitlines() if line.startswith(name)]
    return sum(float(line.split()[-1]) for line in lines)


async def watch_lag(victim: Victim, lags: list[float]) -> None:
    while True:
        lags.append(await asyncio.to_thread(victim.metric, "chat_loop_lag_seconds"))
        await asyncio.sleep(0.1)


@pytest.mark.gen_test(timeout=200)
async def test_E9_of_one_person_twelve_polls_are_held_and_the_oldest_is_answered_at_once(
    victim: Victim, client: Client, row: Row
) -> None:
    count = sized(40, 500)
    flooder, other = await guests(client, 2)
    theirs = RawPoll(victim.port, other.token)
    await theirs.ask()
    await held(victim, 1, within=10 + SLACK_SECS)
    polls = [RawPoll(victim.port, flooder.token, f"wait=45&client=tab-{number}") for number in range(count)]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for poll in polls:
        await poll.ask()
    await held(victim, MOST_HELD + 1, within=10 + SLACK_SECS)
    answers = [asyncio.create_task(poll.answered()) for poll in polls]
    await eventually(lambda: sum(not answer.done() for answer in answers) == MOST_HELD, within=2 + SLACK_SECS)
    done = [answer for answer in answers if answer.done()]
    waiting = [answer for answer in answers if not answer.done()]
    for task in done:
        row.saw(task.result(), "an older poll")
    row.show(f"{count} opened, {len(done)} answered within {loop.time() - begun:.1f} s, {len(waiting)} held")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*answers, return_exceptions=True)
    # The other one is still held, and is the first to be told.
    await flooder.sent(other, "are you still there?")
    row.saw(await asyncio.wait_for(theirs.answered(), 5 + SLACK_SECS), "the other's poll")
    assert "are you still there?" in str(theirs.content)
    for poll in [*polls, theirs]:
        poll.close()
    await held(victim, 0, within=20 + SLACK_SECS)
    row.assert_clean()
