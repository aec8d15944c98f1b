"""What one flush of the writer asks of the database: messages into the log, and inboxes moved behind them.

Where few inboxes have to move, both writes go out in one trip, and the append waits for no majority because the advance
does (cover.py). The members of groups are read between the two: whoever joins later looks into the log itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from chatserver import failpoints
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Advance, Flushed, KnownVersion, Message, Outcome, split_message_id, with_members
from chatserver.storage import records
from chatserver.storage.conversations import MEMBER_IDS, MEMBERS_INDEX, members_in, named
from chatserver.storage.cover import DUPLICATE, Cover, Covers
from chatserver.storage.driver import UNJOURNALED, WRITE_CONCERN, Collection, Document
from chatserver.storage.inboxes import advancing
from chatserver.storage.script import Script

log = structlog.get_logger(__name__)

# An update that finds no inbox. It waits for the majority of whatever was written before it all the same.
_NOBODY: Document = {"q": {"_id": {"$in": []}}, "u": {"$inc": {"version": 1}}, "multi": True}
MOST_ROUNDS = 8  # of one append: whoever is left then goes with the next


class FlushStore:
    def __init__(self, messages: Collection, inboxes: Collection, members: Collection, clock: Clock) -> None:
        self._messages = messages
        self._inboxes = inboxes
        self._members = members
        self._covers = Covers(clock)

    async def append_and_advance(
        self,
        messages: Sequence[Message],
        advances: Sequence[Advance] = (),
        claims: Mapping[int, KnownVersion] | None = None,
    ) -> Flushed:
        """Insert each message at its own id; those of a conversation stand together, in order. Once one of a conversation
        is refused nothing of it is tried any more: no hole can form.

        `advances` are those of these messages that may go out behind them. `Flushed` tells which of them did, with their
        members: none, when there was no need for it to be now. Never raises Unavailable: it may or may not be stored.
        """
        documents = [records.message_document(message) for message in messages]
        # Without advances the append has to wait for a majority itself.
        cover = self._covers.take() if advances else None
        flush = _Flush(messages, documents, advances, claims or {}, cover)
        try:
            if failpoints.armed:
                return await self._in_two_trips(flush)
            return await self._messages.run("insert", self._in_one_trip(flush))
        except Exception as error:
            if flush.cover is not None and flush.cover.is_needed:
                self._covers.failed()
                if not isinstance(error, Unavailable):
                    log.error("the write behind the messages failed", exc_info=error)
                return Flushed([Outcome.UNSURE] * len(messages))
            if not isinstance(error, Unavailable):
                raise
            return Flushed([Outcome.UNKNOWN] * len(messages))

    def _in_one_trip(self, flush: _Flush) -> Script[Flushed]:
        outcomes = yield from self._append(flush)
        return (yield from self._advance(flush, outcomes))

    async def _in_two_trips(self, flush: _Flush) -> Flushed:
        """The same with the failpoints between the writes, which a script cannot wait at."""
        outcomes = await self._messages.run("insert", self._append(flush))
        await failpoints.reach("after_append")
        if flush.cover is None:
            return Flushed(outcomes)
        await failpoints.reach("before_fanout")
        return await self._inboxes.run("update", self._advance(flush, outcomes))

    def _append(self, flush: _Flush) -> Script[list[Outcome]]:
        """A refused one ends an ordered insertion: without its conversation it goes on behind it."""
        documents = flush.documents
        ordered = len({message.conversation_id for message in flush.messages}) < len(flush.messages)
        outcomes = dict.fromkeys(range(len(documents)), Outcome.SKIPPED)
        left = list(outcomes)
        concern = WRITE_CONCERN if flush.cover is None else UNJOURNALED
        for _ in range(MOST_ROUNDS):
            tried = [documents[index] for index in left]
            reply = yield self._messages.insertion(tried, ordered=ordered, concern=concern)
            if flush.cover is not None:
                flush.cover.note(reply)
            refused = {left[failure["index"]]: _outcome(failure) for failure in reply.get("writeErrors", ())}
            end = next(iter(refused), len(documents)) if ordered else len(documents)
            done = Outcome.UNKNOWN if "writeConcernError" in reply else Outcome.STORED
            outcomes |= dict.fromkeys((index for index in left if index < end), done) | refused
            left = [
                i for i in left if i > end and _conversation(documents[i]) != _conversation(documents[end])
            ]
            # One repeat is seldom the only one: all behind it are looked up in one read.
            if not left or done is Outcome.UNKNOWN or refused[end] is Outcome.REPEATED:
                break
        return list(outcomes.values())

    def _advance(self, flush: _Flush, outcomes: list[Outcome]) -> Script[Flushed]:
        """Make sure what was stored, by moving the inboxes of those whom it reaches."""
        if flush.cover is None:
            return Flushed(outcomes)
        pairs = zip(flush.messages, outcomes, strict=True)
        stored = [message for message, outcome in pairs if outcome is Outcome.STORED]
        if not stored:
            return Flushed(outcomes)
        advances = flush.advances
        if len(stored) < len(outcomes):
            advances = list(_reaching(advances, stored))
        advances = yield from self._with_members(advances)
        command = self._inboxes.updating(advancing(advances, flush.claims) or [_NOBODY])
        reply = yield from flush.cover.write(command)
        return Flushed(outcomes, advances, int(reply["n"]))

    def _with_members(self, advances: Sequence[Advance]) -> Script[Sequence[Advance]]:
        """Those of groups with everybody who is a member by now, in what the primary itself knows.

        A majority need not have heard of somebody who joined just before the append: who looks into the log as
        soon as it has would not find the message there yet.
        """
        ids = [advance.conversation_id for advance in advances if not advance.member_ids]
        if not ids:
            return advances
        reply = yield self._members.reading(members_in(ids), MEMBER_IDS, "local", MEMBERS_INDEX)
        return with_members(advances, named(ids, reply["cursor"]["firstBatch"]))


@dataclass(frozen=True, slots=True)
class _Flush:
    messages: Sequence[Message]
    documents: list[Document]
    advances: Sequence[Advance]
    claims: Mapping[int, KnownVersion]
    cover: Cover | None


def _reaching(advances: Sequence[Advance], stored: Iterable[Message]) -> Iterator[Advance]:
    """The parts of the advances whose messages are stored: of each run it is the beginning."""
    by_conversation: dict[int, list[Message]] = {}
    for message in stored:
        by_conversation.setdefault(message.conversation_id, []).append(message)
    for advance in advances:
        if run := by_conversation.get(advance.conversation_id):
            own = Counter(message.sender_id for message in run)
            yield replace(advance, last=run[-1].seq, own=dict(own))


def _conversation(document: Document) -> int:
    return split_message_id(document["_id"])[0]


def _outcome(failure: Document) -> Outcome:
    if failure["code"] != DUPLICATE:
        return Outcome.REFUSED
    # Older servers name the key only in the text.
    keys = failure.get("keyPattern") or {}
    return Outcome.REPEATED if "client_id" in keys or "client_id" in failure["errmsg"] else Outcome.TAKEN
