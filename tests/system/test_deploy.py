"""The files of deploy/ as the programs they are for judge them."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from chatserver import metrics
from chatserver.supervisor import Supervisor
from tests.support.proxy import program
from tests.support.server import ROOT

DEPLOY = ROOT / "deploy"


def run(name: str, *arguments: str) -> str:
    found = program(name)
    if found is None:
        pytest.skip(f"{name} is not installed: scripts/prepare test")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_accepts_the_unit() -> None:
    installed = "/opt/chatserver/.venv/bin/python /opt/chatserver/run.py"
    text = (DEPLOY / "chatserver.service").read_text()
    assert installed in text
    with tempfile.TemporaryDirectory(prefix="unit-") as path:
        unit = Path(path) / "chatserver.service"
        unit.write_text(text.replace(installed, f"{sys.executable} {ROOT / 'run.py'}"))

        said = run("systemd-analyze", "verify", str(unit))

    assert "chatserver" not in said, said


def test_promtool_accepts_the_scrape_and_the_alerts() -> None:
    assert "SUCCESS" in run("promtool", "check", "config", str(DEPLOY / "prometheus.yml"))


def names(registry: CollectorRegistry) -> set[str]:
    found = set()
    for family in registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        found |= {family.name + suffix for suffix in suffixes}
    return found


def test_every_metric_an_alert_asks_for_exists() -> None:
    supervisor = Supervisor([], [], "", 2, 0)
    known = names(REGISTRY) | names(supervisor.registry)
    expressions = re.findall(r"expr: (.+)", (DEPLOY / "alerts.yml").read_text())
    asked = set(re.findall(r"\bchat_\w+", " ".join(expressions)))

    assert len(expressions) >= 10 and metrics.HELD_POLLS
    assert asked - known == set()


def test_every_alert_is_explained_to_who_gets_it() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    alerts = re.findall(r"alert: (\w+)", (DEPLOY / "alerts.yml").read_text())

    assert [alert for alert in alerts if f"`{alert}`" not in manual] == []
