"""`python -m bench.sizing`: from the unit costs in bench/figures.toml to docs/sizing.md: what so many people need.

Everything here is arithmetic. What it leaves out (locks, disks, networks, a second core that is not twice the first) is
said in the document; what one part does alone is measured, what many do together is not.
"""

from __future__ import annotations

import argparse
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import ROOT

FIGURES = Path(__file__).with_name("figures.toml")
DOCUMENT = ROOT / "docs" / "sizing.md"
BEGIN, END = "<!-- worked out: begin -->", "<!-- worked out: end -->"
BUSY = 0.6  # of a core: from there on waiting grows faster than work
CHECK_SECS = 2.0  # everyone's version is looked at this often
PRIMARY_CORES = (4, 16, 64)

Figures = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """So many held polls, sends a second in all, and how long an undisturbed poll is held. One reader a send."""

    polls: float
    sends: float
    hold_secs: float

    @property
    def idle_per_sec(self) -> float:
        """Polls that end empty: of those to whom nothing came for the whole hold."""
        rate = self.sends / self.polls
        if rate * self.hold_secs < 1e-9:
            return self.polls / self.hold_secs
        nothing_came = math.exp(-rate * self.hold_secs)
        return self.polls * rate * nothing_came / (1 - nothing_came)


@dataclass(frozen=True)
class Need:
    sending: float  # cores, as the following
    delivering: float
    idling: float
    processes: int
    memory_gb: float
    mongod: float
    broker: float


def need(load: Load, figures: Figures) -> Need:
    server, process_mb = figures["server"], figures["server"]["process_mb"]
    sending = load.sends * server["send_us"] / 1e6
    delivering = load.sends * server["delivery_us"] / 1e6
    idling = load.idle_per_sec * server["idle_repoll_us"] / 1e6
    processes = max(1, math.ceil((sending + delivering + idling) / BUSY))
    memory = load.polls * server["poll_kb"] / 1e6 + processes * process_mb / 1e3
    mongod = load.sends * figures["mongod"]["send_us"] / 1e6
    broker = load.sends * figures["broker"]["send_us"] / 1e6
    return Need(sending, delivering, idling, processes, memory, mongod, broker)


def row(load: Load, figures: Figures) -> list[str]:
    n = need(load, figures)
    return [
        f"{load.polls:,.0f}",
        f"{load.sends:,.0f}",
        f"{load.hold_secs:g}",
        shown(n.sending),
        shown(n.delivering),
        shown(n.idling),
        f"{n.processes:,}",
        f"{n.memory_gb:,.1f}",
        shown(n.mongod),
        shown(n.broker),
    ]


def shown(cores: float) -> str:
    return f"{cores:,.0f}" if cores >= 10 else f"{cores:.1f}" if cores >= 0.1 else f"{cores:.2f}"


HEAD = ["held polls", "sends/s", "hold s", "cores: sends", "deliveries", "idle re-polls", "processes", "GB"]
HEAD += ["mongod cores", "broker cores"]


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def body(figures: Figures, polls: float, sends: float) -> str:
    sizes = [(1e3, 10), (1e4, 100), (1e5, 1_000), (1e5, 10_000), (polls, polls / 100), (polls, sends)]
    loads = [Load(p, s, hold) for p, s in sizes for hold in (5.5, 50.0)]
    asked = need(Load(polls, sends, 50.0), figures)
    old = need(Load(polls, sends, 5.5), figures)
    mongod_us = figures["mongod"]["send_us"]
    primaries = ", ".join(f"{c} cores {c * BUSY * 1e6 / mongod_us:,.0f}/s" for c in PRIMARY_CORES)
    shards = math.ceil(asked.mongod / (16 * BUSY))
    joins = polls / 60
    facts = [
        f"- **Server processes**: {asked.processes:,} with clients that hold for 50 s, {old.processes:,} with the"
        f" original ones (5.5 s). {asked.memory_gb:,.0f} GB of memory together. They share nothing; more are added at"
        " will.",
        f"- **MongoDB's primary**: {asked.mongod:,.0f} cores of one machine for the sends alone. At {BUSY:.0%} busy a"
        f" primary takes: {primaries}. **This is what saturates first**: it is the one part that another machine does"
        f" not relieve. The asked rate is that of {shards} primaries of 16 cores.",
        f"- **Version checks**: every inbox once in {CHECK_SECS:g} s is {polls / CHECK_SECS:,.0f} look-ups by `_id` a"
        " second on the primary while the bus is well, and more than six times that while it is not.",
        f"- **RabbitMQ**: {asked.broker:,.0f} cores over the brokers, {sends:,.0f} publishes a second, one for each send"
        " whatever the members; a queue for each process.",
        f"- **Everybody arriving within a minute**: {joins:,.0f} joins a second are"
        f" {joins * figures['server']['join_us'] / 1e6:,.0f} cores of server and"
        f" {joins * figures['broker']['join_us'] / 1e6:,.1f} of broker.",
    ]
    return "\n\n".join(
        [
            f"Figures: {figures['taken']}.",
            table(HEAD, [row(load, figures) for load in loads]),
            *["\n".join(facts)],
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sizing", description=__doc__)
    parser.add_argument("--polls", type=float, default=1e6)
    parser.add_argument("--sends", type=float, default=1e5)
    options = parser.parse_args()
    text = body(tomllib.loads(FIGURES.read_text("utf-8")), options.polls, options.sends)
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
