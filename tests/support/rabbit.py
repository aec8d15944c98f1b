"""A real RabbitMQ node as a child of the tests: own ports, own directories, own cookie, own epmd, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.ports import free_ports

# Debian's /usr/sbin wrappers switch to the rabbitmq user; these are the scripts they wrap.
SCRIPTS = Path("/usr/lib/rabbitmq/bin")
START_SECS = 90.0
STOP_SECS = 60.0


def missing() -> str | None:
    """Why no node can be started here, with the cure, or None."""
    if (SCRIPTS / "rabbitmq-server").exists() and shutil.which("epmd"):
        return None
    return "RabbitMQ is not installed: apt-get install -y --no-install-recommends rabbitmq-server"


class Epmd:
    """Erlang's register of nodes, in the foreground: the daemon Erlang would start otherwise outlives the tests."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is None:
            self._process = subprocess.Popen(["epmd", "-port", str(self.port), "-address", "127.0.0.1"])

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class RabbitNode:
    """One broker. `kill` and `start` again keeps its ports and its data.

    Nodes with one `epmd` and one `cookie` can be a cluster; `configuration` is read at each start.
    """

    def __init__(
        self,
        tls: tuple[str, str, str] | None = None,
        epmd: Epmd | None = None,
        cookie: str | None = None,
    ) -> None:
        """`tls`: the files of authority, certificate and key of a second listener, at `tls_url`."""
        self.directory = Path(tempfile.mkdtemp(prefix="rabbit-"))
        self.port, dist_port, tls_port = free_ports(3)
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self.tls_url = f"amqps://guest:guest@localhost:{tls_port}/"
        self.name = f"chat{self.port}@localhost"
        self.configuration = "log.console.level = warning\n"
        if tls:
            names = zip(("cacertfile", "certfile", "keyfile"), tls, strict=True)
            self.configuration += "".join(f"ssl_options.{name} = {file}\n" for name, file in names)
            self.configuration += f"listeners.ssl.default = 127.0.0.1:{tls_port}\n"
        self._epmd = epmd or Epmd()
        self._env = self._environment(dist_port, cookie or secrets.token_hex(16))
        self._server: subprocess.Popen[bytes] | None = None
        self._paused = False

    @property
    def is_running(self) -> bool:
        return self._server is not None

    def start(self) -> None:
        """Return when AMQP answers."""
        self._epmd.start()
        (self.directory / "rabbitmq.conf").write_text(self.configuration)
        with (self.directory / "output").open("ab") as output:
            self._server = subprocess.Popen(
                [SCRIPTS / "rabbitmq-server"],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECS
        while not self.answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    "RabbitMQ did not start:\n" + (self.directory / "output").read_text()[-2000:]
                )
            time.sleep(0.1)

    def ensure_running(self) -> None:
        """Undo what a test did to the node."""
        self.resume()
        if self._server is None:
            self.start()

    def stop(self) -> None:
        """End the node and its epmd, and forget its data."""
        self.resume()
        self._end(signal.SIGTERM)
        self._epmd.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self) -> None:
        """As a power cut would."""
        self.resume()
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Keep every connection open and answer nothing."""
        self._signal(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        if self._paused:
            self._signal(signal.SIGCONT)
            self._paused = False

    def rabbitmqctl(self, *args: str) -> str:
        """Its standard output. Costs about a second."""
        command = [SCRIPTS / "rabbitmqctl", "--quiet", *args]
        done = subprocess.run(
            command, env=self._env, capture_output=True, text=True, timeout=150, check=False
        )
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(args)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _environment(self, dist_port: int, cookie: str) -> dict[str, str]:
        home = self.directory
        (home / ".erlang.cookie").write_text(cookie)
        (home / ".erlang.cookie").chmod(0o400)
        (home / "enabled_plugins").write_text("[].\n")
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
            "ERL_EPMD_PORT": str(self._epmd.port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def answers(self) -> bool:
        """Whether it speaks AMQP just now."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(connection.recv(1))
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._server is None:
            return
        self._signal(number)
        try:
            self._server.wait(STOP_SECS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._server.wait()
        self._server = None


@contextlib.contextmanager
def running() -> Iterator[RabbitNode]:
    """One that is started, and ended with what it held."""
    node = RabbitNode()
    try:
        node.start()
        yield node
    finally:
        node.stop()
