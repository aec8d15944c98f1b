"""When Python looks for cycles."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.processes import memory
from tests.support.waiting import eventually


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.gen_test
async def test_many_new_objects_are_looked_through_before_python_would(
    io_loop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LOOK_SECS", 0.01)
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(*memory.AFTER)
    task = asyncio.create_task(memory.run(Clock()))
    try:
        gone = weakref.ref(Cycle())
        kept = [[] for _ in range(2 * memory.EARLY)]  # whatever else goes away meanwhile
        await eventually(lambda: gone() is None)
        assert len(kept) < memory.AFTER[0], "Python would have looked by itself"
    finally:
        gc.set_threshold(*before)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
