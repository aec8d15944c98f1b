"""nginx and HAProxy as Debian ships them, with the configurations of deploy/ in front of a server under test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.ports import free_ports
from tests.support.server import ROOT

START_SECS = 60.0
SYSTEM = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # where Debian keeps them, outside a user's PATH

# What /etc/nginx/nginx.conf brings besides the file under test.
NGINX = """
{user}
daemon off;
pid {dir}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    include {dir}/chatserver.conf;
}}
"""


def program(name: str) -> str | None:
    return shutil.which(name, path=SYSTEM)


class Proxy:
    """One of them on a port of its own. Only ports are changed in the configuration, and servers added."""

    def __init__(self, kind: str, *server_ports: int) -> None:
        self.kind = kind
        (self.port,) = free_ports(1)
        self.base = f"http://127.0.0.1:{self.port}"
        self._dir = tempfile.TemporaryDirectory(prefix=kind)
        path = Path(self._dir.name)
        self.log_path = path / "log"
        found = program(kind)
        assert found
        if kind == "nginx":
            self._write(server_ports)
            user = "user root;" if os.geteuid() == 0 else ""
            (path / "nginx.conf").write_text(NGINX.format(dir=path, user=user))
            self._command = [found, "-p", str(path), "-e", "stderr", "-c", str(path / "nginx.conf")]
        else:
            given = (ROOT / "deploy" / "haproxy.cfg").read_text()
            (path / "haproxy.cfg").write_text(
                self._moved(given, "bind :80\n", "127.0.0.1:8888", server_ports)
            )
            self._command = [found, "-db", "-f", str(path / "haproxy.cfg")]
        self.process: subprocess.Popen[bytes] | None = None

    def reload(self, *server_ports: int) -> None:
        """nginx alone: from now on these servers, while requests under way end as they began."""
        assert self.kind == "nginx" and self.process is not None
        self._write(server_ports)
        self.process.send_signal(signal.SIGHUP)

    def _write(self, server_ports: tuple[int, ...]) -> None:
        given = (ROOT / "deploy" / "nginx.conf").read_text().replace("/var/log/nginx/", f"{self._dir.name}/")
        line = next(line for line in given.splitlines() if "127.0.0.1:8888" in line)
        moved = self._moved(given, "listen 80;", line, server_ports)
        (Path(self._dir.name) / "chatserver.conf").write_text(moved)

    def _moved(self, text: str, listens: str, server: str, server_ports: tuple[int, ...]) -> str:
        assert text.count(listens) == 1 and text.count(server) == 1
        here = listens.replace(":80", f"127.0.0.1:{self.port}").replace(" 80", f" 127.0.0.1:{self.port}")
        servers = "\n".join(server.replace("8888", str(port)) for port in server_ports)
        return text.replace(listens, here).replace(server, servers)

    def logs(self) -> str:
        """All it wrote down about requests and trouble."""
        return "".join(file.read_text() for file in self.log_path.parent.glob("*log"))

    def start(self) -> Proxy:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + START_SECS
        while not self._passes():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log_path.read_text()
            time.sleep(0.05)
        return self

    def _passes(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None
        self._dir.cleanup()
