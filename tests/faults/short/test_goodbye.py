"""A node told to stop while it is still finding its broker goes as quietly as any other."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from chatserver.bus.rabbit import RabbitBus
from chatserver.clock import Clock
from tests.support.rabbit import RabbitNode
from tests.support.waiting import in_time


@pytest.mark.gen_test
async def test_closing_while_the_broker_is_being_reached_stumbles_over_nothing(
    rabbit: RabbitNode, io_loop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        bus = RabbitBus(rabbit.url, f"brief{number}", Clock(), bytes(32), exchange="brief")
        bus.listen(lambda bell: None)
        await bus.open()
        await asyncio.sleep(number / 1000)
        await bus.close()
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def listen_in_silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1000):
        pass
    writer.close()


@pytest.mark.parametrize("patience", [0.0, 1.5])
@pytest.mark.gen_test
async def test_closing_on_a_broker_that_accepts_and_says_nothing_stumbles_over_nothing(
    io_loop: Any, caplog: pytest.LogCaptureFixture, patience: float
) -> None:
    server = await asyncio.start_server(listen_in_silence, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    met: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: met.append(context))
    bus = RabbitBus(f"amqp://guest:guest@127.0.0.1:{port}/", "brief", Clock(), bytes(32), exchange="brief")
    bus.listen(lambda bell: None)
    await bus.open()
    await asyncio.sleep(patience)
    await in_time(bus.close())
    await asyncio.sleep(0.2)
    server.close()
    assert not met
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
