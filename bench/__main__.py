"""`python -m bench`: every workload in interleaved rounds, one table, build/bench.json, docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import amqp, machine, plots, polls, report, workloads
from bench.machine import Measured
from bench.targets import Target, ours, reference


@dataclass(frozen=True)
class Workload:
    run: Callable[[Target, float], Awaitable[Measured]]
    references: tuple[str, ...]
    rounds: int
    secs: float
    fresh_users: int = 0  # a server of its own for every round, with so many people


WORKLOADS = {
    "sends": Workload(workloads.sends, ("handler", "delegate"), 5, 3.0),
    "delivery": Workload(workloads.delivery, ("mailbox",), 3, 6.0),
    "plain": Workload(partial(workloads.delivery, plain=True), ("mailbox",), 3, 6.0),
    "pairs": Workload(workloads.pairs, ("mailbox",), 3, 4.0),
    "idle": Workload(polls.idle, (), 1, 20.0),
    "idle_plain": Workload(partial(polls.idle, plain=True), (), 1, 20.0),
    "crowd": Workload(polls.crowd, ("mailbox",), 1, 15.0, fresh_users=10_000),
}
QUICK = {
    "sends": Workload(workloads.sends, ("handler", "delegate"), 2, 2.0),
    "delivery": Workload(workloads.delivery, ("mailbox",), 1, 4.0),
    "plain": Workload(partial(workloads.delivery, plain=True), ("mailbox",), 1, 4.0),
    "pairs": Workload(workloads.pairs, ("mailbox",), 1, 3.0),
    "idle": Workload(polls.idle, (), 1, 11.0),
    "crowd": Workload(partial(polls.crowd, polls=2_000), ("mailbox",), 1, 8.0, fresh_users=2_000),
}


DECLARES_SECS = 4.0


async def start(name: str, users: int = 1_000) -> Target:
    return await ours(users) if name == "ours" else reference(name, users)


async def measure(name: str, workload: Workload, running: dict[str, Target]) -> report.Rounds:
    """Interleaved: ours, reference, ours, reference, … so that both meet the same machine."""
    rounds: report.Rounds = {target: [] for target in ("ours", *workload.references)}
    for number in range(workload.rounds):
        for target in rounds:
            if workload.fresh_users:
                under_test = await start(target, workload.fresh_users)
            else:
                if target not in running:
                    running[target] = await start(target)
                    await workloads.prepare(running[target])
                under_test = running[target]
            try:
                measured = await workload.run(under_test, workload.secs)
            finally:
                if workload.fresh_users:
                    under_test.stop()
            rounds[target].append(measured)
            print(f"{name} {number + 1} {target}: {report.shown(measured)}", flush=True)
    return rounds


async def run(chosen: dict[str, Workload]) -> dict[str, Any]:
    results: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        running: dict[str, Target] = {}
        stack.callback(lambda: [target.stop() for target in running.values()])
        for name, workload in chosen.items():
            results[name] = result(await measure(name, workload, running))
    return results


async def run_declares() -> dict[str, Any]:
    measured = await amqp.declares(DECLARES_SECS)
    if measured is None:
        return {}
    print("declares:", report.shown(measured), flush=True)
    return {"declares": result({"ours": [measured]})}


def result(rounds: report.Rounds) -> dict[str, Any]:
    date = time.strftime("%Y-%m-%d", time.gmtime())
    return {"date": date, "machine": machine.describe(), "rounds": rounds}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*WORKLOADS, "declares"], help="these workloads only")
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
    chosen = {name: known[name] for name in options.only or known if name in known}
    results = asyncio.run(run(chosen))
    if "declares" in (options.only or () if options.quick or options.only else ["declares"]):
        results |= asyncio.run(run_declares())
    print(f"\n{report.table(results)}\n\n{report.noise(results)}")
    if options.quick:
        return
    merged = report.keep(results)
    if options.docs or not options.only:
        report.publish(merged, plots.draw(merged))


if __name__ == "__main__":
    main()
