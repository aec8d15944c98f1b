"""Everything of a cluster on one host: brokers, database, nodes of several processes, and nginx before them."""

from __future__ import annotations

import asyncio
import signal
import urllib.error
from dataclasses import dataclass, field

import psutil
from pymongo import MongoClient

from chatserver.bus.topology import EXCHANGE
from tests.cluster.brokers import RabbitCluster
from tests.faults.bench.replicas import ReplicaSet
from tests.faults.bench.town import Town
from tests.support.client import unique
from tests.support.processes import Processes
from tests.support.proxy import Proxy
from tests.support.rabbit import RabbitNode
from tests.support.waiting import eventually

# What a node of a cluster is told apart from where the others are.
SETTINGS = {"CHATSERVER_TRUSTED_PROXIES": "127.0.0.1"}
HEALED_SECS = 60.0
SEEN_SECS = 0.3  # until the metrics show a link that was lost


class Database(ReplicaSet):
    """`kill` takes the primary; `freeze` stops all members, `thaw` ends it."""

    def start(self) -> Database:
        """Whatever does not run; returns when there is a primary."""
        if not self._processes:
            super().start()
        for port, process in list(self._processes.items()):
            if process.poll() is not None:
                self.start_member(port)
        self.primary()
        return self

    def kill(self) -> None:
        self.kill_primary()

    def freeze(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGSTOP)


@dataclass
class ClusterTown(Town):
    """People reach it through nginx alone. `servers` are the nodes."""

    database: Database = field(default_factory=Database)
    names: dict[str, str] = field(default_factory=dict)
    front: Proxy | None = None

    @property
    def bases(self) -> list[str]:
        assert self.front is not None
        return [self.front.base]

    @property
    def nodes(self) -> list[Processes]:
        return [server for server in self.servers if isinstance(server, Processes)]

    @property
    def ports(self) -> list[int]:
        return [node.port for node in self.servers]

    def node(self, env: dict[str, str] | None = None) -> Processes:
        """Not started, and not known to nginx yet."""
        return Processes(
            self.rabbit.url, mongodb_uri=self.database.uri, env=SETTINGS | self.names | (env or {})
        )

    def open(self, nodes: int = 2) -> ClusterTown:
        self.names = {"CHATSERVER_MONGODB_DATABASE": unique("cluster")}
        for _ in range(nodes):
            self.servers.append(self.node().start(wait=False))
        for node in self.servers:
            node.wait_ready()
        self.front = Proxy("nginx", *self.ports).start()
        return self

    async def whole(self, within: float = HEALED_SECS) -> float:
        """Wait until every process serves and hears bells; seconds it took."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await eventually(lambda: asyncio.to_thread(self._is_whole), within=within, why="all is well again")
        return loop.time() - begun

    def _is_whole(self) -> bool:
        try:
            return all(
                node.ready() == node.count and node.figures("chat_bus_up") == [1.0] * node.count
                for node in self.nodes
            )
        except (urllib.error.URLError, OSError, AssertionError):
            return False

    def brokers_of(self, pid: int) -> list[RabbitNode]:
        """The brokers that a process is connected to."""
        found = []
        for connection in psutil.Process(pid).net_connections("tcp"):
            broker = self.rabbit.at(connection.raddr.port) if connection.raddr else None
            if broker is not None and connection.status == psutil.CONN_ESTABLISHED:
                found.append(broker)
        return found

    async def moved(self, away_from: RabbitNode) -> float:
        """Wait until every process has both its links at other brokers and hears its bells; seconds it took."""
        loop = asyncio.get_running_loop()
        begun = loop.time()

        def linked() -> bool:
            at = [self.brokers_of(pid) for pid in self.pids()]
            return all(len(brokers) == 2 and away_from not in brokers for brokers in at)

        await eventually(linked, within=HEALED_SECS, why="two links each at other brokers")
        await asyncio.sleep(SEEN_SECS)
        await self.whole()
        return loop.time() - begun

    def exchange(self) -> str:
        """Of this installation: others may use the same brokers."""
        with MongoClient(self.database.uri) as client:
            mark = client[self.names["CHATSERVER_MONGODB_DATABASE"]].marks.find_one({"_id": "installation"})
        assert mark is not None
        return f"{EXCHANGE}.{mark['name']}"

    def total(self, counter: str) -> float:
        """Over all processes."""
        return sum(sum(node.figures(counter)) for node in self.nodes)

    def strange_bells(self) -> float:
        return self.total("chat_bus_poison_total") + self.total("chat_malformed_bells_total")

    def pids(self) -> list[int]:
        return sorted(pid for node in self.nodes for pid in node.pids())

    def stop(self) -> None:
        if self.front is not None:
            self.front.stop()
            self.front = None
        super().stop()
        self.servers.clear()


def brokers() -> RabbitCluster:
    made = RabbitCluster()
    try:
        made.start()
    except BaseException:
        made.stop()
        raise
    return made
