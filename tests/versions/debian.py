"""A Debian 13 in a directory: its RabbitMQ and its Python, with nothing of it on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.server import ROOT

SUITE = "trixie"
TREE = ROOT / "build" / "debian13"
PACKAGES = ("rabbitmq-server", "python3-venv", "ca-certificates", "libcurl4t64", "nginx")
PYTHON = "/venv/bin/python"
REQUIREMENTS = ("requirements.lock", "requirements.txt", "requirements-dev.txt")


def ready() -> None:
    """Build the tree where there is none, and install what this checkout asks for into its virtual environment."""
    if os.geteuid() != 0:
        sys.exit("A tree of another Debian is made by debootstrap and entered by chroot: run this as root.")
    if shutil.which("debootstrap") is None:
        sys.exit("debootstrap is missing: scripts/prepare versions")
    made = TREE / "made"
    if not made.exists():
        shutil.rmtree(TREE, ignore_errors=True)
        TREE.parent.mkdir(exist_ok=True)
        include = f"--include={','.join(PACKAGES)}"
        subprocess.run(["debootstrap", "--variant=minbase", include, SUITE, TREE], check=True)
        made.touch()
    wanted, stamp = "".join((ROOT / name).read_text() for name in REQUIREMENTS), TREE / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run(inside("python3", "-m", "venv", "--clear", "/venv"), cwd=ROOT, check=True)
        install(inside(PYTHON))
        stamp.write_text(wanted)


def install(python: list[str]) -> None:
    """What scripts/prepare installs, for another Python."""
    pip = [*python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements.lock"], cwd=ROOT, check=True)
    subprocess.run([*pip, "-r", "requirements-dev.txt"], cwd=ROOT, check=True)


def inside(*command: str) -> list[str]:
    """The command line that runs this one in the tree, with this checkout as its working directory."""
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return [*namespaces, "sh", str(Path(__file__).with_name("inside.sh")), str(TREE), *command]


def version() -> str:
    """Of the broker and the Python in the tree."""
    asked = ("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "rabbitmq-server", "python3")
    done = subprocess.run(inside(*asked), cwd=ROOT, check=True, capture_output=True, text=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    broker, python = (found[name].partition("-")[0] for name in ("rabbitmq-server", "python3"))
    return f"RabbitMQ {broker}, Python {python} (Debian 13)"
