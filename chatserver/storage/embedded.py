"""The database that comes along: a real mongod as a child process, on a Unix socket and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from chatserver.errors import EX_UNAVAILABLE, StartupError
from chatserver.storage.datadir import SOCKET, DataDir
from chatserver.storage.driver import make_client
from chatserver.storage.mongod import Mongod, cache_gb, find_mongod

START_SECS = 60.0  # replaying the journal after a crash takes time
STOP_SECS = 20.0
LOOK_SECS = 0.02
CALL_SECS = 5.0
NOT_NOW = (23, 94)  # AlreadyInitialized, NotYetInitialized
FIRST_DELAY_SECS = 0.2
LAST_DELAY_SECS = 5.0
STEADY_SECS = 30.0  # a child that lived this long is forgiven earlier deaths

# Relative to the child's working directory, which is the run directory: so the address that the replica set
# has stored for itself stays true in every run and wherever the data directory is moved.
ADDRESS = f"./{SOCKET}"
# By default every version of every inbox is kept for five minutes. Nothing here asks for them but a backup, which says so
# itself; they were a tenth of what a send cost mongod, and most of its longest waits (docs/performance.md).
KEEP_NO_PAST = ("--setParameter", "minSnapshotHistoryWindowInSeconds=0")
# The log of operations begins again at this size. A message to 1,000 members is 280 kB of it, one to 10,000 ten times as
# much (docs/operations.md); 990 is the least to which MongoDB changes a log that is there already.
OPLOG_MB = 1024
FLAGS = (
    *("--bind_ip", ADDRESS, "--port", "27017", "--filePermissions", "0600"),
    # Else every mongod also makes /tmp/mongodb-27017.sock, and of two that start at once one finds it in use.
    *("--unixSocketPrefix", "."),
    *("--replSet", "rs0", "--oplogSize", str(OPLOG_MB)),
    *("--networkMessageCompressors", "disabled"),  # CVE-2025-14847
    *("--setParameter", "diagnosticDataCollectionEnabled=false", "--quiet", "--logappend"),
    # Of 15 s in which one that is not primary yet sends clients elsewhere before it ends: there is no elsewhere.
    *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    *KEEP_NO_PAST,
    # A run with the machine's clock ahead leaves its times in the log of operations. With the default of a year MongoDB
    # would refuse them, and with them every start, until the day that clock had shown.
    *("--setParameter", "maxAcceptableLogicalClockDriftSecs=4294967295"),
)
# Runs in the child before mongod replaces it, so that a crash of ours leaves no orphan. A program of its own
# and not a preexec_fn, which is unsafe beside threads. The signal comes when the *thread* that started the
# child ends, which is why open() belongs in the main thread. A parent already gone is noticed by its pid.
DIE_WITH_PARENT = f"""
import ctypes, os, sys
ctypes.PyDLL(None).prctl(1, {int(signal.SIGTERM)}, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""

logger = logging.getLogger(__name__)


def uri_of(socket: Path) -> str:
    return f"mongodb://{quote(str(socket), safe='')}/?directConnection=true&w=majority&journal=true"


class EmbeddedMongod:
    """Keeps one mongod running on `data_dir/mongod` until closed. `uri` stays the same across its crashes.

    Leave by `close` or the context: that stops it cleanly. Use from the main thread only.
    """

    def __init__(self, data_dir: Path, binary: str | None = None) -> None:
        self._home = DataDir(data_dir)
        self._binary = binary
        self._mongod: Mongod | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._exit = AsyncExitStack()

    @property
    def uri(self) -> str:
        return uri_of(self._home.socket)

    @property
    def pid(self) -> int | None:
        """None while there is no living child."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    @property
    def version(self) -> str:
        return self._found.version

    @property
    def path(self) -> Path:
        return self._found.path

    @property
    def source(self) -> str:
        return self._found.source

    @property
    def _found(self) -> Mongod:
        assert self._mongod, "open it first"
        return self._mongod

    async def open(self) -> Self:
        """Start it; return when it is primary. Raises StartupError, having cleaned up."""
        if sys.platform == "win32":
            raise StartupError(
                "The embedded database needs Unix sockets; on Windows set CHATSERVER_MONGODB_URI.",
                EX_UNAVAILABLE,
            )
        async with AsyncExitStack() as stack:
            self._mongod = await asyncio.to_thread(find_mongod, self._binary)
            stack.callback(self._home.release)
            self._home.claim()
            self._home.check_features(self._mongod)
            await self._home.await_orphan()
            stack.push_async_callback(self._stop)
            try:
                await self._start()
            except OSError as problem:
                raise StartupError(f"{self.path} cannot run: {problem}.", EX_UNAVAILABLE) from None
            keeper = asyncio.create_task(self._keep(), name="embedded mongod")
            stack.push_async_callback(_cancel, keeper)
            self._exit = stack.pop_all()
        return self

    async def close(self) -> None:
        """Stop it with all data on disk. Repeats do nothing."""
        await self._exit.aclose()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _start(self) -> None:
        command = [str(self.path.absolute()), "--dbpath", str(self._home.database), *FLAGS]
        command += ["--wiredTigerCacheSizeGB", cache_gb()]
        command += ["--logpath", str(self._home.log)]
        if sys.platform == "linux":
            command = [sys.executable, "-ISc", DIE_WITH_PARENT, str(os.getpid()), *command]
        with self._home.open_log() as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._home.run,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us: we drain first and stop it last
            )
        try:
            async with asyncio.timeout(START_SECS):
                await self._until_listening()
                await self._until_primary()
        except TimeoutError:
            raise self._failed(f"was not ready in {START_SECS:.0f} s") from None
        except PyMongoError as problem:
            self._check_alive()
            raise self._failed(f"was not ready ({problem})") from None

    async def _until_listening(self) -> None:
        while True:
            self._check_alive()
            # A killed mongod leaves its socket file behind, so that only an answer counts.
            with suppress(OSError):
                _, writer = await asyncio.open_unix_connection(self._home.socket)
                writer.close()
                return
            await asyncio.sleep(LOOK_SECS)

    async def _until_primary(self) -> None:
        # Motor, whatever the server uses: PyMongo's asyncio client does not end when it is cancelled while it connects.
        client = make_client(self.uri, "motor", CALL_SECS)
        try:
            admin = client.admin
            while not (hello := await admin.command("hello")).get("isWritablePrimary"):
                self._check_alive()
                if hello.get("isreplicaset"):  # has no configuration: none yet, or not read yet
                    await self._initiate(admin)
                await asyncio.sleep(LOOK_SECS)
            # Data of earlier releases have a smaller one. Nothing happens where it has this size.
            await admin.command("replSetResizeOplog", size=float(OPLOG_MB))
            answer = await admin.command("getParameter", featureCompatibilityVersion=1)
            self._home.remember_features(answer["featureCompatibilityVersion"]["version"])
        finally:
            client.close()

    async def _initiate(self, admin: Any) -> None:
        try:
            members = {"_id": "rs0", "members": [{"_id": 0, "host": ADDRESS}]}
            with pymongo.timeout(START_SECS):  # a slow disk needs some time for it
                await admin.command("replSetInitiate", members)
        except OperationFailure as problem:
            if problem.code not in NOT_NOW:
                raise

    def _check_alive(self) -> None:
        if self.pid is None:
            raise self._failed("ended while starting")

    def _failed(self, what: str) -> StartupError:
        return StartupError(
            f"{self.path} {what}: {self._home.last_words()}. See {self._home.log}.", EX_UNAVAILABLE
        )

    async def _keep(self) -> None:
        """Start it again whenever it dies. What clients had in flight fails; they reconnect by themselves."""
        loop = asyncio.get_running_loop()
        delay_secs = FIRST_DELAY_SECS
        started = loop.time()
        while True:
            assert self._process
            returncode = await self._process.wait()
            if loop.time() - started > STEADY_SECS:
                delay_secs = FIRST_DELAY_SECS
            why = self._home.full_disk() or f"see {self._home.log}"
            logger.error("mongod ended with %s; again in %.1f s; %s", returncode, delay_secs, why)
            await asyncio.sleep(delay_secs)
            delay_secs = min(delay_secs * 2, LAST_DELAY_SECS)
            started = loop.time()
            try:
                await self._start()
                logger.warning("mongod runs again as process %s", self.pid)
            except (OSError, StartupError) as problem:
                logger.error("mongod does not start: %s", problem)

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()  # mongod's clean shutdown: it steps down, checkpoints and exits 0
            try:
                async with asyncio.timeout(STOP_SECS):
                    await process.wait()
            except TimeoutError:
                logger.error("mongod did not stop in %.0f s; killing it", STOP_SECS)
                process.kill()
        await process.wait()


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
