"""Bringing in what was written elsewhere: look at every line, write them in bulk, then open what was written.

Nobody sees a conversation before it is open, and nothing is told of it but that it is there. The first look writes
nothing; each step after it may be repeated, for a line that is stored already is recognised by its own id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from cachetools import LRUCache
from msgspec import UNSET

from chatserver.clock import Clock
from chatserver.model import (
    MAX_CONVERSATION_ID,
    Bell,
    Entry,
    Imported,
    ImportedMember,
    Task,
    User,
    message_id,
)
from chatserver.ports import Bus, Stores
from chatserver.services.host_profile import name_from
from chatserver.services.import_lines import (
    Checker,
    ConversationLine,
    Line,
    MemberLine,
    MessageLine,
    ReadLine,
    UserLine,
    Wrong,
    as_stored,
    decoded,
    split,
)
from chatserver.services.import_log import ImportLog, Written
from chatserver.services.jobs import ERRORS, PARTS_KEPT, JobFailed
from chatserver.services.pace import Pace
from chatserver.word_pages import PAGE

TOGETHER = 8  # people made at once
SENDERS = 20_000  # messages counted in one call
PREVIEW = 6


@dataclass(slots=True)
class _Known:
    """What a run has looked up so far; nothing of it is needed by whoever goes on."""

    job: Task
    log: ImportLog
    people: LRUCache[str, int] = field(default_factory=lambda: LRUCache(100_000))
    conversations: LRUCache[str, Imported] = field(default_factory=lambda: LRUCache(100_000))

    @property
    def job_id(self) -> int:
        return self.job.place


class Imports:
    def __init__(
        self, stores: Stores, bus: Bus, clock: Clock, message_chars: int, sent: Callable[[], int]
    ) -> None:
        """`sent`: how many messages this node has stored for people who chat."""
        self._stores = stores
        self._bus = bus
        self._clock = clock
        self._message_chars = message_chars
        self._sent = sent

    async def steps(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """Raises JobFailed."""
        phase = job.about.get("phase", "check")
        if phase == "undo":  # Whoever took it back has died of it.
            raise JobFailed("It failed before, and what was written of it is taken back.")
        phases = {"check": self._check, "write": self._write, "open": self._open}
        for name in list(phases)[list(phases).index(phase) :]:
            # Closed here, so that nothing of it goes on while what it wrote is taken back.
            async with aclosing(phases[name](job)) as steps:
                async for said in steps:
                    yield said
        await self._stores.job_parts.remove(job.place)

    async def undo(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """What was written of it goes. People who were made stay: they may have signed in by now."""
        while left := await self._stores.imports.left(job.place, 1):
            await self._stores.imports.forget(left[0].id)
            yield {"phase": "undo"}
        await self._stores.job_parts.remove(job.place)

    async def _part(self, job_id: int, number: int) -> bytes:
        """As it was given. Raises JobFailed where it is gone."""
        data = await self._stores.job_parts.data(job_id, number)
        if not data:
            raise JobFailed(f"Part {number} is gone: it was given more than {PARTS_KEPT.days} days ago.")
        return data

    # Looking at it.

    async def _check(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """Raises JobFailed when anything is wrong, with the first errors."""
        checker, done, pace = Checker(job.at, self._message_chars), 0, Pace(self._clock, self._sent)
        errors: list[dict[str, Any]] = []
        count = 0
        for part in range(1, job.about["parts"] + 1):
            data = await self._part(job.place, part)
            async for lines, wrong in self.check(checker, data, job.place, pace):
                count += len(wrong)
                errors += [{"part": part, "line": at, "detail": problem} for at, problem in wrong]
                del errors[ERRORS:]
                done += lines
                yield {"phase": "check", "done": done, "error_count": count, "errors": errors}
        if count:
            await self._stores.job_parts.remove(job.place)
            raise JobFailed(f"{count} lines cannot be imported; nothing was.")

    async def check(
        self, checker: Checker, data: bytes, job_id: int = -1, pace: Pace | None = None
    ) -> AsyncGenerator[tuple[int, list[tuple[int, str]]], None]:
        """Some lines of a part at a time: how many, and what is wrong with which. Raises Unavailable."""
        lines, start = await asyncio.to_thread(split, data), 0
        pace = pace or Pace(self._clock, self._sent)
        while batch := await self._batch(lines, start, await pace.step()):
            named = checker.named(batch)
            ids = await self._stores.users.ids_of_subs(named) if named else {}
            checker.people.update(ids)
            taken = await self._taken(batch, job_id)
            wrong = await asyncio.to_thread(checker.check, batch, taken)
            yield len(batch), [(start + at + 1, problem) for at, problem in wrong]
            start += len(batch)

    async def _taken(self, batch: Sequence[Line | Wrong], job_id: int) -> set[str]:
        """Of the conversations that begin here, those that cannot: by their id, or because two people have one."""
        begins = {line.external_id: line for line in batch if isinstance(line, ConversationLine)}
        if not begins:
            return set()
        found = await self._stores.imports.conversations(begins)
        taken = {id for id, one in found.items() if one.job_id != job_id}
        direct = {id: line.members for id, line in begins.items() if line.members is not UNSET}
        ids = await self._stores.users.ids_of_subs({sub for subs in direct.values() for sub in subs})
        pairs = {id: _pair([ids[s] for s in subs]) for id, subs in direct.items() if ids.keys() >= set(subs)}
        had = await self._stores.imports.taken_pairs(pairs.values(), job_id) if pairs else set()
        return taken | {id for id, pair in pairs.items() if pair in had}

    # Writing it.

    async def _write(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """From the line on at which whoever wrote before stopped."""
        known, about, pace = _Known(job, ImportLog(self._stores)), job.about, Pace(self._clock, self._sent)
        done = about.get("written", 0)
        first, skip = about.get("part", 1), about.get("line", 0)
        stored: dict[str, Any] = {}
        try:
            for part in range(first, about["parts"] + 1):
                lines = await asyncio.to_thread(split, await self._part(job.place, part))
                start = skip if part == first else 0
                while batch := await self._batch(lines, start, await pace.step()):
                    for _, run in groupby(batch, type):
                        await self._write_run(known, list(run))
                    yield {"phase": "write", "done": done + len(batch), **stored}
                    start, done = start + len(batch), done + len(batch)
                    stored = {"written": done, "part": part, "line": start}
            await known.log.settle()
            yield {"phase": "write", **stored}
        finally:
            await known.log.close()

    async def _batch(self, lines: Sequence[bytes], start: int, count: int) -> list[Line | Wrong]:
        return await asyncio.to_thread(decoded, lines[start : start + count])

    async def _write_run(self, known: _Known, run: Sequence[Any]) -> None:
        writes: dict[type, Callable[[_Known, Sequence[Any]], Any]] = {
            UserLine: self._write_people,
            ConversationLine: self._write_conversations,
            MemberLine: self._write_members,
            MessageLine: self._write_messages,
            ReadLine: self._write_reads,
        }
        if type(run[0]) is not MessageLine:
            await known.log.settle()
        await writes[type(run[0])](known, run)

    async def _write_people(self, known: _Known, run: Sequence[UserLine]) -> None:
        """Those who are not there. Who is stays as they are: what the host says of them itself is newer."""
        there = await self._stores.users.ids_of_subs(line.sub for line in run)
        missing = list({line.sub: line for line in run if line.sub not in there}.values())
        for start in range(0, len(missing), TOGETHER):
            await asyncio.gather(*map(self._make, missing[start : start + TOGETHER]))

    async def _make(self, line: UserLine) -> None:
        id = await self._stores.marks.next_id("user")
        said = {name: value for name, value in line.profile.items() if value is not None}
        name, avatar = said.pop("name", None) or name_from(line.sub), said.pop("avatar", None)
        await self._stores.inboxes.ensure(id)
        user = User(id, f"host:{id}", name, avatar, line.sub)
        await self._stores.users.create(user, "", self._clock.now(), said)

    async def _people(self, known: _Known, subs: Iterable[str]) -> dict[str, int]:
        wanted = set(subs)
        if unknown := [sub for sub in wanted if sub not in known.people]:
            known.people.update(await self._stores.users.ids_of_subs(unknown))
        found = {sub: id for sub in wanted if (id := known.people.get(sub)) is not None}
        if gone := wanted - found.keys():
            raise JobFailed(f"{min(gone)[:60]!r} was deleted meanwhile.")
        return found

    async def _conversations(self, known: _Known, ids: Iterable[str]) -> dict[str, Imported]:
        wanted = set(ids)
        if unknown := [id for id in wanted if id not in known.conversations]:
            known.conversations.update(await self._stores.imports.conversations(unknown))
        found = {id: one for id in wanted if (one := known.conversations.get(id)) is not None}
        if gone := [id for id in wanted if id not in found or found[id].job_id != known.job_id]:
            raise JobFailed(f"Somebody else has made a conversation {min(gone)[:60]!r} meanwhile.")
        return found

    async def _write_conversations(self, known: _Known, run: Sequence[ConversationLine]) -> None:
        there = await self._stores.imports.conversations(line.external_id for line in run)
        direct = {line.external_id: line.members for line in run if line.members is not UNSET}
        people = await self._people(known, {sub for subs in direct.values() for sub in subs})
        pairs = {id: _pair([people[sub] for sub in subs]) for id, subs in direct.items()}
        had = await self._stores.imports.taken_pairs(pairs.values(), known.job_id) if pairs else set()
        members = []
        for line in run:
            pair, at = pairs.get(line.external_id), line.created_at or known.job.at
            if pair in had:
                raise JobFailed(
                    f"The people of {line.external_id[:60]!r} have begun a conversation meanwhile."
                )
            if line.external_id not in there:
                id = await self._stores.marks.next_id("conversation")
                if id > MAX_CONVERSATION_ID:
                    raise JobFailed("There is no room for another conversation.")
                given = Imported(id, line.external_id, known.job_id, pair, line.preset)
                await self._stores.imports.begin(given, line.name, as_stored(at))
            one = (await self._conversations(known, [line.external_id]))[line.external_id]
            for sub in direct.get(line.external_id) or ():
                members.append(ImportedMember(one.id, people[sub], "", as_stored(at)))
        if members:
            await self._stores.imports.add_members(members)

    async def _write_members(self, known: _Known, run: Sequence[MemberLine]) -> None:
        people = await self._people(known, (line.sub for line in run))
        found = await self._conversations(known, (line.conversation for line in run))
        await self._stores.imports.add_members(
            [
                ImportedMember(
                    found[line.conversation].id,
                    people[line.sub],
                    line.role,
                    as_stored(line.joined_at or known.job.at),
                )
                for line in run
            ]
        )

    async def _write_messages(self, known: _Known, run: Sequence[MessageLine]) -> None:
        people = await self._people(known, (line.sender for line in run))
        found = await self._conversations(known, (line.conversation for line in run))
        await known.log.add(
            [
                Written(
                    found[line.conversation].id,
                    people[line.sender],
                    line.client_id,
                    line.message,
                    as_stored(line.created_at),
                )
                for line in run
            ]
        )

    async def _write_reads(self, known: _Known, run: Sequence[ReadLine]) -> None:
        people = await self._people(known, (line.sub for line in run))
        found = await self._conversations(known, (line.conversation for line in run))
        wanted: dict[tuple[int, int], datetime | None] = {}
        for line in run:
            at = as_stored(line.read_at) if line.read_at is not None else None
            wanted[found[line.conversation].id, people[line.sub]] = at
        seqs = await self._seqs_at({(c, at) for (c, _), at in wanted.items() if at is not None})
        reads = {key: (seqs[key[0], at] if at is not None else 0, at) for key, at in wanted.items()}
        await self._stores.imports.set_reads(reads)

    async def _seqs_at(self, moments: Iterable[tuple[int, datetime]]) -> dict[tuple[int, datetime], int]:
        """(conversation, moment) → the last message not after it: times only rise, so halves are looked at."""
        heads = {c: await self._stores.messages.head(c) for c in {c for c, _ in moments}}
        spans = {(c, at): (0, heads[c]) for c, at in moments}
        while open := {key: span for key, span in spans.items() if span[0] < span[1]}:
            middles = {key: (low + high + 1) // 2 for key, (low, high) in open.items()}
            ids = {key: message_id(key[0], seq) for key, seq in middles.items()}
            found = await self._stores.messages.moments(set(ids.values()))
            for key, (low, high) in open.items():
                is_read = found[ids[key]] <= key[1]
                spans[key] = (middles[key], high) if is_read else (low, middles[key] - 1)
        return {key: low for key, (low, _) in spans.items()}

    # Opening it.

    async def _open(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """Conversation by conversation. From the first on there is no way back."""
        opened, pace = job.about.get("opened", 0), Pace(self._clock, self._sent)
        yield {"phase": "open", "opened": opened}
        while left := await self._stores.imports.left(job.place, 1):
            head = await self._stores.messages.head(left[0].id)
            async for _ in self._list_words(left[0].id, head, pace):
                yield {}
            async for _ in self._show(left[0], head, job, pace):
                yield {}
            opened += 1
            yield {"opened": opened}

    async def _list_words(self, c: int, head: int, pace: Pace) -> AsyncGenerator[None, None]:
        """What search looks at first. The rest of the last page it looks through."""
        start = (await self._stores.conversations.paged([c])).get(c, 0)
        while start < head // PAGE:
            end = min(start + max(1, await pace.step() // PAGE), head // PAGE)
            await self._stores.pages.fill([(c, number) for number in range(start, end)])
            await self._stores.conversations.set_paged({c: end})
            start = end
            yield

    async def _show(self, one: Imported, head: int, job: Task, pace: Pace) -> AsyncGenerator[None, None]:
        """What a fan-out of its messages would have done, and then that it is there."""
        c = one.id
        newest = message_id(c, head)
        last_at = (await self._stores.messages.moments([newest])).get(newest, job.at) if head else job.at
        members: list[tuple[int, int, datetime | None]] = []
        while more := await self._stores.imports.members(c, members[-1][0] if members else 0):
            members += more
        reads = {id: (head if seq < 0 else min(seq, head), at or last_at) for id, seq, at in members}
        own = await self._own(c, head, {id: seq for id, (seq, _) in reads.items()})
        user_ids, start = list(reads), 0
        while some := user_ids[start : start + await pace.step()]:
            given = {id: (reads[id][0], own.get(id, 0)) for id in some}
            await self._stores.imports.give_heads(c, head, given, one.pair is None)
            await self._stores.imports.mark(c, head, last_at, {id: reads[id] for id in some})
            start += len(some)
            yield
        await self._stores.imports.open(c, head, user_ids[:PREVIEW], len(user_ids))
        entry, start = Entry("joined", c, rev=1, at=self._clock.now()), 0
        while told := tuple(user_ids[start : start + await pace.step()]):
            await self._stores.inboxes.push(told, entry)
            self._bus.publish(Bell("inbox", told))
            start += len(told)
            yield
        await self._stores.imports.end(c)

    async def _own(self, c: int, head: int, reads: Mapping[int, int]) -> dict[int, int]:
        """user → how many of their own messages came after what they had read."""
        counts: dict[int, int] = {}
        for start in range(min(reads.values(), default=head), head, SENDERS):
            for sender_id, seq in await self._stores.messages.senders(c, start, min(head, start + SENDERS)):
                if seq > reads.get(sender_id, head):
                    counts[sender_id] = counts.get(sender_id, 0) + 1
        return counts


def _pair(ids: Sequence[int]) -> str:
    return f"{min(ids)}:{max(ids)}"
