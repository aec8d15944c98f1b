"""From rounds to a table: medians, spreads, ratios within a round, and what was to be reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import ROOT, Measured

RESULTS = ROOT / "build" / "bench.json"
DOCUMENT = ROOT / "docs" / "performance.md"
NOISY = 0.1  # of the server's core used by strangers: from here a round says little

Rounds = dict[str, list[Measured]]  # target → what each round measured
Columns = Sequence[tuple[str, str]]  # heading, metric


@dataclass(frozen=True)
class Reach:
    """What is to be reached: of the ratio, and of the value itself (of that alone where there is no reference)."""

    least: float | None = None
    most: float | None = None
    value: float | None = None

    def checks(self, ratio: float | None, value: float) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        if self.least is not None and ratio is not None:
            found.append((f"≥ {self.least:g} ×", ratio >= self.least))
        if self.most is not None and ratio is not None:
            found.append((f"≤ {self.most:g} ×", ratio <= self.most))
        if self.value is not None:
            found.append((f"≤ {self.value:g}", value <= self.value))
        return found


@dataclass(frozen=True)
class Row:
    """One line of the table: a metric, beside which reference, and what is to be reached first and then."""

    workload: str
    label: str
    metric: str
    reference: str = ""
    first: Reach = Reach()
    then: Reach = Reach()


SENDS = (Reach(least=0.75), Reach(least=1.0))
P50 = (Reach(most=3.0, value=5.0), Reach(most=2.0))
P99 = (Reach(most=2.0), Reach(most=1.5))
MEMORY = (Reach(value=15.0), Reach(value=8.0))
PAIRS = (Reach(least=0.9), Reach(least=1.2))
IDLE = (Reach(most=1.0), Reach(most=0.6))
GROUP = (Reach(most=1.0), Reach(most=0.5))
FEW = Reach(value=0.1)
BESIDE = Reach(value=1.25)  # at least 0.8 of the sends alone
SMALL = Reach(value=1.5)
TOLD_CPU = (Reach(most=1.5),)
TOLD_P99 = (Reach(most=1.3),)
ONE_CORE = (Reach(least=1.0),)
ROWS = (
    Row("sends", "durable sends/s, 32 connections", "per_sec", "handler", *SENDS),
    Row("sends", "the same, server CPU µs per send", "server_cpu_us", "handler"),
    Row("sends", "durable sends/s beside the bare delegate", "per_sec", "delegate"),
    Row("delivery", "send → event p50 ms, 1,000 polls, 200 sends/s", "p50_ms", "mailbox", *P50),
    Row("delivery", "send → event p99 ms", "p99_ms", "mailbox", *P99),
    Row("delivery", "201 → event p50 ms", "after_201_p50_ms", "mailbox"),
    Row("delivery", "201 → event p99 ms", "after_201_p99_ms", "mailbox"),
    Row("plain", "send → event p50 ms, clients without cursor", "p50_ms", "mailbox", *P50),
    Row("plain", "send → event p99 ms, clients without cursor", "p99_ms", "mailbox", *P99),
    Row("writes", "the two writes of a send by the bare driver, p50 ms", "p50_ms", "mailbox"),
    Row("writes", "the two writes of a send by the bare driver, p99 ms", "p99_ms", "mailbox"),
    Row("behind", "send → event p50 ms, right behind 15 s of full speed", "p50_ms"),
    Row("behind", "send → event p99 ms, right behind 15 s of full speed", "p99_ms"),
    Row("pairs", "end to end/s, 100 pairs closed loop", "per_sec", "mailbox", *PAIRS),
    Row("pairs", "the same, server CPU µs per message", "server_cpu_us", "mailbox"),
    Row("crowd", "memory per held poll, KB", "kb_per_poll", "mailbox", *MEMORY),
    Row("crowd", "the same after re-polling, KB", "kb_per_poll_churned", "mailbox", *MEMORY),
    Row("crowd", "server CPU µs per idle re-poll", "server_cpu_us", "mailbox", *IDLE),
    Row("streams", "memory per stream of events, KB", "kb_per_stream", first=Reach(value=8.0)),
    Row("streams", "the same, heartbeats later, KB", "kb_per_stream_later", first=Reach(value=8.0)),
    Row("streams", "server CPU of idle streams, in that of as many polls", "of_polls", first=FEW),
    Row("streams", "server CPU µs a second for an idle stream", "server_cpu_us"),
    Row("group", "one message to 1,000 polls: the last has it, ms", "last_p50_ms", "mailbox", *GROUP),
    Row("group", "the same, half have it, ms", "half_ms", "mailbox"),
    Row("group", "the same, stored and in all inboxes, ms", "stored_ms"),
    Row("group", "the same, server CPU µs a delivery", "delivery_cpu_us", "mailbox"),
    Row("group_beside", "the same, sent at another process over RabbitMQ, ms", "last_p50_ms"),
    Row(
        "told", "server CPU µs per send, told to a webhook, 200 sends/s", "server_cpu_us", "untold", *TOLD_CPU
    ),
    Row("told", "the same, mongod CPU µs", "mongod_cpu_us", "untold"),
    Row("told", "the same, send → 201 p99 ms", "p99_ms", "untold", *TOLD_P99),
    Row("importing", "messages/s that an import brings in", "per_sec"),
    Row("importing", "the same beside 100 sends/s of others", "beside_per_sec"),
    Row("importing", "p99 of others' sends meanwhile, in that before", "p99_of_calm", first=Reach(value=1.5)),
    Row(
        "strangers",
        "sends/s between acquaintances, in those that begin conversations",
        "known_of",
        first=Reach(value=2.0),
    ),
    Row("strangers", "server CPU µs per send that begins a conversation", "server_cpu_us"),
    Row("strangers", "mongod CPU µs per send that begins a conversation", "mongod_cpu_us"),
    Row(
        "cookies", "sends/s without a Cookie header, in those with one", "without_of", first=Reach(value=1.05)
    ),
    Row(
        "cookies",
        "server CPU per send with a Cookie header, in that without",
        "cpu_of_without",
        first=Reach(value=1.05),
    ),
    Row(
        "fresh",
        "send → event p50 ms, just started, in that of the same warm",
        "p50_of_warm",
        first=Reach(value=1.3),
    ),
    Row("fresh", "database commands a message beside its flush, just started", "other_commands"),
    Row("fresh", "the same, warm", "warm_other_commands", first=Reach(value=0.3)),
    Row(
        "one-core",
        "end to end/s, 100 pairs, server, database and load on one core",
        "per_sec",
        "mailbox",
        *ONE_CORE,
    ),
    Row(
        "crowd-500", "send → event p50 ms, 10,000 polls, 500 sends/s", "p50_ms", "mailbox", Reach(value=10.0)
    ),
    Row("crowd-500", "send → event p99 ms, 10,000 polls, 500 sends/s", "p99_ms", "mailbox"),
    Row(
        "crowd-500",
        "the same, share of its core that the server is busy",
        "server_busy",
        "mailbox",
        Reach(value=0.65),
    ),
    Row("idle", "database commands per idle re-poll", "commands_per_repoll", first=FEW),
    Row("idle_plain", "database commands per idle re-poll, no cursor", "commands_per_repoll", first=FEW),
    Row(
        "reads", "inboxes written to for a read in a group of 500", "writes_per_read", first=Reach(value=2.0)
    ),
    Row(
        "beside_group",
        "pairs’ sends/s alone, in those beside a group of 1,000, 2 messages/s, nobody there",
        "alone_of",
        first=BESIDE,
    ),
    Row("beside_group", "the same, all 1,000 polling", "alone_of_present", first=BESIDE),
    Row(
        "few",
        "server CPU of a send into a group of 10, in that of a direct one",
        "cpu_of_direct",
        first=SMALL,
    ),
    Row("few", "mongod CPU of the same", "mongod_of_direct"),
    Row(
        "announcement",
        "201 of an announcement to 10,000, in that of a direct send, p50",
        "stored_of_direct",
        first=Reach(value=2.0),
    ),
    Row(
        "announcement",
        "the same: the last of 100 polls has it, ms after",
        "pollers_ms",
        first=Reach(value=100.0),
    ),
    Row("announcement", "the same: all inboxes have it, s after", "inboxes_secs", first=Reach(value=5.0)),
    Row(
        "announcement",
        "p99 of others’ sends meanwhile, in that without",
        "others_p99_of_alone",
        first=Reach(value=1.5),
    ),
    Row("declares", "declare and bind round trips per send", "declares_per_send", first=Reach(value=0.001)),
)


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def shown(measured: Measured) -> str:
    return "  ".join(f"{key} {number(value)}" for key, value in measured.items())


def spread(values: list[float]) -> str:
    middle = number(median(values))
    return f"{middle} ({number(min(values))}–{number(max(values))})" if len(values) > 1 else middle


def judged(row: Row, rounds: Rounds) -> dict[str, Any]:
    ours = [measured[row.metric] for measured in rounds["ours"]]
    theirs = [measured[row.metric] for measured in rounds.get(row.reference, [])]
    # Within a round both met the same machine; the median of those ratios is what counts.
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True)) if theirs else None
    lost = sum(measured.get("lost", 0) + measured.get("failures", 0) for measured in rounds["ours"])
    first, then = (reach.checks(ratio, median(ours)) for reach in (row.first, row.then))
    return {
        "workload": row.label,
        "ours": spread(ours),
        "reference": f"{spread(theirs)} {row.reference}" if theirs else "",
        "ratio": f"{ratio:.2f}" if ratio is not None else "",
        "first": aim(first),
        "ok?": verdict(first, lost),
        "then": aim(then),
        "ok then?": verdict(then, lost),
    }


def aim(checks: list[tuple[str, bool]]) -> str:
    return ", ".join(text for text, _ in checks)


def verdict(checks: list[tuple[str, bool]], lost: float) -> str:
    if lost:
        return f"no: {lost:g} failed"
    return ("yes" if all(met for _, met in checks) else "no") if checks else ""


def table(results: dict[str, Any]) -> str:
    lines = [judged(row, results[row.workload]["rounds"]) for row in ROWS if row.workload in results]
    if not lines:
        return ""
    names = list(lines[0])
    widths = {name: max(len(name), *(len(line[name]) for line in lines)) for name in names}

    def drawn(cell: Callable[[str], str], fill: str = " ") -> str:
        return "| " + " | ".join(cell(name).ljust(widths[name], fill) for name in names) + " |"

    rule = drawn(lambda _: "", "-")
    return "\n".join([drawn(str), rule, *(drawn(lambda name, line=line: line[name]) for line in lines)])


def noise(results: dict[str, Any]) -> str:
    """How much of the server's core strangers had, and what the generator used of its own."""
    every = [m for result in results.values() for rounds in result["rounds"].values() for m in rounds]
    foreign = [measured["foreign"] for measured in every]
    busiest = max(measured["load_busy"] for measured in every)
    noisy = sum(share > NOISY for share in foreign)
    lines = [
        f"Noise: strangers had {median(foreign):.0%} of the server's core in the median round, {max(foreign):.0%} in"
        f" the worst; {noisy} of {len(foreign)} rounds were above {NOISY:.0%}."
    ]
    delegate = results.get("sends", {}).get("rounds", {}).get("delegate")
    if delegate:
        ceiling = 1e6 / median(measured["load_cpu_us"] for measured in delegate)
        reached = median(measured["per_sec"] for measured in delegate)
        lines.append(
            f"Generator: {ceiling:,.0f} requests/s for a whole core, against the bare delegate's {reached:,.0f}/s;"
            f" it was never busier than {busiest:.0%} of its core."
        )
    return "\n".join(lines)


