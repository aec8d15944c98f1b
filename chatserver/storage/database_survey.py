"""What an operator wants to know of the database: what it is, whether it keeps what it promises, and its clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chatserver.clock import Clock
from chatserver.settings import Settings
from chatserver.storage.backup import open_copies
from chatserver.storage.schema import BEFORE, MARK, Schema, schema_of
from chatserver.words import NAME_RULES, RULES


@dataclass(frozen=True, slots=True)
class DatabaseSurvey:
    version: tuple[int, ...]
    replica_set: str  # "" for a single server without one
    members: int
    write_secs: float  # of a write that a majority has journaled
    skew_secs: float  # how far its clock is ahead of ours
    schema: Schema = BEFORE
    # Of users and messages that are not all listed for search yet: how many are, and of how many.
    unlisted: dict[str, tuple[int, int]] = field(default_factory=dict)


async def survey(settings: Settings, clock: Clock) -> DatabaseSurvey:
    """Raises StartupError."""
    async with open_copies(settings) as copies:
        hello: dict[str, Any] = await copies.client.admin.command(
            "hello", codec_options=copies.client.codec_options
        )
        skew = (hello["localTime"] - clock.now()).total_seconds()
        version = (await copies.client.server_info())["versionArray"][:3]
        mark = {"_id": "doctor"}
        began = clock.monotonic()
        await copies.database.marks.replace_one(mark, {**mark, "at": clock.now()}, upsert=True)
        write_secs = clock.monotonic() - began
        await copies.database.marks.delete_one(mark)
        schema = schema_of(await copies.database.marks.find_one({"_id": MARK}))
        members = len(hello.get("hosts", [])) + len(hello.get("passives", []))
        unlisted = await _unlisted(copies.database)
        return DatabaseSurvey(
            tuple(version), hello.get("setName", ""), members, write_secs, skew, schema, unlisted
        )


async def _unlisted(database: Any) -> dict[str, tuple[int, int]]:
    """How far the first round of listing anew got (relisting.py)."""
    found = {}
    for noun, rules in (("users", NAME_RULES), ("messages", RULES)):
        mark = await database.marks.find_one({"_id": f"words of {noun}", "rules": {"$gte": rules}})
        total = await database[noun].estimated_document_count()
        if total and (mark is None or (mark["seen"] is not None and mark["again_at"] is not None)):
            found[noun] = (mark["count"] if mark else 0, total)
    return found
