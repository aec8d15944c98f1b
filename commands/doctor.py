"""Looks at everything a server needs, and says what to do about what it lacks."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import click

from chatserver.errors import EX_UNAVAILABLE
from chatserver.settings import Settings
from commands.checks import FAIL, OK, WARN, Finding, host, services
from commands.flags import Shown, operation

COLORS = {OK: "green", WARN: "yellow", FAIL: "red"}


@click.command(
    help="Look at everything a server with these settings needs: ok, warn or fail, with the cure. Exit code 69 when "
    "anything fails. Works beside a running server."
)
@operation
def doctor(settings: Settings, shown: Shown) -> int:
    findings = asyncio.run(_findings(settings))
    worst = max((finding.state for finding in findings), key=(OK, WARN, FAIL).index)
    shown.result(
        {"state": worst, "checks": [asdict(finding) for finding in findings]},
        (_line(finding) for finding in findings),
    )
    return EX_UNAVAILABLE if worst == FAIL else 0


async def _findings(settings: Settings) -> list[Finding]:
    findings = [
        *host.python(),
        *host.packages(),
        *host.mongod(settings),
        *host.data_dir(settings),
        *host.ports(settings),
        *host.open_files(),
        *host.way_in(settings),
    ]
    findings += [finding async for finding in services.database(settings)]
    findings += [finding async for finding in services.broker(settings)]
    return findings


def _line(finding: Finding) -> str:
    state = click.style(f"{finding.state:<4}", fg=COLORS[finding.state])
    cure = f"\n      → {finding.cure}" if finding.cure else ""
    return f"{state}  {finding.check}: {finding.text}{cure}"
