"""Draws deploy/grafana/dashboard.json from a real scrape, where no Grafana is: a real Prometheus answers its queries.

    python -m bench.dashboard       → docs/images/dashboard.png

Two processes behind one port serve a small town for a minute; then their database freezes for three seconds.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import psutil

from bench import machine
from tests.support.client import Client, Device
from tests.support.ports import free_ports
from tests.support.rabbit import RabbitNode
from tests.support.server import ROOT, ServerProcess

DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
PICTURE = ROOT / "docs" / "images" / "dashboard.png"
PEOPLE = 40
QUIET_SECS, BUSY_SECS, FROZEN_SECS, AFTER_SECS = 15, 40, 3, 17
COLUMNS = 3


async def town(base: str, freeze: Any, thaw: Any) -> None:
    """People who poll and write, few at first, then more; then a database that stops answering."""
    client = Client([base], seed=7)
    people = [await client.sign_up("town") for _ in range(PEOPLE)]
    end = asyncio.Event()
    await asyncio.gather(*(person.here() for person in people))
    polls = [asyncio.create_task(poll(person, end)) for person in people]
    for secs, per_sec in ((QUIET_SECS, 5), (BUSY_SECS, 60)):
        await write(people, secs, per_sec)
    freeze()
    await write(people, FROZEN_SECS, 60)
    thaw()
    await write(people, AFTER_SECS, 20)
    end.set()
    await asyncio.gather(*polls)
    client.close()


async def poll(person: Device, end: asyncio.Event) -> None:
    while not end.is_set():
        answer = await person.poll(cursor=person.cursor, client="town")
        if answer.status in (200, 410):
            person.cursor = answer["cursor"]
        else:
            await asyncio.sleep(1)


async def write(people: list[Device], secs: float, per_sec: float) -> None:
    loop, sends = asyncio.get_running_loop(), []
    end = loop.time() + secs
    while loop.time() < end:
        sender, receiver = random.sample(people, 2)
        sends.append(asyncio.create_task(sender.send(receiver, "Is there bread left?")))
        await asyncio.sleep(random.expovariate(per_sec))
    await asyncio.gather(*sends)


def prometheus(stack: ExitStack, admin_port: int) -> int:
    (port,) = free_ports(1)
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prometheus-")))
    scrape = (ROOT / "deploy" / "prometheus.yml").read_text()
    scrape = scrape.replace("15s", "1s").replace("127.0.0.1:9888", f"127.0.0.1:{admin_port}")
    (directory / "prometheus.yml").write_text(scrape.partition("rule_files")[0])
    command = [
        "prometheus",
        f"--config.file={directory}/prometheus.yml",
        f"--storage.tsdb.path={directory}/tsdb",
    ]
    process = machine.start([*command, f"--web.listen-address=127.0.0.1:{port}"], None, "prometheus")
    stack.callback(machine.stop, process)
    machine.wait_for_port(port, process)
    return port


def ask(port: int, expression: str, begun: float) -> list[dict[str, Any]]:
    for name, value in (("$__rate_interval", "5s"), ("$job", "chatserver"), ("$instance", ".*")):
        expression = expression.replace(name, value)
    query = urlencode({"query": expression, "start": begun, "end": time.time(), "step": 1})
    with urlopen(f"http://127.0.0.1:{port}/api/v1/query_range?{query}", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


def draw(port: int, begun: float) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    panels = [p for p in json.loads(DASHBOARD.read_text())["panels"] if p["type"] == "timeseries"]
    rows = -(-len(panels) // COLUMNS)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=(4.2 * COLUMNS, 2.1 * rows))
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for panel, axis in zip(panels, axes.flat, strict=False):
        for target in panel["targets"]:
            for series in ask(port, target["expr"], begun):
                moments = [float(moment) - begun for moment, _ in series["values"]]
                legend = target["legendFormat"]
                for name, value in series["metric"].items():
                    legend = legend.replace("{{" + name + "}}", "server" if name == "instance" else value)
                axis.plot(moments, [float(value) for _, value in series["values"]], lw=0.9, label=legend)
        unit = panel["fieldConfig"]["defaults"]["unit"]
        axis.set_title(f"{panel['title']} [{unit}]", fontsize=8, loc="left")
        axis.tick_params(labelsize=6)
        axis.set_xlim(0, time.time() - begun)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.2)
        if axis.lines:
            axis.legend(fontsize=5.5, loc="upper left", frameon=False)
        else:
            axis.text(0.5, 0.5, "none", fontsize=8, ha="center", transform=axis.transAxes, color="grey")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=90)
    print(f"{PICTURE.relative_to(ROOT)}: {len(panels)} panels")


def main() -> None:
    with ExitStack() as stack:
        rabbit = RabbitNode()
        stack.callback(rabbit.stop)
        rabbit.start()
        server = ServerProcess(amqp_url=rabbit.url)
        (admin_port,) = free_ports(1)
        server.arguments += ["--admin-port", str(admin_port), "--processes", "2", "--rate-limits", "off"]
        stack.callback(server.forget)
        server.start()
        stack.callback(server.stop)
        port = prometheus(stack, admin_port)
        begun = time.time()
        mongod: psutil.Process = server.mongod()
        asyncio.run(town(server.base, mongod.suspend, mongod.resume))
        draw(port, begun)


if __name__ == "__main__":
    main()
