"""Three RabbitMQ nodes that are one cluster, and ways to part them."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor

from tests.support.rabbit import Epmd, RabbitNode

NODES = 3
CONFIGURATION = """\
log.console.level = warning
cluster_formation.peer_discovery_backend = classic_config
cluster_partition_handling = pause_minority
mnesia_table_loading_retry_timeout = 5000
"""


class RabbitCluster:
    """`kill` and `start` are for all of them; single ones are in `nodes`."""

    def __init__(self) -> None:
        self.epmd = Epmd()
        self.cookie = secrets.token_hex(16)
        self.nodes = [RabbitNode(epmd=self.epmd, cookie=self.cookie) for _ in range(NODES)]
        members = "".join(
            f"cluster_formation.classic_config.nodes.{n} = {node.name}\n"
            for n, node in enumerate(self.nodes, start=1)
        )
        for node in self.nodes:
            node.configuration = CONFIGURATION + members
        self.url = ",".join(node.url for node in self.nodes)

    def start(self) -> None:
        """All that do not run, at the same time: each waits for the others' tables."""
        self.epmd.start()  # before the threads, which would start one each
        with ThreadPoolExecutor(NODES) as threads:
            list(threads.map(RabbitNode.ensure_running, self.nodes))

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def stop(self) -> None:
        with ThreadPoolExecutor(NODES) as threads:
            list(threads.map(RabbitNode.stop, self.nodes))
        self.epmd.stop()

    def at(self, port: int) -> RabbitNode | None:
        return next((node for node in self.nodes if node.port == port), None)

    def running_members(self, of: RabbitNode) -> int:
        """How many nodes this one sees, itself included."""
        return len(json.loads(of.rabbitmqctl("cluster_status", "--formatter", "json"))["running_nodes"])

    def part(self, lonely: RabbitNode) -> None:
        """This node and the others hear nothing of one another: they no longer agree on the cookie."""
        self._agree(lonely, "wrong")

    def heal(self, lonely: RabbitNode) -> None:
        self._agree(lonely, self.cookie)

    def _agree(self, lonely: RabbitNode, cookie: str) -> None:
        others = ",".join(f"'{node.name}'" for node in self.nodes if node is not lonely)
        lonely.rabbitmqctl(
            "eval",
            f"[begin erlang:set_cookie(N, '{cookie}'), erlang:disconnect_node(N) end || N <- [{others}]].",
        )
