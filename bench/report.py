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
class Row:
    """One line of the table: a metric, beside which reference, and what is to be reached."""

    workload: str
    label: str
    metric: str
    reference: str = ""
    at_least: float | None = None  # of the ratio
    at_most: float | None = None  # of the ratio, or of the value where there is no reference
    value_at_most: float | None = None


ROWS = (
    Row("sends", "durable sends/s, 32 connections", "per_sec", "handler", at_least=0.7),
    Row("sends", "the same, server CPU µs per send", "server_cpu_us", "handler"),
    Row("sends", "durable sends/s beside the bare delegate", "per_sec", "delegate"),
    Row("delivery", "send → event p50 ms, 1,000 polls, 200 sends/s", "p50_ms", "mailbox", None, 3.0, 5.0),
    Row("delivery", "send → event p99 ms", "p99_ms", "mailbox", at_most=2.0),
    Row("delivery", "201 → event p50 ms", "after_201_p50_ms", "mailbox"),
    Row("delivery", "201 → event p99 ms", "after_201_p99_ms", "mailbox"),
    Row("plain", "send → event p50 ms, clients without cursor", "p50_ms", "mailbox", None, 3.0, 5.0),
    Row("plain", "send → event p99 ms, clients without cursor", "p99_ms", "mailbox", at_most=2.0),
    Row("pairs", "end to end/s, 100 pairs closed loop", "per_sec", "mailbox", at_least=0.9),
    Row("pairs", "the same, server CPU µs per message", "server_cpu_us", "mailbox"),
    Row("crowd", "memory per held poll, KB", "kb_per_poll", "mailbox", value_at_most=15.0),
    Row("crowd", "the same after re-polling, KB", "kb_per_poll_churned", "mailbox", value_at_most=15.0),
    Row("crowd", "server CPU µs per idle re-poll", "server_cpu_us", "mailbox", at_most=1.0),
    Row("idle", "database commands per idle re-poll", "commands_per_repoll", at_most=0.1),
    Row("idle_plain", "database commands per idle re-poll, no cursor", "commands_per_repoll", at_most=0.1),
    Row("declares", "declare and bind round trips per send", "declares_per_send", at_most=0.001),
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
    share = ratio if theirs else median(ours)
    checks: list[tuple[str, bool]] = []
    if row.at_least is not None:
        checks.append((f"≥ {row.at_least:g}" + " ×" * bool(theirs), share >= row.at_least))
    if row.at_most is not None:
        checks.append((f"≤ {row.at_most:g}" + " ×" * bool(theirs), share <= row.at_most))
    if row.value_at_most is not None:
        checks.append((f"≤ {row.value_at_most:g}", median(ours) <= row.value_at_most))
    verdict = ("yes" if all(met for _, met in checks) else "no") if checks else ""
    return {
        "workload": row.label,
        "ours": spread(ours),
        "reference": f"{spread(theirs)} {row.reference}" if theirs else "",
        "ratio": f"{ratio:.2f}" if ratio is not None else "",
        "target": ", ".join(text for text, _ in checks),
        "ok?": f"no: {lost:g} failed" if lost else verdict,
    }


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