def keep(results: dict[str, Any], path: Path = RESULTS) -> dict[str, Any]:
    """Merge into what earlier runs measured. Every workload carries its own date."""
    merged = json.loads(path.read_text()) if path.exists() else {}
    merged.update(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(merged, indent=1) + "\n")
    return merged


def publish(results: dict[str, Any], plots: list[Path]) -> None:
    """Put the table and the plots between their marks in docs/performance.md."""
    dates = sorted({result["date"] for result in results.values()})
    machines = sorted({result["machine"] for result in results.values()})
    made = f"Measured {' and '.join(dates)} on {'; '.join(machines)}."
    images = [f"![{plot.stem}]({plot.relative_to(DOCUMENT.parent)})" for plot in plots]
    put("table", [table(results), f"{made}\n{noise(results)}", *images])


def put(name: str, parts: Sequence[str]) -> None:
    """Between the marks of that name in docs/performance.md."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = DOCUMENT.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT.write_text(before + "\n\n".join([begin, *parts, end]) + after, "utf-8")


def columns_table(columns: Columns, rows: Sequence[Measured]) -> str:
    lines = [[heading for heading, _ in columns], ["---:"] * len(columns)]
    for row in rows:
        cells = {metric: number(value) for metric, value in row.items()}
        if "foreign" in row:
            cells["foreign"] = f"{row['foreign']:.0%}"
        lines.append([cells.get(metric, "") for _, metric in columns])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
