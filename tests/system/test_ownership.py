"""The files of the embedded database are one user's: private to it, and no other user's command touches them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatserver.errors import EX_CANTCREAT, EX_NOPERM
from chatserver.guard.server_secret import FILE, read_or_make
from chatserver.runtime import server_secret
from chatserver.settings import Settings
from tests.support.command import Outcome, chatserver
from tests.support.server import ROOT, ServerProcess, clean_environment

NOBODY = 65534
AS_OWNER = "sudo -u nobody"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0,
    reason="only root can give files to another user: run as root",
)


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Path]:
    """The data of a server that does not run, in which somebody has an account."""
    data = tmp_path / "data"
    assert chatserver("user", "add", "ann", "--data-dir", data).code == 0
    yield data


def give(path: Path, user: int) -> None:
    for each in (path, *path.rglob("*")):
        os.chown(each, user, user)


def states(path: Path) -> dict[str, tuple[int, int]]:
    """Owner and time of the last change of each file."""
    return {str(each): (each.stat().st_uid, each.stat().st_mtime_ns) for each in path.rglob("*")}


def served(data: Path) -> Outcome:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "--port", "0", "--data-dir", str(data)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_root_is_refused_on_the_data_of_a_service_user_and_told_how_to_act_as_that_user(
    stopped: Path, tmp_path: Path
) -> None:
    give(stopped, NOBODY)
    before = states(stopped)

    refusals = [
        served(stopped),
        chatserver("user", "list", "--data-dir", stopped),
        chatserver("backup", tmp_path / "copy", "--data-dir", stopped),
    ]
    doctor = chatserver("doctor", "--data-dir", stopped)

    for refused in refusals:
        assert refused.code == EX_NOPERM, refused
        assert len(refused.err.strip().splitlines()) == 1, refused
        assert f"{stopped} belongs to nobody" in refused.err and AS_OWNER in refused.err
    assert "belongs to nobody" in doctor.out and AS_OWNER in doctor.out
    assert states(stopped) == before, "nothing was changed, and nothing left behind"


def test_root_is_refused_beside_a_running_server_of_another_user_too(tmp_path: Path) -> None:
    server = ServerProcess(data_dir=tmp_path)
    server.start()
    try:
        os.chown(tmp_path, NOBODY, NOBODY)
        refused = chatserver("user", "list", "--data-dir", tmp_path)
        assert refused.code == EX_NOPERM and AS_OWNER in refused.err, refused
    finally:
        os.chown(tmp_path, 0, 0)
        server.stop()


def test_a_socket_of_another_user_is_not_talked_to(tmp_path: Path) -> None:
    server = ServerProcess(data_dir=tmp_path)
    server.start()
    run = Path((tmp_path / "mongod.owner").read_text().splitlines()[1])
    try:
        for strange in (run, run / "m.sock"):
            os.chown(strange, NOBODY, NOBODY)
            refused = chatserver("user", "list", "--data-dir", tmp_path)
            os.chown(strange, 0, 0)
            assert refused.code == EX_NOPERM, refused
            assert f"{strange} belongs to nobody" in refused.err and len(refused.err.splitlines()) == 1
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["mongod/WiredTiger.turtle", "mongod/WiredTiger.lock", "mongod.owner"])
def test_a_file_that_another_user_left_behind_is_named_with_its_owner(stopped: Path, name: str) -> None:
    os.chown(stopped / name, NOBODY, NOBODY)

    refused = served(stopped)

    assert refused.code == EX_NOPERM, refused
    assert len(refused.err.strip().splitlines()) == 1, refused
    assert f"{stopped / name} belongs to nobody" in refused.err and "chown -R root" in refused.err
    os.chown(stopped / name, 0, 0)
    assert chatserver("user", "list", "--data-dir", stopped).code == 0


def test_a_secret_that_root_makes_beside_a_database_elsewhere_is_the_service_users(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    made = read_or_make(tmp_path / FILE)
    kept = (tmp_path / FILE).stat()
    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (NOBODY, NOBODY, 0o600)
    assert read_or_make(tmp_path / FILE) == made


def test_a_secret_that_cannot_be_opened_is_told_with_its_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / FILE
    secret.write_text("too short")
    os.chown(secret, NOBODY, NOBODY)
    assert server_secret(Settings(data_dir=tmp_path)) is None
    said = capsys.readouterr().out + caplog.text  # the latter where an earlier test has set up the log
    assert str(secret) in said and "nobody" in said


def test_what_the_database_keeps_is_private_to_its_user_and_becomes_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = ServerProcess(data_dir=data)
    server.log_path = tmp_path / "server.log"
    data.mkdir(mode=0o755)
    for name in ("mongod.owner", "mongod.log"):  # of an older version
        (data / name).touch(mode=0o644)
    server.start()
    run = Path((data / "mongod.owner").read_text().splitlines()[1])
    try:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
        assert stat.S_IMODE(data.stat().st_mode) == stat.S_IMODE(run.stat().st_mode) == 0o700
        assert modes["mongod"] == 0o700
        for name in ("mongod.log", "mongod.owner", "mongod.features"):
            assert modes[name] == 0o600, name
        assert stat.S_IMODE((run / "m.sock").stat().st_mode) == 0o600
    finally:
        server.stop()


@pytest.mark.parametrize("mode", [0o1777, 0o755])
def test_a_directory_that_holds_other_things_for_others_is_not_taken(tmp_path: Path, mode: int) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "letters.txt").touch()
    shared.chmod(mode)

    refused = served(shared)

    assert refused.code == EX_NOPERM and "open to other users" in refused.err, refused
    assert stat.S_IMODE(shared.stat().st_mode) == mode
    assert [path.name for path in shared.iterdir()] == ["letters.txt"]


def test_a_backup_follows_no_link_that_somebody_put_in_its_way(stopped: Path, tmp_path: Path) -> None:
    victim, file = tmp_path / "victim", tmp_path / "copy"
    victim.write_text("precious")
    (tmp_path / "copy.part").symlink_to(victim)
    file.symlink_to(tmp_path / "nowhere")

    made = chatserver("backup", file, "--data-dir", stopped)

    assert made.code == 0, made
    assert victim.read_text() == "precious" and not (tmp_path / "nowhere").exists()
    assert not file.is_symlink() and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert chatserver("restore", "--check", file).code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"victim", "copy", "copy.part", "data"}


def test_a_backup_replaces_nothing_but_a_file(stopped: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    refused = chatserver("backup", pipe, "--force", "--data-dir", stopped)

    assert refused.code == EX_CANTCREAT and pipe.is_fifo(), refused
