"""`python -m bench.cluster`: what several processes and many arrivals cost; build/cluster.json and docs.

Apart from `python -m bench`, whose figures are ratios to a bare server: nothing bare does any of this.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence

from bench import machine, report
from bench.churn import churn
from bench.machine import Measured
from bench.nodes import several
from bench.report import Columns, columns_table, put

RESULTS = machine.ROOT / "build" / "bench-cluster.json"

SEVERAL: Columns = (
    ("processes on one core", "processes"),
    ("sends/s", "sends_per_sec"),
    ("server CPU µs a send", "send_cpu_us"),
    ("mongod µs a send", "mongod_cpu_us"),
    ("at 100 sends/s into 400 polls: server µs", "polled_send_cpu_us"),
    ("broker µs", "broker_cpu_us"),
    ("publishes a send", "publishes_per_send"),
    ("appends tried again", "retries_per_send"),
    ("send → event p50 ms", "p50_ms"),
    ("p99 ms", "p99_ms"),
    ("MB a process", "mb_per_process"),
    ("failed", "failures"),
    ("strangers", "foreign"),
)
CHURN: Columns = (
    ("people", "people"),
    ("in s", "ramp_secs"),
    ("bound", "bound"),
    ("after the last arrival s", "bound_behind_secs"),
    ("server µs to join", "join_cpu_us"),
    ("broker µs", "join_broker_cpu_us"),
    ("server µs to leave", "leave_cpu_us"),
    ("broker µs", "leave_broker_cpu_us"),
    ("worst loop lag ms", "worst_lag_ms"),
    ("failed", "failures"),
    ("strangers", "foreign"),
)
PARTS = {"several": SEVERAL, "churn": CHURN}
Results = dict[str, list[Measured]]


async def run(chosen: Sequence[str], quick: bool) -> Results:
    found: Results = {part: [] for part in chosen}
    if "several" in chosen:
        for processes in (1, 2) if quick else (1, 2, 4, 8):
            found["several"].append(shown(await several(processes, 2.0 if quick else 3.0)))
    if "churn" in chosen:
        people, secs = (1_000, 10.0) if quick else (10_000, 60.0)
        found["churn"].append(shown(await churn(people, secs)))
    return found


def shown(measured: Measured) -> Measured:
    print(report.shown(measured), flush=True)
    return measured


def publish(results: Results) -> None:
    made = f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} on {machine.describe()}."
    put("cluster", [*(columns_table(PARTS[part], rows) for part, rows in results.items()), made])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="these parts only")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter; never kept")
    parser.add_argument("--nice", type=int, default=0, help="priority of everything measured, alike")
    options = parser.parse_args()
    machine.favour(os.getpid(), options.nice)
    machine.raise_open_files()
    machine.pin(machine.LOAD_CORE)
    results = asyncio.run(run(options.only, options.quick))
    for part, rows in results.items():
        print(f"\n{columns_table(PARTS[part], rows)}")
    if options.quick:
        return
    kept = report.keep(results, RESULTS)
    publish({part: kept[part] for part in PARTS if part in kept})


if __name__ == "__main__":
    main()
