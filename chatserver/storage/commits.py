"""A whole flush in one transaction: messages and inboxes become visible together, and the journal is waited for once.

Nothing is lost when it does not come to that (a seq taken, a repeat, an inbox that stands elsewhere, another writer at
the same document, a server without transactions): it is as if it had not been tried, and the writer goes step by step.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.write_concern import WriteConcern

from chatserver import metrics
from chatserver.errors import Unavailable
from chatserver.model import Advance, Message, Outcome
from chatserver.storage import codec
from chatserver.storage.driver import WRITE_CONCERN, Document, Gate
from chatserver.storage.inboxes import advance_updates

THREADS = 4
_NOT_OFFERED = 20  # IllegalOperation: a server that is no member of a replica set


class CommitStore:
    """Works on Motor's own thread-side client, because one hop to a thread then covers three calls."""

    def __init__(self, client: Any, database: str, gate: Gate, timeout_secs: float) -> None:
        """`client`: Motor's. PyMongo's asyncio client has no such side: with it every flush goes step by step."""
        self._client: pymongo.MongoClient[Document] | None = getattr(client, "delegate", None)
        self._database = database
        self._gate = gate
        self._timeout_secs = timeout_secs
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="commit")
        self._sessions: deque[Any] = deque()

    async def commit(self, messages: Sequence[Message], advances: Sequence[Advance]) -> Outcome:
        """STORED: all of it, fan-out included. SKIPPED: nothing. UNKNOWN: all or nothing."""
        if self._client is None:
            return Outcome.SKIPPED
        documents = [codec.message_document(message) for message in messages]
        updates, expected = advance_updates(advances)
        loop = asyncio.get_running_loop()
        try:
            return await self._gate.call(
                "commit", lambda: loop.run_in_executor(self._threads, self._run, documents, updates, expected)
            )
        except Unavailable:
            return Outcome.SKIPPED

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        while self._sessions:
            self._sessions.pop().end_session()

    def _run(self, documents: list[Document], updates: list[Document], expected: int) -> Outcome:
        """In a thread of its own."""
        assert self._client is not None
        session = self._sessions.pop() if self._sessions else self._client.start_session()
        try:
            with pymongo.timeout(self._timeout_secs):
                return self._transact(self._client[self._database], session, documents, updates, expected)
        finally:
            self._sessions.append(session)

    def _transact(
        self, database: Any, session: Any, documents: list[Document], updates: list[Document], expected: int
    ) -> Outcome:
        session.start_transaction(write_concern=WriteConcern(**WRITE_CONCERN))
        try:
            insert = {"insert": "messages", "documents": documents}
            done = "writeErrors" not in database.command(insert, session=session)
            if done:
                update = {"update": "inboxes", "updates": updates}
                done = database.command(update, session=session)["n"] == expected
            if not done:
                session.abort_transaction()
                return self._skipped("moved on")
        except PyMongoError as error:
            session.abort_transaction()  # never raises
            if isinstance(error, OperationFailure) and error.code == _NOT_OFFERED:
                self._client = None
            return self._skipped("refused" if isinstance(error, OperationFailure) else "away")
        try:
            session.commit_transaction()
        except PyMongoError:
            return Outcome.UNKNOWN
        return Outcome.STORED

    def _skipped(self, reason: str) -> Outcome:
        metrics.COMMITS_SKIPPED.labels(reason).inc()
        return Outcome.SKIPPED
