"""Runs suites on the versions that people have and this machine has not: `make versions`.

    make versions                            RabbitMQ 4 and Python 3.13, in a tree of Debian 13
    make versions PYTHONS=all                every Python from 3.11 that is found here; or a list: PYTHONS="3.12 3.13"
    make versions MONGOD=/path/to/mongod     another MongoDB
    make versions ARGS="doctor delivery"     only these suites, of any of the above

Each suite becomes a row in build/versions.md, or in the document that VERSIONS_DOCS names.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.server import ROOT
from tests.versions import debian, table

BUILD = Path("build/versions")  # from the root of the checkout, which has another name inside a tree
OLDEST_PYTHON = (3, 11)
SCALE = "0.2"  # of the faults: what is asked is whether they are survived there too, not how well
FAULTS = "tests/faults/full"
SUITES = {
    "bus": "tests/contracts/test_bus.py tests/contracts/test_rabbit_bus.py tests/contracts/test_sealed_bells.py",
    "doctor": "tests/system/test_doctor.py",
    "deploy/rabbitmq": "tests/system/test_deploy.py -k a_broker_takes_the_definitions",
    "delivery": "tests/system/delivery",
    "B1-B6,B9": f"{FAULTS}/test_broker.py {FAULTS}/test_refusals.py",
    "B7-B8": "tests/cluster/test_brokers.py",
    "unit": "tests/unit",
    "contracts": "tests/contracts",
    "api": "tests/api",
    "A1-A10": f"{FAULTS}/test_database.py {FAULTS}/test_disasters.py",
    "backup": "tests/system/test_backup.py",
}
ON_DEBIAN = ("bus", "doctor", "deploy/rabbitmq", "delivery", "B1-B6,B9", "B7-B8")
ON_PYTHON = ("unit", "contracts", "api")
ON_MONGOD = ("contracts", "delivery", "backup", "A1-A10")


@dataclass(frozen=True)
class Place:
    """Where suites run. `python` is the command line up to and with the interpreter."""

    version: str
    suites: tuple[str, ...]
    python: list[str] = field(default_factory=lambda: [sys.executable])
    path: str = ""  # a directory whose programs come before all others

    def runs(self, suite: str) -> bool:
        """Run one, with a row of its own. Whether all was well."""
        report = BUILD / "report.xml"
        (ROOT / report).unlink(missing_ok=True)
        pytest = [*self.python, "-m", "pytest", "-q", "--timeout=900", f"--junitxml={report}"]
        env = {"FAULTS_SCALE": SCALE, "CI": "1"} | os.environ
        env["PATH"] = os.pathsep.join(filter(None, (self.path, env["PATH"])))
        print(f"\n{self.version}: {suite}", flush=True)
        subprocess.run([*pytest, *SUITES[suite].split()], cwd=ROOT, env=env, check=False)
        passed, well = table.outcome(ROOT / report)
        document = ROOT / os.environ.get("VERSIONS_DOCS", "build/versions.md")
        table.put(document, self.version, suite, passed, datetime.date.today().isoformat())
        return well


def on_debian() -> Place:
    debian.ready()
    return Place(debian.version(), ON_DEBIAN, debian.inside(debian.PYTHON))


def on_mongod(path: str) -> Place:
    """First on the PATH it is found by the tests' own databases and by servers that bring theirs."""
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"{path} cannot run ({problem}). Name a mongod that does: MONGOD=/path/to/mongod")
    link = ROOT / BUILD / "bin" / "mongod"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(Path(path).resolve())
    return Place(f"MongoDB {told.split()[2].removeprefix('v')}", ON_MONGOD, path=str(link.parent))


def on_python(path: str) -> Place:
    asked = [path, "-c", "import platform; print(platform.python_version())"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    venv = ROOT / BUILD / f"python-{version}"
    python = [str(venv / "bin" / "python")]
    if not (venv / "installed").exists():
        subprocess.run([path, "-m", "venv", "--clear", venv], check=True)
        debian.install(python)
        (venv / "installed").touch()
    return Place(f"Python {version}", ON_PYTHON, python)


def pythons(wanted: str) -> Iterator[str]:
    """The newest of each series, of all or of those that a list names by series or by path."""
    newest: dict[tuple[int, ...], str] = {}
    asked = [Path(name) for name in wanted.split() if "/" in name]
    for path in asked or candidates():
        # A shim of pyenv fails where its version is not the chosen one.
        told = subprocess.run([path, "-V"], capture_output=True, text=True, check=False)
        if number := re.fullmatch(r"Python (\d{1,2})\.(\d{1,3})\.(\d{1,3})\s{0,2}", told.stdout):
            newest[tuple(map(int, number.groups()))] = str(path)
    series = {version[:2]: path for version, path in sorted(newest.items()) if version[:2] >= OLDEST_PYTHON}
    for (major, minor), path in series.items():
        if wanted == "all" or asked or f"{major}.{minor}" in wanted.split():
            yield path


def candidates() -> Iterator[Path]:
    """Where Pythons are: on the PATH, and where pyenv and uv keep theirs."""
    for folder in os.environ["PATH"].split(os.pathsep):
        yield from Path(folder).glob("python3.1[0-9]")
    for kept in (".pyenv/versions", ".local/share/uv/python"):
        yield from Path.home().glob(f"{kept}/*/bin/python3")


def places(asked: argparse.Namespace) -> Iterator[Place]:
    if asked.mongod:
        yield on_mongod(asked.mongod)
    if asked.pythons:
        yield from map(on_python, pythons(asked.pythons))
    if not asked.mongod and not asked.pythons:
        yield on_debian()


def main() -> None:
    told = argparse.ArgumentParser(prog="make versions", description=(__doc__ or "").partition("\n")[0])
    told.add_argument("--pythons", metavar="all|LIST")
    told.add_argument("--mongod", metavar="PATH")
    told.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    asked = told.parse_args()
    if unknown := set(asked.suites) - set(SUITES):
        told.error(f"no such suite: {', '.join(sorted(unknown))}. There are: {', '.join(SUITES)}")
    (ROOT / BUILD).mkdir(parents=True, exist_ok=True)
    runs = [(place, suite) for place in places(asked) for suite in asked.suites or place.suites]
    if not runs:
        sys.exit(
            f"No such Python from 3.11 on was found: {asked.pythons}. Name series, PYTHONS=3.12, or paths."
        )
    ended = [place.runs(suite) for place, suite in runs]
    sys.exit(0 if all(ended) else 1)


if __name__ == "__main__":
    main()
