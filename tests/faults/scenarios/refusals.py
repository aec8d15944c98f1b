"""A broker that is there and does not want us, or no more: alarms, refusals, a consumer that does not keep up."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from dataclasses import dataclass

from tests.faults.bench.load import Load
from tests.faults.bench.town import Town, calm_p99
from tests.faults.bench.verdict import delays, percentile
from tests.faults.scenarios.broker import BrokerOutages, all_up, outages
from tests.support.server import ROOT
from tests.support.waiting import eventually, together

USER, PASSWORD = "chat", "not-in-any-log-1f2e3d"
FLOOD = 25_000  # bells of 2 KB: far more than socket buffers hold
QUEUE_BOUND = 10_000


async def alarm(town: Town, load: Load, kind: str, secs: float) -> BrokerOutages:
    """The broker stops reading from whoever publishes: out of memory, or out of disk space, as it believes."""
    raise_it, clear = {
        "memory": (("set_vm_memory_high_watermark", "0.00001"), ("set_vm_memory_high_watermark", "0.4")),
        "disk": (("set_disk_free_limit", "1000000GB"), ("set_disk_free_limit", "1MB")),
    }[kind]
    control = town.rabbit.rabbitmqctl
    try:
        return await outages(town, load, 1, secs, 20.0, lambda: control(*raise_it), lambda: control(*clear))
    finally:
        await asyncio.to_thread(control, *clear)


def make_user(town: Town) -> str:
    """The address for a user of the tests' own."""
    town.rabbit.rabbitmqctl("add_user", USER, PASSWORD)
    allow(town)
    return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{town.rabbit.port}/"


def allow(town: Town) -> None:
    town.rabbit.rabbitmqctl("set_permissions", USER, ".*", ".*", ".*")


async def refuse(town: Town, load: Load, how: str, secs: float) -> BrokerOutages:
    """The user's password is another from now on, or the user may do nothing any more; connections end."""
    control = town.rabbit.rabbitmqctl

    def take() -> None:
        if how == "password":
            control("change_password", USER, "another")
        else:
            control("clear_permissions", USER)
        control("close_all_connections", "test")

    def give_back() -> None:
        control("change_password", USER, PASSWORD) if how == "password" else allow(town)

    since = [len(server.log()) for server in town.servers]
    found = await outages(town, load, 1, secs, 20.0, take, give_back)
    for server, begin in zip(town.servers, since, strict=True):
        log = server.log()[begin:]
        attempts = len(re.findall(r"link \d+ to .*next in", log))
        town.say(f"{how}: {attempts} lines for the attempts of {secs:.0f} s")
        assert 2 <= attempts <= secs * 2, "two links, each with a back-off that grows to 15 s"
        assert log.count("RabbitMQ") <= attempts + 10, "one line an attempt"
        assert PASSWORD not in server.log()
    return found


@dataclass
class Stalls:
    """Times in seconds."""

    calm_p99: float  # of both, before anything stood still
    longest: int = 0  # the queue of who stood still
    free_p99: float = 0.0  # of those whose people are on the other server
    slowest: float = 0.0  # message, of those accepted since the server moved again

    def __str__(self) -> str:
        return (
            f"at most {self.longest} bells waited; p99 on the other process {self.free_p99:.3f} s;"
            f" {self.slowest:.2f} s late at most; calm p99 {self.calm_p99:.3f} s"
        )


async def stall_consumer(town: Town, stuck: Load, free: Load, times: int, secs: float) -> Stalls:
    """The first server stands still while the broker has thousands of bells for it."""
    await eventually(lambda: all_up(town))
    process = town.servers[0].process
    assert process is not None
    queue = await asyncio.to_thread(queue_of, town, process.pid)
    found = Stalls(max(await together(calm_p99(stuck, rate=10), calm_p99(free, rate=40))))
    stuck.speak(rate=10)
    free.speak(rate=40)
    since = time.monotonic()
    for number in range(1, times + 1):
        process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        try:
            await flood(town, queue)
            found.longest = max(found.longest, await asyncio.to_thread(length_of, town, queue))
            await asyncio.sleep(max(0.0, begun + secs - time.monotonic()))
        finally:
            process.send_signal(signal.SIGCONT)
        woken = time.monotonic()
        await eventually(lambda: town.servers[0].is_ready())
        await asyncio.sleep(2.0)
        await stuck.delivered()
        found.slowest = max([found.slowest, *delays(stuck.oracle.records(), woken)])
        town.say(f"stalled {number} of {times}: {found}")
    found.free_p99 = percentile(delays(free.oracle.records(), since), 99)
    return found


async def flood(town: Town, queue: str) -> None:
    """In a process of its own, or the clocks of the load would show it."""
    command = [sys.executable, "-m", "tests.faults.bench.flood", town.rabbit.url, queue, str(FLOOD)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await asyncio.wait_for(process.wait(), 60) == 0


def queue_of(town: Town, pid: int) -> str:
    """The queue of a server process: it belongs to a connection that is named after it."""
    connections = town.rabbit.rabbitmqctl("list_connections", "pid", "client_properties").splitlines()
    owners = [line.split("\t")[0] for line in connections if f"-{pid}-" in line]
    queues = town.rabbit.rabbitmqctl("list_queues", "name", "owner_pid").splitlines()
    found = [line.split("\t")[0] for line in queues if line.split("\t")[-1] in owners]
    assert len(found) == 1, (connections, queues)
    return found[0]


def length_of(town: Town, queue: str) -> int:
    lines = town.rabbit.rabbitmqctl("list_queues", "name", "messages").splitlines()
    return next(int(line.split("\t")[1]) for line in lines if line.startswith(queue + "\t"))
