"""F2, whole: Atheris at the edge validator for ten minutes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.abuse.bench.calls import calls
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.values import BODIES, INJECTIONS, POISON, WRONG
from tests.support.server import ROOT

DONE = re.compile(r"Done (\d+) runs")
COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


def seeds(place: Path) -> None:
    """One of each kind; the rest is found by trying."""
    bodies = [*BODIES, *(json.dumps(call.example).encode() for call in calls() if call.example)]
    bodies += [f'{{"a": {raw}}}'.encode() for raw in (*POISON, *WRONG, *INJECTIONS)]
    bodies += [b"2f9a61c0:2", b"2f9a61c0:2:1"]
    for number, body in enumerate(body for body in bodies if len(body) < 4096):
        (place / str(number)).write_bytes(bytes([number % 256]) + body)


def test_F2_a_coverage_guided_fuzzer_finds_nothing_at_the_edge(tmp_path: Path, row: Row) -> None:
    pytest.importorskip("atheris")
    place = tmp_path / "seeds"
    place.mkdir()
    seeds(place)
    secs = sized(10, 600)
    log = ROOT / "build" / "atheris.txt"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as file:
        command = [sys.executable, "-m", "tests.abuse.full.fuzz_edge", str(place), f"-max_total_time={secs}"]
        command += ["-max_len=4096", f"-artifact_prefix={tmp_path}/", "-rss_limit_mb=1500"]
        code = subprocess.run(
            command, cwd=ROOT, stdout=file, stderr=file, timeout=secs + 300, check=False
        ).returncode
    said = log.read_text(errors="replace")
    if code != 0:
        row.violation(said[-3000:])
    row.assert_clean()
    done, covered = DONE.search(said), COVERED.findall(said)
    assert done, said[-3000:]
    row.cases = int(done[1])
    row.show(f"{row.cases:,} inputs in {secs} s, {covered[-1][1]} features covered")
