"""A machine whose clock was wrong for one run of the server: what was written then stays, and so does all before it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scenarios.limits import WrongClock
from tests.support.client import Client, Device
from tests.support.command import chatserver
from tests.support.server import ServerProcess

THREE_YEARS_AHEAD = "+1098d"


@pytest.mark.gen_test
async def test_after_a_run_with_the_clock_three_years_ahead_the_server_starts_again_with_all_it_had(
    tmp_path: Path, io_loop: Any
) -> None:
    if reason := WrongClock.missing():
        pytest.skip(reason)
    # One offset for all the run, so that no call has to look into a file for it.
    moving = ("FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE")
    env = {name: value for name, value in WrongClock(tmp_path).env.items() if name not in moving}
    server = ServerProcess(env={**env, "FAKETIME": THREE_YEARS_AHEAD})
    there = ("--data-dir", server.data_dir)
    client = Client([server.base])
    try:
        await asyncio.to_thread(server.start)
        ann, bob = await client.people("ann", "bob")
        sent = await ann.sent(bob, "from the future")
        assert int(sent["created_at"][:4]) >= datetime.now(UTC).year + 2, "the clock was ahead"
        await asyncio.to_thread(server.stop)

        server.env = {}
        await asyncio.to_thread(server.start)

        assert await texts(bob, ann) == ["from the future"]
        bob = await client.sign_in(bob.username)
        await ann.sent(bob, "from today")
        assert await texts(bob, ann) == ["from today", "from the future"]
        copied = await asyncio.to_thread(chatserver, "backup", tmp_path / "beside", *there)
        assert copied.code == 0, copied
        await asyncio.to_thread(server.stop)

        for command in (("backup", tmp_path / "stopped"), ("doctor", "--port", str(server.port))):
            outcome = await asyncio.to_thread(chatserver, *command, *there)
            assert outcome.code == 0, outcome
    finally:
        client.close()
        server.forget()


async def texts(reader: Device, other: Device) -> list[str]:
    return [message["message"] for message in (await reader.history(other))["messages"]]
