"""`--processes N`: several server processes behind one port, with a real broker and a real database."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.support.client import Client, Device
from tests.support.processes import Processes
from tests.support.rabbit import RabbitNode
from tests.support.server import ROOT, clean_environment
from tests.support.stream import KeptConnection
from tests.support.waiting import eventually, together


@pytest.fixture(scope="module")
def processes(rabbit: RabbitNode) -> Iterator[Processes]:
    made = Processes(rabbit.url)
    made.start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def client(processes: Processes, io_loop: Any) -> Iterator[Client]:
    made = Client([processes.base])
    yield made
    made.close()


def is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def follow(device: Device, texts: list[str], until: asyncio.Event) -> None:
    """Poll without a pause, keeping what was said in the order it came."""
    while not until.is_set():
        texts += [message["message"] for message in (await device.next(wait=2)).of("message")]
    texts += [message["message"] for message in (await device.next(wait=0)).of("message")]


@pytest.mark.gen_test
async def test_two_processes_share_a_port_and_people_chat_across_them(
    processes: Processes, client: Client
) -> None:
    speaker, *listeners = await client.people("speaker", *["listener"] * 12)
    await together(*(listener.here() for listener in listeners))
    heard = [asyncio.ensure_future(listener.until(1)) for listener in listeners]
    held = 'chat_held_polls{process="%d"}'

    await eventually(lambda: all(processes.figure(held % n) for n in (1, 2)), why="both hold polls")
    await together(*(speaker.sent(listener, "hello, wherever you are") for listener in listeners))

    for messages in await together(*heard):
        assert [message["message"] for message in messages] == ["hello, wherever you are"]


@pytest.mark.gen_test
async def test_one_scrape_and_one_readiness_stand_for_all_processes(
    processes: Processes, client: Client
) -> None:
    text = processes.admin("/metrics")

    for name in ("chat_bus_up", "chat_messages_total", "process_resident_memory_bytes"):
        found = re.findall(rf'^{name}\{{process="(\d)"\}}', text, re.MULTILINE)
        assert found == ["1", "2"], f"{name}: {found}"
    assert len(re.findall(r"^# TYPE chat_bus_up gauge$", text, re.MULTILINE)) == 1
    assert processes.figure("chat_processes") == processes.figure("chat_processes_ready") == 2
    assert '"ready": 2' in processes.admin("/readyz")
    assert (await client.call("GET", "/readyz")).status == 200
    assert (await client.call("GET", "/metrics")).status == 404


def test_dashboard_and_alerts_ask_only_for_what_a_scrape_holds(processes: Processes) -> None:
    held: set[str] = {"up"}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", processes.admin("/metrics"), re.MULTILINE):
        held |= {name + suffix for suffix in ("_bucket", "_count", "_sum")} if kind == "histogram" else {name}
    panels = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    asked += re.findall(r"expr: (.+)", (ROOT / "deploy" / "alerts.yml").read_text())
    named = {name for expr in asked for name in re.findall(r"\b(?:chat|process|tornado)_\w+|\bup\b", expr)}

    assert len({panel["id"] for panel in panels}) == len(panels) > 15 and len(named) > 20
    assert named - held == set()


@pytest.mark.gen_test
async def test_a_killed_process_is_replaced_while_the_other_serves(
    processes: Processes, client: Client
) -> None:
    before = processes.pids()
    victim = min(before)
    psutil.Process(victim).kill()

    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "still here")
    await eventually(
        lambda: victim not in processes.pids() and len(processes.pids()) == processes.ready() == 2,
    )

    assert len(processes.pids() & before) == 1
    restarts = (processes.figure(f'chat_process_restarts_total{{process="{n}"}}') for n in (1, 2))
    assert sum(restarts) == 1


@pytest.mark.gen_test
async def test_sighup_replaces_all_processes_with_no_refused_connection_and_no_cut_answer(
    processes: Processes, client: Client
) -> None:
    before = processes.pids()
    speaker, *listeners = await client.people("speaker", *["listener"] * 6)
    await together(*(listener.here() for listener in listeners))
    heard: list[list[str]] = [[] for _ in listeners]
    told = [f"message {number}" for number in range(10_000)]
    replaced = asyncio.Event()

    async def speak(listener: Device) -> int:
        """On a connection kept open, as a proxy keeps them; a new one only where the server said so."""
        count = 0
        async with KeptConnection("127.0.0.1", processes.port) as connection:
            while not replaced.is_set():
                body = {"receiver_id": listener.id, "message": told[count]}
                status, _ = await connection.post("chats/", body, speaker.token)
                assert status == 201
                count += 1
        return count

    speaking = [asyncio.ensure_future(speak(listener)) for listener in listeners]
    following = [
        asyncio.ensure_future(follow(listener, texts, replaced))
        for listener, texts in zip(listeners, heard, strict=True)
    ]
    await eventually(lambda: all(heard), why="everybody has heard something")
    assert processes.process is not None
    processes.process.send_signal(signal.SIGHUP)
    try:
        await eventually(
            lambda: not processes.pids() & before and len(processes.pids()) == processes.ready() == 2,
        )
    finally:
        replaced.set()
        counts = await together(*speaking)
    await together(*following)

    assert min(counts) > 0
    for texts, count, listener in zip(heard, counts, listeners, strict=True):
        while len(texts) < count:
            texts += [message["message"] for message in await listener.until(1)]
        assert texts == told[:count]


@pytest.mark.gen_test
async def test_sighup_takes_up_the_config_file_even_while_the_processes_start(
    rabbit: RabbitNode, io_loop: Any
) -> None:
    server = Processes(rabbit.url)
    config = server.data_dir / "chat.toml"
    config.write_text("message_chars = 100\n")
    server.arguments += ["--config", str(config)]
    server.start()  # the first process serves, the second may not
    client = Client([server.base])

    async def limits() -> set[int]:
        answers = await together(*(client.call("GET", "server/") for _ in range(8)))
        return {answer["limits"]["message_chars"] for answer in answers}

    assert await limits() == {100}
    config.write_text("message_chars = 200\n")
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    await eventually(lambda: "all processes replaced" in server.log())
    assert await limits() == {200}

    config.write_text("message_chars = -1\n")
    before = server.pids()
    server.process.send_signal(signal.SIGHUP)
    await eventually(lambda: "the old one stays" in server.log())
    assert server.pids() == before and server.ready() == 2
    assert await limits() == {200}

    await asyncio.to_thread(server.stop)
    client.close()
    server.forget()


@pytest.mark.gen_test
async def test_sigterm_ends_all_processes_and_leaves_no_orphan(rabbit: RabbitNode, io_loop: Any) -> None:
    server = Processes(rabbit.url)
    server.start()
    client = Client([server.base])
    ann = await (await client.sign_up("ann")).here()
    poll = asyncio.ensure_future(ann.next(wait=20))
    await eventually(lambda: sum(server.figure(f'chat_held_polls{{process="{n}"}}') for n in (1, 2)) == 1)
    all_of_them = server.everything()

    server.terminate()

    assert (await poll).status == 200
    assert await asyncio.to_thread(server.wait) == 0
    server.assert_clean_log()
    assert not [process for process in all_of_them if is_running(process)]
    client.close()
    server.forget()


@pytest.mark.gen_test
async def test_a_killed_parent_takes_its_processes_and_its_database_along(
    rabbit: RabbitNode, io_loop: Any
) -> None:
    server = Processes(rabbit.url)
    server.start()
    children = server.everything()[1:]
    assert len(children) >= 3

    server.kill()

    await eventually(lambda: not [child for child in children if is_running(child)])
    server.forget()


def test_several_processes_without_a_broker_are_refused_with_the_cure() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "--processes", "2"],
        capture_output=True,
        text=True,
        timeout=120,
        env=clean_environment(),
        check=False,
    )

    assert done.returncode == 78
    assert "more than one process needs RabbitMQ; set --amqp-url" in done.stderr
    assert "Traceback" not in done.stderr
