"""Direct conversations begin: those of one moment together, each step one command for all of them, in one trip.

| step    | what stands behind it                                                                  |
|---------|----------------------------------------------------------------------------------------|
| claim   | the pair has its one id: of two who begin at once, on whatever node, the first one's    |
| join    | both people have a head, which lets fan-outs in                                         |
| members | both are members                                                                        |
| finish  | the conversation is found, and a majority has all of this (cover.py)                    |

Whoever dies in between leaves a beginning that nobody finds. The next one to begin it claims in vain, takes the id that
is there, and all further steps again: what is done already stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chatserver import failpoints
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.storage.conversations import fresh_member, member_key
from chatserver.storage.cover import Cover, Covers, repeated, sure
from chatserver.storage.driver import UNJOURNALED, WRITE_CONCERN, Collection, Document
from chatserver.storage.inboxes import joining
from chatserver.storage.messages import reading_heads
from chatserver.storage.records import both
from chatserver.storage.script import Script


class BeginningStore:
    def __init__(self, collections: Mapping[str, Collection], clock: Clock) -> None:
        """`collections` by their nouns."""
        self._conversations = collections["conversations"]
        self._members = collections["members"]
        self._inboxes = collections["inboxes"]
        self._messages = collections["messages"]
        self._covers = Covers(clock)

    async def begun(self, pairs: Sequence[str]) -> dict[str, tuple[int, int]]:
        """pair → conversation and its head, of those whose beginning was finished. In one trip."""
        return await self._conversations.run_reads("find", lambda: self._begun(pairs))

    def _begun(self, pairs: Sequence[str]) -> Script[dict[str, tuple[int, int]]]:
        wanted = {"pair": {"$in": list(pairs)}, "ready": True}
        reply = yield self._conversations.reading(wanted, {"pair": 1}, "majority")
        found = {doc["pair"]: doc["_id"] for doc in reply["cursor"]["firstBatch"]}
        heads = yield from reading_heads(self._messages, found.values())
        return {pair: (id, heads[id]) for pair, id in found.items()}

    async def begin(self, proposed: Mapping[str, int], at: datetime) -> dict[str, int | None]:
        """pair → conversation: the one proposed, or that of whoever came before. Raises Unavailable; repeatable.

        A pair is left out when its proposed id is taken, and has None while what they wrote elsewhere is imported.
        """
        cover = self._covers.take()
        try:
            return await self._begin(_Beginning(proposed, at, cover))
        except Unavailable:  # another primary, perhaps: once more with that
            if cover is None:
                raise
            if cover.is_needed:
                self._covers.failed()
            return await self._begin(_Beginning(proposed, at, None))

    async def _begin(self, beginning: _Beginning) -> dict[str, int | None]:
        if failpoints.armed:
            return await self._in_many_trips(beginning)
        return await self._conversations.run("begin", self._in_one_trip(beginning))

    def _in_one_trip(self, beginning: _Beginning) -> Script[dict[str, int | None]]:
        yield from self._claim(beginning)
        yield from self._join(beginning)
        yield from self._add_members(beginning)
        yield from self._finish(beginning)
        return beginning.found

    async def _in_many_trips(self, beginning: _Beginning) -> dict[str, int | None]:
        """The same with a failpoint behind each step, which a script cannot wait at."""
        await self._conversations.run("begin", self._claim(beginning))
        await failpoints.reach("after_claim")
        await self._conversations.run("begin", self._join(beginning))
        await failpoints.reach("after_join")
        await self._conversations.run("begin", self._add_members(beginning))
        await failpoints.reach("after_members")
        await self._conversations.run("begin", self._finish(beginning))
        await failpoints.reach("after_finish")
        return beginning.found

    def _claim(self, beginning: _Beginning) -> Script[None]:
        fresh = {"kind": "direct", "ready": False, "created_at": beginning.at}
        documents: list[Document] = [
            {"_id": id, "pair": pair, **fresh} for pair, id in beginning.proposed.items()
        ]
        reply = yield self._conversations.insertion(documents, ordered=False, concern=beginning.concern)
        beginning.note(reply)
        beginning.ids = dict(beginning.proposed)
        lost = [documents[index]["pair"] for index in repeated(reply)]
        if not lost:
            return
        # As no majority may have it yet: it is there where it stood in our way, and `finish` waits for it too.
        fields = {"pair": 1, "ready": 1, "importing": 1}
        reply = yield self._conversations.reading({"pair": {"$in": lost}}, fields, "local")
        for pair in lost:
            del beginning.ids[pair]
        for doc in reply["cursor"]["firstBatch"]:
            if "importing" in doc and not doc["ready"]:
                beginning.importing.add(doc["pair"])
            else:
                beginning.ids[doc["pair"]] = doc["_id"]

    def _join(self, beginning: _Beginning) -> Script[None]:
        updates = [joining(both(pair), id, 0) for pair, id in beginning.ids.items()]
        if updates:
            reply = yield self._inboxes.updating(updates, beginning.concern)
            beginning.note(sure(reply))

    def _add_members(self, beginning: _Beginning) -> Script[None]:
        documents = [
            {"_id": member_key(id, user_id), **fresh_member()}
            for pair, id in beginning.ids.items()
            for user_id in both(pair)
        ]
        if documents:
            reply = yield self._members.insertion(documents, ordered=False, concern=beginning.concern)
            repeated(reply)
            beginning.note(reply)

    def _finish(self, beginning: _Beginning) -> Script[None]:
        """Another primary than the one that was read from in `_claim` may not know what it knew."""
        ids = list(beginning.ids.values())
        finished = {"q": {"_id": {"$in": ids}}, "u": {"$set": {"ready": True}}, "multi": True}
        command = self._conversations.updating([finished])
        if beginning.cover is not None:
            reply = yield from beginning.cover.write(command)
        else:
            reply = sure((yield command))
        if int(reply["n"]) != len(ids):
            raise Unavailable("Another primary took over while conversations began.")


@dataclass(slots=True)
class _Beginning:
    """Some of them, on their way. `ids` is what each pair has, from the claim on."""

    proposed: Mapping[str, int]
    at: datetime
    cover: Cover | None
    ids: dict[str, int] = field(default_factory=dict)
    importing: set[str] = field(default_factory=set)  # pairs that have to wait

    @property
    def found(self) -> dict[str, int | None]:
        return {**self.ids, **dict.fromkeys(self.importing)}

    @property
    def concern(self) -> Document:
        return WRITE_CONCERN if self.cover is None else UNJOURNALED

    def note(self, reply: Document) -> None:
        if self.cover is not None:
            self.cover.note(reply)
