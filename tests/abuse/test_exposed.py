"""F13: what must not be open is not, what must not start does not, and what is installed is what was pinned."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.victim import Victim
from tests.support.client import Client
from tests.support.server import ROOT, clean_environment

HIDDEN = [
    "/metrics", "/metrics/", "/admin", "/admin/", "/debug", "/debug/pprof/", "/debug/vars", "/server-status", "/status", "/stats",
    "/console", "/actuator", "/actuator/env", "/actuator/heapdump", "/phpinfo.php", "/.env", "/.git/config", "/.git/HEAD",
    "/run.py", "/requirements.txt", "/chatserver/settings.py", "/static/../run.py", "/data/", "/templates/chat.html", "/failpoints",
    "/_debug", "/graphql", "/trace", "/swagger.json", "/api/v0/", "/api/v1/communication/metrics/", "/api/v1/communication/admin/",
    "/api/v1/communication/debug/", "/api/v1/communication/users/1/", "/api/v1/communication/auth/sessions/all/",
]  # fmt: skip
DEFAULTS = [
    ("admin", "admin"),
    ("root", "root"),
    ("test", "test"),
    ("guest", "guest"),
    ("chat", "chat"),
    ("admin", "password"),
]
UNFIT = [
    ("--host", "0.0.0.0"),
    ("--amqp-url", "amqp://ann:planted-secret@mq.example/"),
    ("--mongodb-uri", "mongodb://ann:planted-secret@db.example/"),
    ("--mongodb-uri", "mongodb://ann:planted-secret@db.example/?tls=true", "--host", "0.0.0.0"),
]


@pytest.mark.gen_test
async def test_F13_nothing_of_the_inside_is_served_outside(victim: Victim, client: Client, row: Row) -> None:
    client.check = None
    for path in HIDDEN:
        answer = await client.call("GET", path)
        row.saw(answer.status, path)
        if answer.status != 404 and not (answer.status in (403, 405) and path.startswith("/static/")):
            row.leak(f"{path} is served: {answer}")
        if b"chat_held_polls" in answer.body or b"Traceback" in answer.body:
            row.leak(f"{path} tells of the inside: {answer}")
    for name, password in DEFAULTS:
        answer = await client.login(name, password)
        row.saw(answer.status, name)
        if answer.status != 401:
            row.violation(f"{name} can sign in: {answer}")
    row.assert_clean()


@pytest.mark.gen_test
async def test_F13_a_page_that_leads_its_name_to_the_admin_listener_gets_nothing(
    victim: Victim, client: Client, row: Row
) -> None:
    client.check = None
    base = f"http://127.0.0.1:{victim.admin_port}"
    for host in (
        "rebound.example",
        f"rebound.example:{victim.admin_port}",
        "127.0.0.1.rebound.example",
        "192.0.2.1",
    ):
        for path in ("/metrics", "/metrics/", "/readyz", "/"):
            answer = await client.call("GET", path, base=base, headers={"Host": host})
            row.saw(answer.status, f"{host}{path}")
            if answer.status < 400 or b"chat_" in answer.body:
                row.leak(f"{host}{path} is served: {answer}")
    assert (await client.call("GET", "/metrics", base=base)).status == 200
    row.assert_clean()


def test_F13_production_does_not_start_where_something_is_open(tmp_path: Path, row: Row) -> None:
    for arguments in UNFIT:
        done = subprocess.run(
            [sys.executable, str(ROOT / "run.py"), "--production", "--port", "0", *arguments],
            env=clean_environment(),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        row.saw(0)
        if done.returncode != 78 or "--allow-insecure" not in done.stderr:
            row.violation(f"{arguments}: {done.returncode} {done.stderr}")
        if len(done.stderr.strip().splitlines()) != 1:
            row.violation(f"{arguments}: more than a line: {done.stderr}")
        if "planted" in done.stdout + done.stderr:
            row.leak(f"{arguments}: {done.stderr}")
    row.assert_clean()


def pins(path: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;\\]+)", path.read_text(), re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in found}


def test_F13_every_requirement_is_pinned_and_the_lock_has_its_hashes(row: Row) -> None:
    asked, locked = pins(ROOT / "requirements.txt"), pins(ROOT / "requirements.lock")
    lines = [line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    row.cases = len(locked)
    assert len(asked) == sum(bool(line) for line in lines), "a requirement without =="
    different = {
        name: (version, locked.get(name)) for name, version in asked.items() if locked.get(name) != version
    }
    assert not different, f"make lock: {different}"
    blocks = re.split(
        r"^(?=[A-Za-z0-9._-]+==)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE
    )[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
