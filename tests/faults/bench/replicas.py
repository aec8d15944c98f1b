"""Three real mongods that are one replica set."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bson import decode_all
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.mongo import mongod_path
from tests.support.ports import free_ports

START_SECS = 40.0


class ReplicaSet:
    def __init__(self, election_ms: int = 2000) -> None:
        self._election_ms = election_ms
        self._dir = tempfile.TemporaryDirectory(prefix="replicas")
        self.ports = free_ports(3)
        self.uri = f"mongodb://{','.join(f'127.0.0.1:{port}' for port in self.ports)}/?replicaSet=rs0"
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> ReplicaSet:
        for port in self.ports:
            self.start_member(port)
        for port in self.ports:
            self._ask(port, {"ping": 1})
        members = [{"_id": n, "host": f"127.0.0.1:{port}"} for n, port in enumerate(self.ports)]
        settings = {"electionTimeoutMillis": self._election_ms, "heartbeatIntervalMillis": 500}
        self._ask(
            self.ports[0], {"replSetInitiate": {"_id": "rs0", "members": members, "settings": settings}}
        )
        self.primary()
        return self

    def start_member(self, port: int) -> None:
        directory = Path(self._dir.name) / str(port)
        directory.mkdir(exist_ok=True)
        command = [mongod_path(), "--dbpath", str(directory), "--bind_ip", "127.0.0.1", "--port", str(port)]
        command += ["--replSet", "rs0", "--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"]
        command += ["--networkMessageCompressors", "disabled", "--logpath", str(directory / "log")]
        command += ["--nounixsocket", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        command += ["--setParameter", "enableTestCommands=1"]
        self._processes[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)

    def primary(self) -> int:
        """The port of the member that takes writes; waits for an election."""
        deadline = time.monotonic() + START_SECS
        while time.monotonic() < deadline:
            for port in self.ports:
                try:
                    if self._ask(port, {"hello": 1}, secs=0.5).get("isWritablePrimary"):
                        return port
                except PyMongoError:
                    continue
            time.sleep(0.05)
        raise AssertionError("no member became primary")

    def step_down(self) -> None:
        """The primary hands over."""
        try:
            self._ask(self.primary(), {"replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5})
        except PyMongoError as error:
            assert "not primary" not in str(error).lower(), error

    def kill_primary(self) -> int:
        port = self.primary()
        self._processes[port].send_signal(signal.SIGKILL)
        self._processes[port].wait()
        return port

    def kill_secondaries(self) -> list[int]:
        """The primary is alone, and no longer one after its election timeout."""
        primary = self.primary()
        others = [port for port in self.ports if port != primary]
        for port in others:
            self._processes[port].kill()
            self._processes[port].wait()
        return others

    def is_secondary(self, port: int) -> bool:
        return bool(self._ask(port, {"hello": 1}).get("secondary"))

    def rolled_back(self, port: int) -> list[dict[str, Any]]:
        """The documents that this member had to take back, ever."""
        files = (Path(self._dir.name) / str(port) / "rollback").rglob("removed.*.bson")
        return [document for file in files for document in decode_all(file.read_bytes())]

    def freeze_secondaries(self) -> None:
        """The primary goes on alone: it writes, and no majority ever has it."""
        primary = self.primary()
        for port, process in self._processes.items():
            if port != primary:
                process.send_signal(signal.SIGSTOP)

    def doubt_next(self, command: str) -> None:
        """The next such command is done, and answered with "no majority had it in time"."""
        error = {"code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "operation exceeded time limit"}
        data = {"failCommands": [command], "writeConcernError": error}
        self._ask(self.primary(), {"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": data})

    def thaw(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._dir.cleanup()

    def _ask(self, port: int, command: dict[str, Any], secs: float = START_SECS) -> dict[str, Any]:
        with MongoClient(
            "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=int(secs * 1000)
        ) as mongo:
            answer: dict[str, Any] = mongo.admin.command(command)
            return answer
