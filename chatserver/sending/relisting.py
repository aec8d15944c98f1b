"""Lists anew what was listed under older rules of words, or before there was search: the names of people, then messages.

A part of it with each sweep, in short calls with pauses. A mark in the database tells how far it is, so that it goes on
where it stopped, on whichever node. It goes round twice, because nodes of an old version write on while a new one is
rolled out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from chatserver.clock import Clock
from chatserver.model import split_message_id
from chatserver.ports import Stores
from chatserver.word_pages import PAGE, page_of
from chatserver.words import NAME_RULES, RULES

A_SWEEP = 5_000  # documents of each kind
A_CALL = 64  # the same; of the longest messages these keep the loop for a moment
PAUSE_SECS = 0.02
AGAIN = timedelta(hours=1)


class Listing(Protocol):
    async def list_words(self, after: int, limit: int) -> list[int]: ...


class Relisting:
    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock

    async def go_on(self, now: datetime) -> None:
        await self._part("users", self._stores.users, NAME_RULES, now)
        await self._part("messages", self._stores.messages, RULES, now)

    async def _part(self, noun: str, store: Listing, rules: int, now: datetime) -> None:
        after = await self._stores.marks.listed_up_to(noun, rules, now, now + AGAIN)
        for _ in range(A_SWEEP // A_CALL):
            if after is None:
                return
            ids = await store.list_words(after, A_CALL)
            if noun == "messages":
                await self._fill_pages(ids)
            after = ids[-1] if len(ids) == A_CALL else None
            await self._stores.marks.list_up_to(noun, rules, after, len(ids))
            await self._clock.sleep(PAUSE_SECS)

    async def _fill_pages(self, ids: list[int]) -> None:
        """Those that end among these: what is before in them has been listed anew already."""
        seqs = map(split_message_id, ids)
        ended = [(conversation, page_of(seq)) for conversation, seq in seqs if seq % PAGE == 0]
        if ended and (outdated := await self._stores.pages.outdated(ended)):
            await self._stores.pages.fill(outdated)
            await self._stores.conversations.set_paged({id: number + 1 for id, number in sorted(outdated)})
