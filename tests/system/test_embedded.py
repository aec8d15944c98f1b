"""The embedded database, with a real mongod throughout."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import AutoReconnect

from chatserver.errors import EX_CANTCREAT, EX_UNAVAILABLE, StartupError
from chatserver.storage import mongod as finding
from chatserver.storage.datadir import DataDir
from chatserver.storage.embedded import OPLOG_MB, EmbeddedMongod
from chatserver.storage.mongod import Mongod, find_mongod, lacks_avx
from tests.support.waiting import GENEROUS_SECS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="embedded-", ignore_cleanup_errors=True) as path:
        yield Path(path) / "data"


@asynccontextmanager
async def notes(mongod: EmbeddedMongod) -> AsyncIterator[Any]:
    """A collection to write in, by a client that stays connected."""
    async with AsyncMongoClient(mongod.uri, serverSelectionTimeoutMS=10_000) as client:
        yield client.test.notes


def run_of(uri: str) -> Path:
    """The directory that the socket is in."""
    return Path(unquote(urlsplit(uri).netloc)).parent


async def until(happened: Callable[[], bool | Awaitable[bool]], within_secs: float = GENEROUS_SECS) -> None:
    async with asyncio.timeout(within_secs):
        while True:
            seen = happened()
            if seen if isinstance(seen, bool) else await seen:
                return
            await asyncio.sleep(0.05)


def is_running(pid: int) -> bool:
    """A process that only waits for somebody to ask how it ended does not count."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def script(path: Path, body: str, mode: int = 0o755) -> str:
    path.write_text("#!/bin/sh\n" + body + "\n")
    path.chmod(mode)
    return str(path)


@pytest.mark.gen_test
async def test_starts_and_answers_on_a_private_socket_only(data_dir: Path) -> None:
    async with EmbeddedMongod(data_dir) as mongod, notes(mongod) as collection:
        await collection.insert_one({"_id": 1})
        assert await collection.count_documents({}) == 1
        assert re.fullmatch(r"\d+\.\d+\.\d+", mongod.version) and mongod.path.is_file()
        assert mongod.source in ("PATH", "wheel")
        assert run_of(mongod.uri).stat().st_mode & 0o777 == 0o700
        assert mongod.pid and not psutil.Process(mongod.pid).net_connections(kind="inet")


@pytest.mark.gen_test
async def test_data_survive_a_clean_restart_in_a_directory_that_was_moved(data_dir: Path) -> None:
    async with EmbeddedMongod(data_dir) as mongod, notes(mongod) as collection:
        await collection.insert_one({"_id": 1})
    moved = data_dir.with_name("moved")
    await asyncio.to_thread(data_dir.rename, moved)
    async with EmbeddedMongod(moved) as mongod, notes(mongod) as collection:
        assert await collection.count_documents({}) == 1


@pytest.mark.gen_test
async def test_the_log_of_operations_has_its_size_also_in_data_of_earlier_releases(data_dir: Path) -> None:
    async def size(mongod: EmbeddedMongod) -> int:
        async with AsyncMongoClient(mongod.uri) as client:
            return int((await client.local.command("collStats", "oplog.rs"))["maxSize"])

    async with EmbeddedMongod(data_dir) as mongod:
        assert await size(mongod) == OPLOG_MB << 20
        async with AsyncMongoClient(mongod.uri) as client:
            await client.admin.command("replSetResizeOplog", size=990.0)
        assert await size(mongod) == 990 << 20
    async with EmbeddedMongod(data_dir) as mongod:
        assert await size(mongod) == OPLOG_MB << 20


@pytest.mark.gen_test
async def test_a_killed_child_is_restarted_at_the_same_uri_with_every_answered_write(data_dir: Path) -> None:
    async with EmbeddedMongod(data_dir) as mongod, notes(mongod) as collection:
        uri, first = mongod.uri, mongod.pid
        assert first
        for number in range(20):
            await collection.insert_one({"_id": number})
        os.kill(first, signal.SIGKILL)
        await until(lambda: mongod.pid not in (None, first))

        async def taken() -> bool:
            with suppress(AutoReconnect):  # not primary yet
                await collection.replace_one({"_id": 20}, {}, upsert=True)
                return True
            return False

        await until(taken)
        assert await collection.count_documents({"_id": {"$lt": 20}}) == 20
        assert mongod.uri == uri


@pytest.mark.gen_test
async def test_closed_leaves_no_process_and_no_socket_and_closes_again_without_complaint(
    data_dir: Path,
) -> None:
    mongod = await EmbeddedMongod(data_dir).open()
    pid, run = mongod.pid, run_of(mongod.uri)
    assert pid and run.is_dir()
    await mongod.close()
    await mongod.close()
    assert not psutil.pid_exists(pid) and not run.exists() and mongod.pid is None


@pytest.mark.gen_test
async def test_a_child_that_is_no_primary_when_it_is_closed_ends_as_soon(data_dir: Path) -> None:
    mongod = await EmbeddedMongod(data_dir).open()
    async with notes(mongod) as collection:
        await collection.database.client.admin.command("replSetStepDown", 60, force=True)
    async with asyncio.timeout(10):
        await mongod.close()


@pytest.mark.gen_test
async def test_a_second_start_on_the_same_directory_is_refused_with_the_pid(data_dir: Path) -> None:
    async with EmbeddedMongod(data_dir) as mongod, notes(mongod) as collection:
        with pytest.raises(StartupError, match=rf"in use by process {os.getpid()}\b") as refusal:
            await EmbeddedMongod(data_dir).open()
        assert refusal.value.exit_code == EX_UNAVAILABLE
        await collection.insert_one({"_id": 1})  # and the first was not disturbed


