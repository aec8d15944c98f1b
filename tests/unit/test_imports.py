"""An import that is stopped in the middle: what is on its way then, and what is taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from chatserver.model import JOBS, JobPart, Task
from chatserver.services.imports import Imports
from chatserver.services.jobs import JobFailed
from tests.support.client import unique
from tests.unit.conftest import Chat

MESSAGES = 30


def job(chat: Chat, said: Mapping[str, Any]) -> Task:
    now = chat.clock.now()
    return Task("j_77:jobs", JOBS, 0, 77, "import", {"parts": 1, **said}, now, now)


def lines() -> bytes:
    room, ann, bob = unique("room"), unique("ann"), unique("bob")
    said: list[dict[str, Any]] = [{"type": "user", "sub": sub, "name": sub} for sub in (ann, bob)]
    said.append({"type": "conversation", "external_id": room, "preset": "direct", "members": [ann, bob]})
    for n in range(MESSAGES):
        at = f"2024-01-01T00:00:{n:02}Z"
        said.append(
            {"type": "message", "id": f"{n}", "conversation": room, "sender": ann, "message": f"number {n}"}
            | {"created_at": at}
        )
    return b"".join(json.dumps(one).encode() + b"\n" for one in said)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatserver.services.pace.MOST", 5)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.gen_test
async def test_nothing_is_on_its_way_any_more_when_its_steps_are_closed(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Imports(chat.storage, chat.bus, chat.clock, 4_000, lambda: 0)
    data, kept_until = lines(), chat.clock.now() + timedelta(days=1)
    await chat.storage.job_parts.add(JobPart(77, 1, "0" * 64, data.count(b"\n")), data, kept_until)
    append, begun, ended = chat.storage.imports.append, 0, 0

    async def counted(prepared: Any) -> bool:
        nonlocal begun, ended
        begun += 1
        try:
            return await append(prepared)
        finally:
            ended += 1

    monkeypatch.setattr(chat.storage.imports, "append", counted)
    async with aclosing(work.steps(job(chat, {"phase": "write"}))) as steps:
        async for said in steps:
            if said.get("written", 0) >= MESSAGES // 2:
                break
    stopped_at = begun
    assert stopped_at == ended > 1
    assert [one async for one in work.undo(job(chat, {}))], "there was something to take back"
    assert not await chat.storage.imports.left(77, 1)
    assert begun == stopped_at


@pytest.mark.gen_test
async def test_one_that_is_taken_back_is_never_opened_by_whoever_goes_on(chat: Chat) -> None:
    work = Imports(chat.storage, chat.bus, chat.clock, 4_000, lambda: 0)
    with pytest.raises(JobFailed):
        await anext(work.steps(job(chat, {"phase": "undo"})))
