"""Looks at everything a server needs, and says what to do about what it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict

import click

from chatserver.errors import EX_UNAVAILABLE
from chatserver.settings import Settings
from commands.checks import FAIL, OK, WARN, Finding, machine, services
from commands.flags import Shown, operation

COLORS = {OK: "green", WARN: "yellow", FAIL: "red"}


@click.command(
    help="Look at everything a server with these settings needs: ok, warn or fail, with the cure. Exit code 69 when "
    "anything fails. Works beside a running server."
)
@operation
def doctor(settings: Settings, shown: Shown) -> int:
    findings = asyncio.run(_all(settings, shown))
    worst = max((finding.state for finding in findings), key=(OK, WARN, FAIL).index)
    if shown.as_json:
        shown.result({"state": worst, "checks": [asdict(finding) for finding in findings]})
    return EX_UNAVAILABLE if worst == FAIL else 0


async def _all(settings: Settings, shown: Shown) -> list[Finding]:
    """Told one by one, for what does not answer takes its time."""
    findings = []
    async for finding in _findings(settings):
        findings.append(finding)
        if not shown.as_json:
            click.echo(_line(finding))
    return findings


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for found in (
        machine.python(),
        machine.packages(),
        machine.mongod(settings),
        machine.data_dir(settings),
        machine.ports(settings),
        machine.open_files(),
        machine.way_in(settings),
    ):
        for finding in found:
            yield finding
    async for finding in services.database(settings):
        yield finding
    async for finding in services.broker(settings):
        yield finding


def _line(finding: Finding) -> str:
    state = click.style(f"{finding.state:<4}", fg=COLORS[finding.state])
    cure = f"\n      → {finding.cure}" if finding.cure else ""
    return f"{state}  {finding.check}: {finding.text}{cure}"
