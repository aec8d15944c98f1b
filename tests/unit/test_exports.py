"""An export that another node goes on with gives the same lines as one that was never stopped."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from chatserver.model import JOBS, Task
from chatserver.services import exports
from chatserver.services.exports import Exports
from tests.unit.conftest import Chat


def job(chat: Chat, id: int, said: Mapping[str, Any]) -> Task:
    now = chat.clock.now()
    return Task(f"j_{id}:jobs", JOBS, 0, id, "export", {"done": 0, **said}, now, now)


async def taken(chat: Chat, id: int, parts: int) -> bytes:
    return b"".join([await chat.storage.job_parts.data(id, n + 1) for n in range(parts)])


@pytest.mark.gen_test
async def test_whoever_goes_on_writes_what_is_left_and_nothing_twice(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE", 3)
    monkeypatch.setattr(exports, "PART_LINES", 7)
    ann, _, conversation = await chat.pair()
    for n in range(8):
        await chat.say(ann, conversation, f"{n}")
    work = Exports(chat.storage, chat.clock)
    # What other tests have left in this database stands before it.
    begun = {"place": {"phase": "conversation", "at": conversation.id - 1, "behind": 0}}
    said: dict[str, Any] = {}
    async for one in work.steps(job(chat, 1, begun)):
        said |= one
    wanted = await taken(chat, 1, said["parts"])

    often, said = job(chat, 2, begun), {}
    while said.get("phase") != "end":
        for is_noted in (False, True):  # the first dies before it has noted how far it got
            async with aclosing(work.steps(replace(often, about={**often.about, **said}))) as steps:
                one = await anext(steps)
            said |= one if is_noted else {}
    assert await taken(chat, 2, said["parts"]) == wanted
    assert wanted.count(b"\n") == said["done"] and wanted.count(b'"message":"7"') == 1


@pytest.mark.gen_test
async def test_no_part_is_larger_than_an_import_takes(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    monkeypatch.setattr(exports, "PART_BYTES", 2_000)
    ann, _, conversation = await chat.pair()
    for n in range(10):
        await chat.say(ann, conversation, f"{n}" * 300)
    begun = {"place": {"phase": "conversation", "at": conversation.id - 1, "behind": 0}}
    said: dict[str, Any] = {}
    async for one in Exports(chat.storage, chat.clock).steps(job(chat, 3, begun)):
        said |= one
    sizes = [len(await chat.storage.job_parts.data(3, n + 1)) for n in range(said["parts"])]
    assert len(sizes) == 3 and max(sizes) <= 2_000, sizes
