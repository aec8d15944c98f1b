"""Bringing in what was written elsewhere, from a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from chatserver import wire
from chatserver.errors import EX_DATAERR, StartupError
from chatserver.model import Task
from chatserver.runtime import Runtime
from chatserver.services.import_lines import Checker
from chatserver.services.jobs import ERRORS, PART_BYTES, PART_LINES, PARTS
from commands.flags import Shown, operation
from commands.reach import on_services

LOOK_SECS = 0.5
COLUMNS = ("line", "detail")


@click.command(
    "import",
    help="Bring in the people, conversations and messages that FILE holds, one JSON object a line (docs/host.md). "
    "Nothing is written when any line is wrong. If interrupted, repeat it: it goes on where it stopped, and stores "
    "nothing twice.",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--check", is_flag=True, help="Only look at every line.")
@operation
@on_services(fresh=True)
async def import_(runtime: Runtime, shown: Shown, file: Path, check: bool) -> None:
    if check:
        lines, errors = await _checked(runtime, shown, file)
    else:
        job = wire.job(await _run(runtime, shown, file))
        if job["state"] != "done" and not job["errors"]:
            raise StartupError(f"{file} was not imported: {job['detail'] or job['state']}", EX_DATAERR)
        firsts = {number: first for number, (first, _) in enumerate(_parts(file), 1)}
        errors = [
            {"line": firsts[error["part"]] + error["line"], "detail": error["detail"]}
            for error in job["errors"]
        ]
        lines = job["total"]
    if errors:
        shown.table(errors, COLUMNS)
        raise StartupError(f"{file} cannot be imported: see the lines above; nothing was written", EX_DATAERR)
    done = "can be imported" if check else "is imported"
    shown.result(
        {"file": str(file), "lines": lines, "imported": not check}, f"{file}: {lines:,} lines; it {done}"
    )


def _parts(file: Path) -> Iterator[tuple[int, bytes]]:
    """Each with the number of lines before it. Raises StartupError."""
    first, count, size = 0, 0, 0
    lines: list[bytes] = []
    with file.open("rb") as opened:
        for number, line in enumerate(opened):
            if len(line) > PART_BYTES:
                raise StartupError(f"{file}, line {number + 1}: is too long", EX_DATAERR)
            if len(lines) == PART_LINES or size + len(line) > PART_BYTES:
                yield first, b"".join(lines)
                first, lines, size, count = number, [], 0, count + 1
            if count >= PARTS:
                raise StartupError(
                    f"{file} has more than fits into one import; cut it into several", EX_DATAERR
                )
            lines.append(line)
            size += len(line)
    if not lines:
        raise StartupError(f"{file} holds nothing", EX_DATAERR)
    yield first, b"".join(lines)


async def _checked(runtime: Runtime, shown: Shown, file: Path) -> tuple[int, list[dict[str, Any]]]:
    checker = Checker(runtime.clock.now(), runtime.settings.message_chars)
    errors: list[dict[str, Any]] = []
    done = 0
    with shown.progress("check", sum(len(data) for _, data in _parts(file))) as bar:
        for first, data in _parts(file):
            async for lines, wrong in runtime.services.imports.check(checker, data):
                errors += [{"line": first + at, "detail": problem} for at, problem in wrong]
                done += lines
            bar.update(len(data))
    return done, errors[:ERRORS]


async def _run(runtime: Runtime, shown: Shown, file: Path) -> Task:
    """The job of this very file, begun or gone on with, at its end. A server that runs may do it as well."""
    jobs = runtime.services.jobs
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    job, _ = await jobs.create("import", {}, f"file:{digest[:56]}", is_open=True)
    scopes = {"import"}
    if job.about.get("open"):
        for number, (_, data) in enumerate(_parts(file), 1):
            await jobs.put_part(job.place, number, data)
        job = await jobs.commit(job.place)
    phase, done = "", 0
    bar = shown.progress("import", int(job.about["total"]))
    with bar:
        while job.state == "waiting":
            await runtime.clock.sleep(LOOK_SECS)
            job = await jobs.of(job.place, scopes)
            if job.about.get("phase") != phase:
                phase, done = str(job.about.get("phase")), 0
                bar.label = phase
                bar.update(-bar.pos)
            bar.update(int(job.about["done"]) - done)
            done = int(job.about["done"])
    return job
