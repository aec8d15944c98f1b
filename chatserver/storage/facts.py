"""The second log of a conversation: what has changed there, numbered 1, 2, 3 … like its messages and without gaps.

A line names what changed and at which `rev`; what it is now stands in its own document. Lines older than KEPT are gone:
no ring reaches back that far, and whoever loads a list sees things as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from chatserver.model import MAX_SEQ, Fact, message_id, split_message_id
from chatserver.storage.driver import Collection, Document
from chatserver.storage.messages import between

KEPT = timedelta(days=30)
_KIND_TO_LETTER = {"message": "m", "conversation": "c", "member": "u"}
_LETTER_TO_KIND = {letter: kind for kind, letter in _KIND_TO_LETTER.items()}


class FactStore:
    def __init__(self, collection: Collection) -> None:
        self._facts = collection

    async def head(self, conversation_id: int) -> int:
        """The highest number that a majority has; 0 before the first line."""
        found = await self._facts.find(
            between(conversation_id, 0, MAX_SEQ), {"_id": 1}, sort=[("_id", -1)], limit=1
        )
        return split_message_id(found[0]["_id"])[1] if found else 0

    async def append(self, fact: Fact) -> bool:
        """False when its number is taken."""
        with contextlib.suppress(DuplicateKeyError):
            await self._facts.insert_one(
                {
                    "_id": message_id(fact.conversation_id, fact.seq),
                    "k": _KIND_TO_LETTER[fact.kind],
                    "t": fact.target,
                    "v": fact.rev,
                    "at": fact.at,
                }
            )
            return True
        return False

    async def by_ids(self, ids: Iterable[int]) -> dict[int, Fact]:
        """Those that are gone, and those of a kind that only a newer release knows, are left out."""
        found = await self._facts.find({"_id": {"$in": list(ids)}, "k": {"$in": list(_LETTER_TO_KIND)}})
        return {doc["_id"]: _fact(doc) for doc in found}


def _fact(document: Document) -> Fact:
    conversation_id, seq = split_message_id(int(document["_id"]))
    kind = _LETTER_TO_KIND[document["k"]]
    return Fact(conversation_id, seq, kind, int(document["t"]), document["v"], document["at"])
