"""`python -m bench`: every workload in interleaved rounds, one table, build/bench.json, docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import amqp, in_groups, machine, plots, polls, report, strangers, workloads
from bench.announcement import announcement
from bench.group import group, group_beside, mailbox_group
from bench.importing import importing
from bench.machine import Measured
from bench.reads import reads
from bench.streams import streams
from bench.targets import Target, ours, reference
from bench.told import told
from bench.writes import writes
from tests.support.rabbit import missing

Measures = Mapping[str, Callable[[], Awaitable[Measured]]]  # by target


@dataclass(frozen=True)
class Workload:
    """Its servers are started for it alone: what one workload leaves behind is no part of the next."""

    run: Callable[[Target, float], Awaitable[Measured]]
    references: tuple[str, ...]
    rounds: int
    secs: float
    users: int = 1_000
    strangers: bool = False  # nobody was ever here, and no pair has written to one another


crowd_500 = partial(workloads.delivery, polls=10_000, rate=500)
WORKLOADS = {
    "sends": Workload(workloads.sends, ("handler", "delegate"), 5, 3.0),
    "delivery": Workload(workloads.delivery, ("mailbox",), 5, 6.0),
    "plain": Workload(partial(workloads.delivery, plain=True), ("mailbox",), 5, 6.0),
    "writes": Workload(writes, ("mailbox",), 3, 6.0),
    "behind": Workload(workloads.behind, (), 3, 6.0),
    "pairs": Workload(workloads.pairs, ("mailbox",), 3, 4.0),
    "idle": Workload(polls.idle, (), 1, 20.0),
    "idle_plain": Workload(partial(polls.idle, plain=True), (), 1, 20.0),
    "crowd": Workload(polls.crowd, ("mailbox",), 1, 15.0, users=10_000, strangers=True),
    "streams": Workload(streams, (), 1, 60.0, users=10_000, strangers=True),
    "reads": Workload(reads, (), 1, 2.0, users=500, strangers=True),
    "beside_group": Workload(in_groups.beside, (), 3, 4.0, users=1_200),
    "few": Workload(in_groups.few, (), 3, 3.0),
    "announcement": Workload(announcement, (), 2, 10.0, users=10_200),
    "strangers": Workload(strangers.strangers, (), 3, 3.0, users=10_000),
    "cookies": Workload(strangers.cookies, (), 3, 3.0),
    "fresh": Workload(strangers.fresh, (), 3, 10.0),
    "one-core": Workload(strangers.one_core, ("mailbox",), 3, 4.0),
    "crowd-500": Workload(crowd_500, ("mailbox",), 1, 15.0, users=10_000),
}
QUICK = {
    "sends": Workload(workloads.sends, ("handler", "delegate"), 2, 2.0),
    "delivery": Workload(workloads.delivery, ("mailbox",), 1, 4.0),
    "plain": Workload(partial(workloads.delivery, plain=True), ("mailbox",), 1, 4.0),
    "pairs": Workload(workloads.pairs, ("mailbox",), 1, 3.0),
    "idle": Workload(polls.idle, (), 1, 11.0),
    "crowd": Workload(partial(polls.crowd, polls=2_000), ("mailbox",), 1, 8.0, users=2_000, strangers=True),
    "streams": Workload(partial(streams, count=2_000), (), 1, 30.0, users=2_000, strangers=True),
    "reads": Workload(reads, (), 1, 1.0, users=500, strangers=True),
    "beside_group": Workload(in_groups.beside, (), 1, 2.0, users=400),
    "few": Workload(in_groups.few, (), 1, 2.0, users=200),
    "announcement": Workload(announcement, (), 1, 3.0, users=1_200),
    "strangers": Workload(strangers.strangers, (), 1, 2.0),
    "cookies": Workload(strangers.cookies, (), 1, 2.0),
    "fresh": Workload(strangers.fresh, (), 1, 4.0),
    "one-core": Workload(strangers.one_core, ("mailbox",), 1, 3.0),
}
MEMBERS, MESSAGES = 1_000, 20  # of the group


@dataclass(frozen=True)
class Whole:
    """A workload that starts servers of its own, for each round anew."""

    measures: Measures
    rounds: int = 1
    brokered: bool = False


WHOLE = {
    "declares": Whole({"ours": partial(amqp.declares, 4.0)}, brokered=True),
    "group": Whole(
        {"ours": partial(group, MEMBERS, MESSAGES), "mailbox": partial(mailbox_group, MEMBERS, MESSAGES)},
        rounds=3,
    ),
    "told": Whole({"ours": partial(told, True, 6.0), "untold": partial(told, False, 6.0)}, rounds=3),
    "importing": Whole({"ours": partial(importing, 200_000, 6.0)}),
    "group_beside": Whole({"ours": partial(group_beside, MEMBERS, MESSAGES)}, brokered=True),
}


async def start(name: str, workload: Workload) -> Target:
    target = await ours(workload.users) if name == "ours" else reference(name, workload.users)
    if not workload.strangers:
        await workloads.prepare(target)
    return target


async def measure(name: str, workload: Workload) -> report.Rounds:
    with contextlib.ExitStack() as stack:
        running: dict[str, Target] = {}

        async def once(target: str) -> Measured:
            if target not in running:
                running[target] = await start(target, workload)
                stack.callback(running[target].stop)
            return await workload.run(running[target], workload.secs)

        measures = {target: partial(once, target) for target in ("ours", *workload.references)}
        return await interleaved(name, workload.rounds, measures)


async def interleaved(name: str, rounds: int, measures: Measures) -> report.Rounds:
    """Ours, reference, ours, reference, … so that both meet the same machine."""
    found: report.Rounds = {target: [] for target in measures}
    for number in range(rounds):
        for target, measure_once in measures.items():
            found[target].append(await measure_once())
            print(f"{name} {number + 1} {target}: {report.shown(found[target][-1])}", flush=True)
    return found


async def run(wanted: Sequence[str], known: Mapping[str, Workload]) -> dict[str, Any]:
    """What needs RabbitMQ is left out, with the cure, where that is missing; so is what fails, and the others go on."""
    results: dict[str, Any] = {}
    for name in wanted:
        whole = WHOLE.get(name)
        if whole is not None and whole.brokered and (reason := missing()):
            print(f"{name}: left out. {reason}")
            continue
        try:
            if whole is not None:
                rounds = await interleaved(name, whole.rounds, whole.measures)
            else:
                rounds = await measure(name, known[name])
        except (TimeoutError, RuntimeError):
            print(f"{name}: failed, and is left out.\n{traceback.format_exc()}", flush=True)
            continue
        results[name] = result(rounds)
    return results


def result(rounds: report.Rounds) -> dict[str, Any]:
    date = time.strftime("%Y-%m-%d", time.gmtime())
    return {"date": date, "machine": machine.describe(), "rounds": rounds}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*WORKLOADS, *WHOLE], help="these workloads only")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds; never published")
    parser.add_argument(
        "--docs", action="store_true", help="put the table in docs/performance.md (a full run does)"
    )
    parser.add_argument(
        "--nice", type=int, default=0, help="priority of everything measured, alike; below 0 needs root"
    )
    options = parser.parse_args()
    machine.favour(os.getpid(), options.nice)
    machine.raise_open_files()
    machine.pin(machine.LOAD_CORE)
    known = QUICK if options.quick else WORKLOADS
    wanted = options.only or [*known, *([] if options.quick else WHOLE)]
    results = asyncio.run(run([name for name in (*known, *WHOLE) if name in wanted], known))
    print(f"\n{report.table(results)}\n\n{report.noise(results)}")
    if not options.quick:
        merged = report.keep(results)
        if options.docs or not options.only:
            report.publish(merged, plots.draw(merged))
    sys.exit(len(results) < len(wanted))


if __name__ == "__main__":
    main()
