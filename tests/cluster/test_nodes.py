"""C2 and C4 in the cluster, and nodes that come and go: what happens to servers while everybody talks through nginx."""

from __future__ import annotations

import asyncio
import signal

import psutil
import pytest

from tests.cluster.town import ClusterTown
from tests.faults.bench.load import Load
from tests.faults.bench.town import scaled
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.support.processes import Processes
from tests.support.waiting import eventually

RATE = 30.0
REPLACED_SECS = 60.0


def hitches(load: Load) -> str:
    polls, sends = load.poll_tally, load.tally
    return (
        f"{load.refusals.retried} sends tried twice; answers cut {polls.cut + sends.cut}, refused"
        f" {polls.refused + sends.refused}, 502 or 504 by nginx {polls.by_proxy} of polls and {sends.by_proxy} of sends"
    )


def smooth(load: Load) -> bool:
    """Nobody noticed: no cut answer, no refused connection, nothing nginx had to say itself."""
    tallies = (load.tally, load.poll_tally)
    return not any(tally.cut + tally.refused + tally.by_proxy for tally in tallies)


@pytest.mark.gen_test(timeout=500)
async def test_C2_processes_killed_at_random_lose_nothing(town: ClusterTown, opened: Opens) -> None:
    async with opened(town, people=12) as load:
        since = load.oracle.note("kills begin")
        load.speak(RATE)
        for _ in range(scaled(30)):
            await town.passes(load.random.uniform(1.0, 5.0))
            psutil.Process(load.random.choice(town.pids())).kill()
            load.check_readers()
        await town.whole()
        verdict = await town.conclude(load)
        late = delays(load.oracle.records(), since)
        town.show(
            f"{scaled(30)} kills; p50 {percentile(late, 50):.3f} s, p99 {percentile(late, 99):.2f} s;"
            f" {hitches(load)}"
        )
        verdict.assert_clean(least=100)
        assert percentile(late, 50) <= 1.0


@pytest.mark.gen_test(timeout=600)
async def test_C4_rolling_restarts_of_all_nodes_are_not_noticed(town: ClusterTown, opened: Opens) -> None:
    async with opened(town, people=12) as load:
        since = load.oracle.note("restarts begin")
        load.speak(RATE)
        for _ in range(scaled(5)):
            for node in town.nodes:
                await _replaced(node)
                load.check_readers()
        await town.whole()
        verdict = await town.conclude(load)
        p99 = percentile(delays(load.oracle.records(), since), 99)
        town.show(f"{scaled(5)} rounds over 4 processes; p99 {p99:.2f} s; {hitches(load)}")
        verdict.assert_clean(least=100)
        assert smooth(load)
        assert load.refusals.retried == 0


@pytest.mark.gen_test(timeout=300)
async def test_a_node_joins_and_leaves_and_nginx_is_told_under_load(town: ClusterTown, opened: Opens) -> None:
    rounds = scaled(3)
    async with opened(town, people=12) as load:
        since = load.oracle.note("nodes come and go")
        load.speak(RATE)
        for _ in range(rounds):
            node = town.node()
            node.start(wait=False)
            try:
                await eventually(lambda node=node: asyncio.to_thread(node.is_ready), within=40)
                town.front.reload(*town.ports, node.port)
                await eventually(lambda node=node: asyncio.to_thread(_takes_part, node), within=40)
                await town.passes(2.0)
            finally:
                town.front.reload(*town.ports)
                node.terminate()
                assert await asyncio.to_thread(node.wait, 30) == 0
            node.assert_clean_log()
            node.forget()
            load.check_readers()
        verdict = await town.conclude(load)
        p99 = percentile(delays(load.oracle.records(), since), 99)
        town.show(f"{rounds} times, {2 * rounds} reloads of nginx; p99 {p99:.2f} s; {hitches(load)}")
        verdict.assert_clean(least=50)
        assert load.poll_tally.cut + load.tally.cut == 0


@pytest.mark.gen_test(timeout=300)
async def test_a_whole_node_dies_and_nginx_does_without_it(town: ClusterTown, opened: Opens) -> None:
    """A machine lost: nobody drains, nobody tells nginx."""
    async with opened(town, people=12) as load:
        since = load.oracle.note("a node dies")
        load.speak(RATE)
        for number in range(scaled(2)):
            node = town.nodes[number % 2]
            await town.passes(3.0)
            for process in node.everything():
                process.kill()
            node.process.wait()
            await town.passes(5.0)
            node.start(wait=False)
            await town.whole()
            load.check_readers()
        verdict = await town.conclude(load)
        p99 = percentile(delays(load.oracle.records(), since), 99)
        town.show(f"{scaled(2)} times; p99 {p99:.2f} s; {hitches(load)}")
        verdict.assert_clean(least=50)


def _takes_part(node: Processes) -> bool:
    """It holds polls, and hears bells in every process."""
    try:
        return sum(node.figures("chat_held_polls")) > 1 and sum(node.figures("chat_bus_up")) == node.count
    except OSError:
        return False


async def _replaced(node: Processes) -> None:
    """SIGHUP, and every process is another one."""
    before = node.pids()
    node.process.send_signal(signal.SIGHUP)
    await eventually(
        lambda: not node.pids() & before and len(node.pids()) == node.ready() == node.count,
        within=REPLACED_SECS,
    )
