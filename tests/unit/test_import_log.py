"""Messages of an import on their way into the log: each once, in the order of the lines, whatever is there already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatserver.model import Actor, Conversation
from chatserver.services.import_log import ImportLog, Written
from chatserver.services.jobs import JobFailed
from tests.support.waiting import in_time

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


class Import:
    """Lines of one person for one conversation; their ids are numbers."""

    def __init__(self, chat: Any, sender: Actor, conversation: Conversation) -> None:
        self.chat, self.sender, self.conversation = chat, sender, conversation
        self.log = ImportLog(chat.storage)

    async def add(self, numbers: Iterable[int]) -> None:
        c, sender_id = self.conversation.id, self.sender.user_id
        await self.log.add(
            [Written(c, sender_id, f"imp:{n}", f"number {n}", BEGAN + timedelta(seconds=n)) for n in numbers]
        )

    async def stored(self, numbers: Iterable[int]) -> list[int]:
        """Those of them that are stored, in the order of the log. None has two numbers, or shares one."""
        keys = {(self.sender.user_id, f"imp:{n}") for n in numbers}
        found = await self.chat.storage.messages.by_client_ids(keys)
        in_order = sorted(found.values(), key=lambda message: message.seq)
        first = in_order[0].seq
        assert [message.seq for message in in_order] == list(range(first, first + len(in_order)))
        return [int(message.text.removeprefix("number ")) for message in in_order]


async def of_two(chat: Any) -> Import:
    ann, bob = await chat.person(), await chat.person()
    return Import(chat, ann, await chat.group(ann, bob))


@pytest.mark.gen_test
async def test_each_batch_stands_behind_the_one_before_it(chat: Any) -> None:
    imported = await of_two(chat)
    for start in range(0, 50, 10):
        await imported.add(range(start, start + 10))
        assert await imported.stored(range(50)) >= list(range(start)), "all that came before is stored"
    await imported.log.settle()
    assert await imported.stored(range(50)) == list(range(50))


@pytest.mark.gen_test
async def test_a_line_that_comes_twice_counts_once(chat: Any) -> None:
    imported = await of_two(chat)
    for numbers in ([0, 1, 1, 2], [2, 3, 0, 4], [5, 4, 6]):
        await imported.add(numbers)
    await imported.log.settle()
    assert await imported.stored(range(7)) == list(range(7))


@pytest.mark.gen_test
async def test_what_somebody_else_stores_meanwhile_is_left_out_and_the_rest_stands_behind_it(
    chat: Any,
) -> None:
    slow = await of_two(chat)
    quick = Import(chat, slow.sender, slow.conversation)
    await slow.add(range(10))
    await slow.add(range(10, 20))
    await slow.log.settle()
    await quick.add(range(15, 25))
    await quick.log.settle()
    for start in (20, 30, 40):
        await slow.add(range(start, start + 10))
    await slow.log.settle()
    assert await slow.stored(range(50)) == list(range(50))


@pytest.mark.gen_test
async def test_whoever_goes_on_writes_what_is_missing_and_nothing_twice(chat: Any) -> None:
    killed = await of_two(chat)
    for start in (0, 10, 20):
        await killed.add(range(start, start + 10))
    await killed.log.close()
    assert await killed.stored(range(30)) == list(range(30)), (
        "what is on its way is waited for, not left behind"
    )
    follower = Import(chat, killed.sender, killed.conversation)
    for start in (0, 10, 20, 30):
        await follower.add(range(start, start + 10))
    await follower.log.settle()
    assert await follower.stored(range(40)) == list(range(40))


@pytest.mark.gen_test
async def test_an_id_that_another_conversation_has_had_ends_the_import(chat: Any) -> None:
    imported = await of_two(chat)
    await imported.add(range(3))
    elsewhere = Import(chat, imported.sender, await chat.group(imported.sender, await chat.person()))
    with pytest.raises(JobFailed, match="'2' was imported before"):
        await elsewhere.add([2])


@pytest.mark.gen_test
async def test_what_is_numbered_while_a_batch_is_looked_for_stands_behind_it(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = await of_two(chat)
    await imported.add(range(10))
    looking, look_on, waiting = asyncio.Event(), asyncio.Event(), asyncio.Event()
    look, settle = chat.storage.messages.by_client_ids, imported.log.settle

    async def held_look(keys: Any) -> Any:
        looking.set()
        await look_on.wait()
        return await look(keys)

    async def noted_settle() -> None:
        waiting.set()
        await settle()

    with monkeypatch.context() as patched:
        patched.setattr(chat.storage.messages, "by_client_ids", held_look)
        await imported.add([10, 3, *range(11, 20)])  # one of them is stored already
        await in_time(looking.wait())
        patched.setattr(imported.log, "settle", noted_settle)
        behind = asyncio.ensure_future(imported.add(range(20, 30)))
        await in_time(waiting.wait())
        look_on.set()
        await in_time(behind)
    await imported.log.settle()
    assert await imported.stored(range(30)) == list(range(30))


@pytest.mark.gen_test
async def test_an_id_in_two_conversations_ends_the_import_also_within_one_batch(chat: Any) -> None:
    imported = await of_two(chat)
    elsewhere = Import(chat, imported.sender, await chat.group(imported.sender, await chat.person()))
    line = Written(imported.conversation.id, imported.sender.user_id, "imp:7", "here", BEGAN)
    twin = Written(elsewhere.conversation.id, imported.sender.user_id, "imp:7", "there", BEGAN)
    with pytest.raises(JobFailed, match="'7' was imported before"):
        await imported.log.add([line, twin])
