"""F13, whole: known holes of what is installed, and whether what the lock names can be installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.abuse.bench.ledger import Row
from tests.support.server import ROOT

LOCK = str(ROOT / "requirements.lock")


def test_F13_no_requirement_has_a_known_hole(row: Row) -> None:
    command = [sys.executable, "-m", "pip_audit", "-r", LOCK, "--require-hashes", "--disable-pip"]
    done = subprocess.run(
        [*command, "--format", "json", "--timeout", "10"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        row.show("not audited: the database of holes is not reachable from here")
        pytest.skip(done.stderr[-500:])
    audited = [one for one in found if "skip_reason" not in one]
    if not audited:
        row.show("not audited: the database of holes is not reachable from here")
        pytest.skip("pip-audit knows none of the packages")
    row.cases = len(audited)
    for one in audited:
        for hole in one["vulns"]:
            row.violation(f"{one['name']} {one['version']}: {hole['id']}, mended in {hole['fix_versions']}")
    row.show(f"{len(audited)} of {len(found)} packages audited")
    row.assert_clean()


def test_F13_the_lock_installs_by_its_hashes(tmp_path: Path, row: Row) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--require-hashes",
        "--no-deps",
        "--quiet",
    ]
    command += ["--disable-pip-version-check", "--target", str(tmp_path), "-r", LOCK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    row.cases = 1
