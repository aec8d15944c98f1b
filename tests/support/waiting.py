"""Waiting without sleeping through it: a condition is asked again until it holds or its time is up.

No test judges speed: a deadline here only ends a test that would wait for ever. Where a mechanism must be told from a
slower one that makes up for it, make the slower one so slow that it cannot, or count what the first does.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

PAUSE_SECS = 0.05
# What a machine that is busy with other things may take for anything. Nobody who passes waits for it.
GENEROUS_SECS = 60.0
T = TypeVar("T")


async def eventually(condition: Callable[[], Any], within: float = GENEROUS_SECS, why: str = "") -> Any:
    """The first true value of `condition()`, which may be a coroutine; an AssertionError after `within` seconds.

    An AssertionError raised by the condition counts as "not yet" and is shown when the time is up.
    """
    deadline = time.monotonic() + within
    while True:
        last: object = None
        try:
            last = condition()
            if inspect.isawaitable(last):
                last = await last
            if last:
                return last
        except AssertionError as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within} s: {why or condition} (last: {last!r})")
        await asyncio.sleep(PAUSE_SECS)


async def in_time(awaited: Awaitable[T]) -> T:
    """Its result; a TimeoutError only where it cannot be the machine that is slow."""
    return await asyncio.wait_for(awaited, GENEROUS_SECS)


async def together(*awaitables: Any) -> list[Any]:
    """All results, in order; the first failure fails the test."""
    return list(await asyncio.gather(*awaitables))


async def held(poll: Any, for_secs: float = 0.3) -> asyncio.Task[Any]:
    """Start a poll and see that it is held: still unanswered after `for_secs`."""
    task = asyncio.ensure_future(poll)
    done, _ = await asyncio.wait({task}, timeout=for_secs)
    assert not done, f"answered instead of held: {task.result()!r}"
    return task
