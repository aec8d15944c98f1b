"""The directory the embedded database lives in: one owner at a time, and what it left behind tidied up."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from chatserver.errors import EX_CANTCREAT, EX_UNAVAILABLE, StartupError
from chatserver.storage import ownership
from chatserver.storage.mongod import Mongod

if sys.platform != "win32":  # where nothing here is used, but may be imported
    import fcntl

ORPHAN_SECS = 15.0  # a mongod whose server crashed was told to stop at that moment; let it finish
RUN_PREFIX = "chatserver-"
TAIL_BYTES = 64 * 1024
FULL_BYTES = 4 << 20
SOCKET = "m.sock"
SOCKET_BYTES = 100  # the kernels allow 103 (macOS) to 107 (Linux)


class DataDir:
    """What lies where:

    - `mongod/` the database files, `mongod.log` and the log of the run before, `mongod.log.1`
    - `mongod.owner` locked while a server uses the directory: its pid and its run directory
    - `mongod.features` the feature version that the files were last opened with

    The socket is elsewhere, in a new private directory per run, because socket paths must be short.
    All of it is this user's alone; what belongs to another is neither used nor changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.database = self.path / "mongod"
        self.log = self.path / "mongod.log"
        self.run = Path()
        self._features = self.path / "mongod.features"
        self._owner: IO[str] | None = None

    @property
    def socket(self) -> Path:
        return self.run / SOCKET

    def claim(self) -> None:
        """Create it and take it, or say who has it. Undone by `release`."""
        try:
            self._make_private()
            self._lock()
            if self.log.exists():
                self.log.replace(self.log.with_suffix(".log.1"))
            self._make_run()
        except OSError as problem:
            raise self._unusable(problem) from None

    def _make_private(self) -> None:
        self.check_owner()
        if self.path.is_dir():
            ownership.make_private(self.path, ours="mongod")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.database.mkdir(mode=0o700, exist_ok=True)
        for path in ownership.inside(self.path, "mongod"):
            ownership.check_usable(path, self.path)

    def check_owner(self) -> None:
        """Raises StartupError when it is there and another user's."""
        for path in (self.path, self.database):
            if path.exists():
                ownership.check(path)

    def is_made(self) -> bool:
        """Whether there is a database. Raises StartupError for another user's, and where that cannot be seen."""
        try:
            self.check_owner()
            return self.database.is_dir()
        except OSError as problem:
            raise self._unusable(problem) from None

    def open_log(self) -> IO[bytes]:
        """For what a child says; new ones are for this user's eyes alone."""
        return ownership.open_private(self.log, "ab")

    def _lock(self) -> None:
        owner = ownership.open_private(self.path / "mongod.owner", "a+")
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner.seek(0)
            pid = owner.readline().strip() or "unknown"
            owner.close()
            raise self._in_use(pid) from None
        self._owner = owner

    def _make_run(self) -> None:
        assert self._owner
        self._owner.seek(0)
        _forget_run(self._owner.read().splitlines()[1:])
        self.run = Path(tempfile.mkdtemp(prefix=RUN_PREFIX))
        if len(os.fsencode(self.socket)) > SOCKET_BYTES:
            self.run.rmdir()
            self.run = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir="/tmp"))
        self._owner.truncate(0)
        self._owner.write(f"{os.getpid()}\n{self.run}\n")
        self._owner.flush()

    async def await_orphan(self) -> None:
        """Return once no mongod works on the files."""
        lock = self.database / "mongod.lock"
        for _ in range(int(ORPHAN_SECS / 0.05)):
            if not _is_locked(lock):
                return
            await asyncio.sleep(0.05)
        raise self._in_use(lock.read_text().strip() or "unknown")

    def served_at(self) -> Path | None:
        """The socket of the server that uses this directory now; None when none does. Raises StartupError."""
        if sys.platform == "win32":
            return None
        try:
            self.check_owner()
            with ownership.open_private(self.path / "mongod.owner", "r") as owner:
                try:
                    fcntl.flock(owner, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    lines = owner.read().splitlines()
                    return _trusted(Path(lines[1])) if len(lines) > 1 else None
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as problem:
            raise self._unusable(problem) from None
        return None

    def release(self) -> None:
        if self._owner is None:
            return
        _forget_run([str(self.run)])
        self._owner.truncate(0)
        self._owner.close()
        self._owner = None

    def check_features(self, mongod: Mongod) -> None:
        """Refuse files that this binary would refuse, in words that say what to do."""
        try:
            written = self._features.read_text().strip()
            major = int(written.split(".")[0])
        except (OSError, ValueError):
            return
        if major > mongod.release[0]:
            cure = f"Run MongoDB {written} (CHATSERVER_MONGOD) or name another data directory"
        elif major < mongod.release[0] - 1:
            confirm = ", confirm: true" if major + 1 >= 7 else ""  # asked for from 7.0 on, refused before
            command = f"db.adminCommand({{setFeatureCompatibilityVersion: '{major + 1}.0'{confirm}}})"
            cure = f"Start once with MongoDB {major + 1} and run {command} there"
        else:
            return
        raise StartupError(
            f"The data in {self.path} is of MongoDB {written}; {mongod.path} is {mongod.version}. {cure}.",
            EX_UNAVAILABLE,
        )

    def remember_features(self, version: str) -> None:
        with ownership.open_private(self._features, "w") as file:
            file.write(version + "\n")

    def full_disk(self) -> str:
        """What to say where there is no room left, which mongod's own log has no room to say; else ""."""
        with suppress(OSError):
            if (free := shutil.disk_usage(self.path).free) < FULL_BYTES:
                return f"the disk is full, with {free:,} bytes free for {self.path}; make room there"
        return ""

    def last_words(self) -> str:
        """The most telling line of mongod's log, for a person."""
        if full := self.full_disk():
            return full
        with suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            for line in reversed(file.read().decode(errors="replace").splitlines()):
                try:
                    entry = json.loads(line)
                except ValueError:
                    return line[:300]
                if isinstance(entry, dict) and entry.get("s") in ("E", "F"):
                    return f"{entry.get('msg')} {json.dumps(entry.get('attr', {}))}"[:300]
        return "nothing in its log"

    def _unusable(self, problem: OSError) -> StartupError:
        return StartupError(
            f"The data directory {self.path} cannot be written ({problem.strerror or problem}). "
            "Make it writable for this user or name another with CHATSERVER_DATA_DIR.",
            EX_CANTCREAT,
        )

    def _in_use(self, pid: str) -> StartupError:
        return StartupError(
            f"The data directory {self.path} is in use by process {pid}. "
            "Stop that process or name another directory with CHATSERVER_DATA_DIR.",
            EX_UNAVAILABLE,
        )


def _trusted(run: Path) -> Path:
    """The socket in a run directory; both must be ours, since all is believed that comes out of it."""
    ownership.check(run)
    socket = run / SOCKET
    ownership.check(socket)
    return socket


def _is_locked(lock: Path) -> bool:
    """Whether a mongod holds it; the file alone means nothing, a killed mongod leaves it there."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def _forget_run(paths: list[str]) -> None:
    for path in map(Path, paths):
        if path.name.startswith(RUN_PREFIX):  # the name was read from a file: remove nothing else
            shutil.rmtree(path, ignore_errors=True)
