"""What somebody measures who warms nothing: people who never wrote to one another, cookies, a server just started."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench import machine, workloads
from bench.machine import Measured
from bench.people import Senders
from bench.polls import commands
from bench.targets import Target

# As a host site has them. Beside a token they say nothing.
COOKIES = "theme=dark; _ga=GA1.1.1234567890.1234567890; sid=0f8fad5bd9cb469fa16570867728950e"
WARM_SECS = 15.0  # in which each of a thousand people sends three times


class Strangers(Senders):
    """Each send is the first of its pair."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._pairs = pairs(len(self.people), target.taken_pairs)
        self._target = target

    def request(self, sender: int) -> tuple[int, bytes]:
        self._target.taken_pairs += 1
        return self.addressed(*next(self._pairs))


def pairs(people: int, after: int) -> Iterator[tuple[int, int]]:
    """All that are no partners, from the one after so many on: in each run of `people` everybody writes once."""
    for number in range(after, people * (people // 2 - 2)):
        sender, distance = number % people, 2 + number // people
        yield sender, (sender + distance) % people


async def strangers(target: Target, secs: float) -> Measured:
    """Sends between people who know each other, then the same between strangers."""
    known = await workloads.sends(target, secs)
    fresh = await workloads.sends(target, secs, senders=Strangers(target))
    failures = known["failures"] + fresh["failures"]
    return {**fresh, "known_of": known["per_sec"] / fresh["per_sec"], "failures": failures}


async def cookies(target: Target, secs: float) -> Measured:
    """Sends without cookies and with a host site's beside the token, in turns: what comes later finds fuller inboxes."""
    beside = partial(Senders, target, more=f"Cookie: {COOKIES}\r\n")
    turns = [
        await workloads.sends(target, secs / 2, senders=senders())
        for senders in (partial(Senders, target), beside, beside, partial(Senders, target))
    ]
    first, *with_cookies, last = turns
    found = {
        "without_of": _both("per_sec", first, last) / _both("per_sec", *with_cookies),
        "cpu_of_without": _both("server_cpu_us", *with_cookies) / _both("server_cpu_us", first, last),
    }
    return {**with_cookies[0], **found, "failures": sum(turn["failures"] for turn in turns)}


def _both(figure: str, one: Measured, other: Measured) -> float:
    return one[figure] + other[figure]


async def fresh(target: Target, secs: float) -> Measured:
    """Delivery by a server that has just started and knows nobody, then by the same when it knows everybody."""
    target.restart()
    cold = await counted(target, secs)
    await workloads.delivery(target, WARM_SECS)
    warm = await counted(target, secs)
    return {
        **cold,
        "warm_p50_ms": warm["p50_ms"],
        "p50_of_warm": cold["p50_ms"] / warm["p50_ms"],
        "warm_other_commands": warm["other_commands"],
        "failures": cold["failures"] + warm["failures"],
        "lost": cold["lost"] + warm["lost"],
    }


async def counted(target: Target, secs: float) -> Measured:
    """And the database commands a message beside the two of its flush; those of the polls that come first are in it."""
    before = commands(target.mongodb_uri)
    found = await workloads.delivery(target, secs)
    after = commands(target.mongodb_uri)
    ran = sum(after.values()) - sum(before.values())
    flushes = after["insert"] - before["insert"]
    return {**found, "other_commands": (ran - 2 * flushes) / found["sent"]}


async def one_core(target: Target, secs: float) -> Measured:
    """`pairs` with all processes on the core of the load: as on the smallest machine that one can rent."""
    with machine.together(target.processes.values()):
        return await workloads.pairs(target, secs)