@pytest.mark.gen_test
async def test_a_crash_of_the_server_leaves_no_orphan_and_the_next_start_works(data_dir: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux signals a child when its parent dies")
    server = textwrap.dedent("""
        import asyncio, os, signal, sys
        from pathlib import Path
        from chatserver.storage.embedded import OPLOG_MB, EmbeddedMongod
        async def crash():
            mongod = await EmbeddedMongod(Path(sys.argv[1])).open()
            print(mongod.pid, mongod.uri, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(crash())
    """)
    command = [sys.executable, "-c", server, str(data_dir)]
    crashed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid, uri = crashed.stdout.split()
    run = run_of(uri)
    async with EmbeddedMongod(data_dir) as mongod, notes(mongod) as collection:
        await collection.insert_one({"_id": 1})
        await until(lambda: not is_running(int(pid)) and not run.exists())


@pytest.mark.gen_test
async def test_a_directory_that_cannot_be_made_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=r"cannot be written .*CHATSERVER_DATA_DIR") as refusal:
        await EmbeddedMongod(tmp_path / "file" / "data").open()
    assert refusal.value.exit_code == EX_CANTCREAT


@pytest.mark.gen_test
async def test_data_of_a_newer_mongodb_are_refused_before_they_are_touched(data_dir: Path) -> None:
    features = data_dir / "mongod.features"
    await asyncio.to_thread(data_dir.mkdir)
    await asyncio.to_thread(features.write_text, "99.0\n")
    with pytest.raises(StartupError, match=r"is of MongoDB 99\.0.*Run MongoDB 99\.0"):
        await EmbeddedMongod(data_dir).open()
    assert not list((data_dir / "mongod").iterdir())


@pytest.mark.parametrize(
    ("written", "version", "command"),
    [
        ("5.0", "7.0.28", "'6.0'}"),
        ("6.0", "8.0.17", "'7.0', confirm: true}"),
        ("7.0", "9.0.1", "'8.0', confirm"),
    ],
)
def test_data_two_series_older_are_refused_with_the_command_that_the_one_between_takes(
    tmp_path: Path, written: str, version: str, command: str
) -> None:
    (tmp_path / "mongod.features").write_text(f"{written}\n")
    with pytest.raises(StartupError) as refusal:
        DataDir(tmp_path).check_features(Mongod(Path("mongod"), version, "setting"))
    assert f"setFeatureCompatibilityVersion: {command}" in str(refusal.value)


@pytest.mark.gen_test
async def test_a_mongod_that_ends_while_starting_is_told_with_its_last_words(data_dir: Path) -> None:
    binary = script(
        data_dir.parent / "mongod",
        'test "$1" = --version && echo db version v7.0.1 && exit\necho "disk is full"; exit 3',
    )
    with pytest.raises(StartupError, match=r"ended while starting: disk is full\. See .*mongod\.log"):
        await EmbeddedMongod(data_dir, binary).open()
    with pytest.raises(StartupError, match="ended while starting"):  # so the directory was let go
        await EmbeddedMongod(data_dir, binary).open()


def test_no_mongod_anywhere_gives_one_line_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(finding.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StartupError) as refusal:
        find_mongod(None)
    assert refusal.value.exit_code == EX_UNAVAILABLE and "\n" not in str(refusal.value)
    assert "pip install" in str(refusal.value) and "CHATSERVER_MONGODB_URI" in str(refusal.value)


@pytest.mark.parametrize(
    ("body", "cure"),
    [
        (
            "echo 'mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file:"
            " No such file or directory' >&2; exit 127",
            r"libcurl\.so\.4 is missing\. Run `apt-get install libcurl4`",
        ),
        ("kill -ILL $$", "lacks AVX"),
        ("echo \"/lib/libc.so.6: version 'GLIBC_2.34' not found\" >&2; exit 1", "C library is too old"),
        ("echo db version v4.2.1", r"it is 4\.2\.1; install MongoDB 5\.0 or newer"),
        ("echo something odd; exit 2", r"failed with 2 \(something odd\)"),
    ],
)
def test_a_binary_that_cannot_run_gives_its_own_cure(tmp_path: Path, body: str, cure: str) -> None:
    with pytest.raises(StartupError, match=cure) as refusal:
        find_mongod(script(tmp_path / "mongod", body))
    assert refusal.value.exit_code == EX_UNAVAILABLE and "\n" not in str(refusal.value)


def test_a_binary_of_another_system_and_a_missing_one_give_their_own_cure(tmp_path: Path) -> None:
    other = tmp_path / "mongod"
    other.write_bytes(b"\x7fELF\x00 made elsewhere")
    with pytest.raises(StartupError, match="made for another system"):
        find_mongod(str(other))
    with pytest.raises(StartupError, match="no such file"):
        find_mongod(str(tmp_path / "none"))


def test_a_binary_without_its_executable_bit_is_given_it(tmp_path: Path) -> None:
    found = find_mongod(script(tmp_path / "mongod", "echo db version v7.0.28", mode=0o644))
    assert (found.version, found.source) == ("7.0.28", "setting")


def test_a_broken_mongod_on_the_path_gives_way_to_the_one_in_the_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script(tmp_path / "mongod", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_mongod(None).source == "wheel"


def test_a_processor_without_avx_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse4_2 popcnt\n")
    assert lacks_avx(cpuinfo)
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx avx2\n")
    assert not lacks_avx(cpuinfo) and not lacks_avx(tmp_path / "none")
