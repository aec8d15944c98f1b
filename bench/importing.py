"""What comes in from elsewhere: messages a second of an import, alone and beside others' sends, and what those notice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial

from bench import machine, workloads
from bench.announcement import steady
from bench.host import by_host
from bench.machine import Measured, quantile, spent
from bench.people import Failures
from bench.targets import Target, ours
from tests.support.host import SECRET
from tests.support.waiting import eventually

OTHERS, WRITERS, ROOMS = 200, 100, 50
PART_LINES = 5_000
STEP_SECS = 2.0  # the others' sends go on from one look at the job to the next
DONE_WITHIN_SECS = 600.0


async def importing(messages: int, secs: float) -> Measured:
    """The same import twice, of other people and rooms: with nobody else there, then beside sends at a steady rate."""
    target = await ours(OTHERS, flags=["--host-secret", SECRET])
    failures = Failures()
    try:
        await workloads.prepare(target)
        calm = await steady(target, secs, failures)
        alone = await started(target, "alone", messages)
        with machine.window(target.processes) as window:
            began = time.perf_counter()
            await eventually(partial(is_done, target, alone), DONE_WITHIN_SECS)
            alone_secs = time.perf_counter() - began
        beside = await started(target, "beside", messages)
        took: list[float] = []
        began = time.perf_counter()
        while not await is_done(target, beside):
            took += await steady(target, STEP_SECS, failures)
        return {
            "per_sec": messages / alone_secs,
            "beside_per_sec": messages / (time.perf_counter() - began),
            "p99_ms": quantile(took, 0.99) * 1e3,
            "p99_of_calm": quantile(took, 0.99) / quantile(calm, 0.99),
            "failures": failures.count,
            **spent(window, messages),
        }
    finally:
        target.stop()


async def started(target: Target, name: str, messages: int) -> int:
    """The job, once all of it is there and it has been told to begin."""
    job = (await by_host(target, "import", "POST", "jobs/", b'{"kind": "import"}'))["id"]
    lines = list(written(name, messages))
    for number, start in enumerate(range(0, len(lines), PART_LINES), 1):
        part = b"".join(lines[start : start + PART_LINES])
        await by_host(target, "import", "PUT", f"jobs/{job}/parts/{number}/", part)
    await by_host(target, "import", "POST", f"jobs/{job}/commit/", b"{}")
    return job


async def is_done(target: Target, job: int) -> bool:
    """Raises RuntimeError when it ended otherwise."""
    told = await by_host(target, "import", "GET", f"jobs/{job}/")
    if told["state"] not in ("waiting", "running", "done"):
        raise RuntimeError(f"the import ended: {told}")
    return told["state"] == "done"


def written(name: str, messages: int) -> Iterator[bytes]:
    """People, rooms of all of them, and messages in turns, a second apart."""

    def line(type: str, **fields: object) -> bytes:
        return json.dumps({"type": type, **fields}).encode() + b"\n"

    for person in range(WRITERS):
        yield line("user", sub=f"{name}-{person}", name=f"Person {person}")
    for room in range(ROOMS):
        yield line("conversation", external_id=f"{name}-{room}", name=f"Room {room}")
        for person in range(WRITERS):
            yield line("member", conversation=f"{name}-{room}", sub=f"{name}-{person}", role="member")
    for number in range(messages):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_600_000_000 + number))
        room, sender = f"{name}-{number % ROOMS}", f"{name}-{number % WRITERS}"
        text = f"message {number} of the ones that were written where everybody was before"
        yield line(
            "message", id=f"{name}-{number}", conversation=room, sender=sender, message=text, created_at=at
        )
