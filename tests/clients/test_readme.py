"""The README of the Python client does what it says, pasted from top to bottom; what it tells to install, installs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.host import SECRET
from tests.support.server import ROOT, ServerProcess

CLIENT = ROOT / "clients" / "python"


def pasted() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (CLIENT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 7
    return "\n".join(blocks)


def test_the_code_of_the_readme_runs_when_pasted(school: ServerProcess, key: str) -> None:
    given = {"CHAT_URL": school.base, "CHAT_KEY": key, "CHAT_HOST_SECRET": SECRET, "PYTHONPATH": str(CLIENT)}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", pasted()],
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["Ann Arden wrote: Hello Bob", "You said: Are you there?"]


def test_its_types_hold_for_who_checks_strictly(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(pasted().replace("headers, body: bytes", "headers: dict[str, str], body: bytes"))
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--cache-dir",
        str(tmp_path),
        str(program),
    ]
    run = subprocess.run(
        mypy,
        env=os.environ | {"MYPYPATH": str(CLIENT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_what_is_installed_is_all_of_it_with_its_types(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("__pycache__"))  # which is built in place
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--target"]
    subprocess.run([*pip, str(target), str(source)], check=True, timeout=240, capture_output=True)
    installed, written = (
        {
            file.relative_to(root)
            for file in root.glob("chatserver_client/**/*")
            if file.suffix in (".py", ".typed")
        }
        for root in (target, CLIENT)
    )
    assert installed == written
    tried = [
        sys.executable,
        "-I",
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1]); import chatserver_client",
    ]
    subprocess.run([*tried, str(target)], check=True, timeout=60)
