"""`python run.py` as a child process, as its users run it: its port, its log, its end."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests.support.memory import roomy_directory
from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
START_SECS = 90.0


def clean_environment() -> dict[str, str]:
    """Ours without any setting of the server, so that only what a test says counts."""
    return {key: value for key, value in os.environ.items() if not key.startswith("CHATSERVER_")}


class ServerProcess:
    """One server. Without `mongodb_uri` it brings its own mongod, without `amqp_url` its own bus."""

    def __init__(
        self,
        data_dir: Path | None = None,
        mongodb_uri: str | None = None,
        amqp_url: str | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self._own_dir = (
            None if data_dir else tempfile.TemporaryDirectory(prefix="chat", dir=roomy_directory())
        )
        self.data_dir = data_dir or Path(self._own_dir.name)  # type: ignore[union-attr]
        (self.port,) = free_ports(1)
        self.base = f"http://127.0.0.1:{self.port}"
        self.log_path = self.data_dir / f"server-{self.port}.log"
        self.arguments = ["--port", str(self.port), "--data-dir", str(self.data_dir)]
        if mongodb_uri:
            self.arguments += ["--mongodb-uri", mongodb_uri]
        if amqp_url:
            self.arguments += ["--amqp-url", amqp_url]
        self.env = env or {}
        self.program = [str(ROOT / "run.py")]
        self.tls: ssl.SSLContext | None = None  # what its certificate is checked with
        self.process: subprocess.Popen[bytes] | None = None
        self._left_behind: list[psutil.Process] = []

    def start(self, wait: bool = True) -> ServerProcess:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, *self.arguments],
                cwd=self.data_dir,
                env=clean_environment() | self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()
        return self

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=2, context=self.tls) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECS
        while not self.is_ready():
            assert self.process is not None and self.process.poll() is None, f"it ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"not ready after {START_SECS} s:\n{self.log()}"
            time.sleep(0.05)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def mongod(self) -> psutil.Process:
        """The database child of a server that brings its own."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        found = [child for child in children if child.name().startswith("mongod")]
        assert found, "no mongod child"
        return found[0]

    def terminate(self) -> None:
        """SIGTERM, without waiting for what follows."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self, within: float = 60.0) -> int:
        assert self.process is not None
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {within} s after SIGTERM:\n{self.log()[-4000:]}") from None

    def stop(self) -> None:
        """The ordinary end: SIGTERM, exit code 0, no traceback in all its life."""
        if self.process is None:
            return
        self.terminate()
        code = self.wait()
        self.process = None
        assert code == 0, f"exit code {code}:\n{self.log()[-4000:]}"
        self.assert_clean_log()

    def kill(self) -> None:
        """SIGKILL the server alone (never its database)."""
        assert self.process is not None
        self._left_behind += psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        self.process = None

    def assert_clean_log(self) -> None:
        log = self.log()
        for sign in ("Traceback (most recent call last)", "Uncaught exception", "never retrieved"):
            assert sign not in log, log[max(0, log.index(sign) - 2000) : log.index(sign) + 6000]

    def forget(self) -> None:
        """Remove what it kept, after its end."""
        for child in self._left_behind:
            if child.is_running():
                child.kill()
        if self._own_dir is not None:
            self._own_dir.cleanup()
