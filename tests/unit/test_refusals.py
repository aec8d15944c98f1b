"""Who waits for a database call that others share is refused in time, also when an earlier call has to fail first."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from chatserver.errors import Unavailable
from chatserver.together import Together

LIMIT_SECS = 0.3


@pytest.mark.gen_test
async def test_who_comes_during_a_call_that_fails_does_not_wait_for_two(io_loop: Any) -> None:
    silence = asyncio.Event()

    async def call(keys: list[int]) -> dict[int, int]:
        await silence.wait()
        return {key: key for key in keys}

    shared: Together[int, int] = Together(call, LIMIT_SECS)
    begun = time.monotonic()
    for got in await asyncio.gather(shared.get(1), shared.get(2), shared.get(1), return_exceptions=True):
        assert isinstance(got, Unavailable)
    assert time.monotonic() - begun < 3 * LIMIT_SECS
    silence.set()
    assert await shared.get(3) == 3, "what follows is served again"
    await shared.close()
