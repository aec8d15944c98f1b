"""Long work for the application around the chat: begun, given what it needs, looked at, cancelled."""

from __future__ import annotations

from typing import Any, ClassVar

from chatserver import wire
from chatserver.errors import Invalid
from chatserver.guard.scopes import CONVERSATIONS_WRITE, EXPORT, IMPORT, JOB_SCOPES, require
from chatserver.services.jobs import PART_BYTES
from handlers.host_calls import HostHandler
from handlers.schemas import Keep, NewJob

ANY = " or ".join(JOB_SCOPES.values())


class RetentionHandler(HostHandler):
    scopes: ClassVar = {"PUT": CONVERSATIONS_WRITE}

    async def put(self) -> None:
        asked = self.json(Keep)
        if (asked.external_id is None) == (asked.conversation_id is None):
            raise Invalid.field("conversation_id", "must be given, or external_id, and not both")
        kept = await self.runtime.services.retention_rules.keep(
            asked.conversation_id, asked.external_id, asked.days, asked.hold
        )
        await self.done("retention.put", f"conversation {kept.id}")
        self.answer({"conversation_id": kept.id, "days": kept.days, "hold": kept.hold})


class JobsHandler(HostHandler):
    scopes: ClassVar = {"POST": f"{IMPORT} or {EXPORT}"}

    async def post(self) -> None:
        asked = self.json(NewJob)
        require(JOB_SCOPES[asked.kind], self.caller.scopes)
        job, created = await self.runtime.services.jobs.create(
            asked.kind, {}, asked.client_id, is_open=asked.kind == "import"
        )
        await self.done(f"job.{asked.kind}", f"job {job.id}")
        self.answer(wire.job(job), 201 if created else 200)


class JobHandler(HostHandler):
    scopes: ClassVar = {"GET": ANY, "DELETE": ANY}

    async def get(self, job_id: str) -> None:
        self.answer(wire.job(await self.runtime.services.jobs.of(int(job_id), self.caller.scopes)))

    async def delete(self, job_id: str) -> None:
        job = await self.runtime.services.jobs.cancel(int(job_id), self.caller.scopes)
        await self.done("job.cancel", f"job {job.id}")
        self.answer(wire.job(job))


class PartHandler(HostHandler):
    """Its body is lines, not one object."""

    scopes: ClassVar = {"GET": EXPORT, "PUT": IMPORT}
    _is_expected = False

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "PUT":
            self.runtime.services.jobs.expect_part()
            self._is_expected = True

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._expect_no_more()

    def on_finish(self) -> None:
        self._expect_no_more()

    def _expect_no_more(self) -> None:
        if self._is_expected:
            self._is_expected = False
            self.runtime.services.jobs.part_came()

    @property
    def body_limit(self) -> int:
        return PART_BYTES

    async def get(self, job_id: str, number: str) -> None:
        lines = await self.runtime.services.jobs.part(int(job_id), int(number))
        self.set_header("Content-Type", "application/jsonl")
        self.set_header("Cache-Control", "no-store")
        await self.finish(lines)

    async def put(self, job_id: str, number: str) -> None:
        part, created = await self.runtime.services.jobs.put_part(int(job_id), int(number), self.body())
        await self.done("job.part", f"job {job_id}")
        told: dict[str, Any] = {"part": part.number, "lines": part.lines, "sha256": part.sha256}
        self.answer(told, 201 if created else 200)


class CommitHandler(HostHandler):
    scopes: ClassVar = {"POST": IMPORT}

    async def post(self, job_id: str) -> None:
        job = await self.runtime.services.jobs.commit(int(job_id))
        await self.done("job.commit", f"job {job.id}")
        self.answer(wire.job(job), 202)
