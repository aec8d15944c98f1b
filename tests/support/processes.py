"""`python run.py --processes N`: a node of several processes, and what can be seen of it from outside."""

from __future__ import annotations

import re
import urllib.request
from contextlib import suppress

import psutil

from tests.support.ports import free_ports
from tests.support.server import ServerProcess


class Processes(ServerProcess):
    """The parent, its port and its metrics; `pids` are the processes that serve."""

    def __init__(
        self,
        amqp_url: str,
        count: int = 2,
        mongodb_uri: str | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        super().__init__(amqp_url=amqp_url, mongodb_uri=mongodb_uri, env=env)
        self.count = count
        (self.admin_port,) = free_ports(1)
        self.arguments += ["--processes", str(count), "--admin-port", str(self.admin_port)]

    def admin(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=60) as answer:
            return str(answer.read().decode())

    def everything(self) -> list[psutil.Process]:
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def pids(self) -> set[int]:
        """Of the server processes, whether they serve, start or drain."""
        found = set()
        for process in self.everything()[1:]:
            with suppress(psutil.NoSuchProcess):
                if "--child" in process.cmdline():
                    found.add(process.pid)
        return found

    def ready(self) -> int:
        return int(self.figure("chat_processes_ready"))

    def figure(self, sample: str) -> float:
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.admin("/metrics"), re.MULTILINE)
        assert found, f"{sample} is not in the scrape"
        return float(found[1])

    def figures(self, name: str) -> list[float]:
        """One sample of each process that answers."""
        found = re.findall(
            rf'^{re.escape(name)}\{{process="\d+"\}} (\S+)$', self.admin("/metrics"), re.MULTILINE
        )
        return [float(value) for value in found]
