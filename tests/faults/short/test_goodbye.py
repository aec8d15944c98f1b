"""A node told to stop while it is still finding its broker goes as quietly as any other."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from chatserver.bus.rabbit import RabbitBus
from chatserver.clock import Clock
from tests.support.rabbit import RabbitNode


@pytest.mark.gen_test(timeout=60)
async def test_closing_while_the_broker_is_being_reached_stumbles_over_nothing(
    rabbit: RabbitNode, io_loop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        bus = RabbitBus(rabbit.url, f"brief{number}", Clock(), exchange="brief")
        bus.listen(lambda bell: None)
        await bus.open()
        await asyncio.sleep(number / 1000)
        await bus.close()
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
