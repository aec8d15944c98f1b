"""What the parent does with processes that misbehave, shown with small ones that do so on demand."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from chatserver.errors import StartupError
from chatserver.processes import supervisor as supervising
from chatserver.processes.supervisor import Supervisor
from tests.support.server import ROOT
from tests.support.waiting import eventually

# Each does what the file `mood` says at the moment of its start, and leaves its pid.
CHILD = """
import asyncio, os, pathlib, sys
from chatserver.processes import parent as parents
parents.BEAT_SECS = 0.05
place = pathlib.Path(sys.argv[1])

async def main():
    parent = await parents.Parent.attach(int(sys.argv[-1]))
    mood = (place / "mood").read_text()
    with (place / "starts").open("a") as starts:
        print(mood, file=starts)
    if mood == "broken" or mood == "only the first" and parent.number > 1:
        sys.exit(78)
    ended = asyncio.Event()
    if mood != "deaf":
        parent.follow(ended.set, lambda: "a_total 1.0\\n")
    (place / f"{parent.number}.pid").write_text(str(os.getpid()))
    parent.ready()
    await ended.wait()
    await parent.close()

asyncio.run(main())
"""


class Place:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.mood("good")
        (path / "child.py").write_text(textwrap.dedent(CHILD))

    def mood(self, mood: str) -> None:
        (self.path / "mood").write_text(mood)

    def pid(self, number: int) -> int:
        return int((self.path / f"{number}.pid").read_text() or 0)

    def starts(self, mood: str) -> int:
        """How many processes have started in this mood; some live too briefly to be seen."""
        return (self.path / "starts").read_text().splitlines().count(mood)

    def living(self) -> int:
        """How many processes of this place there are; others' brokers are nobody's business here."""
        count = 0
        for process in psutil.Process().children():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                count += str(self.path) in process.cmdline()
        return count

    @asynccontextmanager
    async def supervisor(self, count: int = 2) -> AsyncIterator[Supervisor]:
        command = [sys.executable, str(self.path / "child.py"), str(self.path)]
        async with Supervisor(command, [], "mongodb://unused", count, drain_secs=0) as made:
            yield made


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(supervising, "CLOSE_SECS", 3.0)
    monkeypatch.setattr(supervising, "SILENT_SECS", 5.0)
    with tempfile.TemporaryDirectory(prefix="supervisor-") as path:
        yield Place(Path(path))


@pytest.mark.gen_test
async def test_a_process_that_cannot_start_ends_the_start_with_its_own_exit_code(place: Place) -> None:
    place.mood("broken")

    with pytest.raises(StartupError) as error:
        async with place.supervisor():
            pass

    assert error.value.exit_code == 78
    assert not place.living()


@pytest.mark.gen_test
async def test_a_further_process_that_cannot_start_is_tried_again_while_the_first_serves(
    place: Place,
) -> None:
    place.mood("only the first")
    async with place.supervisor() as supervisor:
        assert supervisor.ready == 1
        place.mood("good")

        await eventually(lambda: supervisor.ready == place.living() == 2)


@pytest.mark.gen_test
async def test_a_process_that_is_stuck_is_killed_and_replaced(place: Place) -> None:
    async with place.supervisor() as supervisor:
        stuck = place.pid(1)
        os.kill(stuck, signal.SIGSTOP)

        await eventually(lambda: place.pid(1) != stuck and supervisor.ready == 2)

        assert set(await supervisor.scrape()) == {"1", "2"}


@pytest.mark.gen_test
async def test_a_renewal_that_fails_leaves_the_old_processes_serving(place: Place) -> None:
    async with place.supervisor() as supervisor:
        before = [place.pid(1), place.pid(2)]
        place.mood("broken")
        supervisor.renew()
        await eventually(lambda: place.starts("broken") == 1, why="a successor starts")
        await eventually(lambda: place.living() == 2, why="it fails")

        assert supervisor.ready == 2
        place.mood("good")
        supervisor.renew()
        await eventually(lambda: not {place.pid(1), place.pid(2)} & set(before))
        await eventually(lambda: place.living() == supervisor.ready == 2)


@pytest.mark.gen_test
async def test_a_process_that_crashes_while_it_is_renewed_ends_up_there_once(place: Place) -> None:
    async with place.supervisor() as supervisor:
        old = place.pid(1)
        supervisor.renew()
        os.kill(old, signal.SIGKILL)

        await eventually(lambda: place.pid(1) != old and supervisor.ready == 2)
        await eventually(lambda: place.living() == 2)


@pytest.mark.gen_test
async def test_a_process_that_does_not_end_when_told_is_killed(place: Place) -> None:
    place.mood("deaf")
    async with place.supervisor():
        assert place.living() == 2

    assert not place.living()


@pytest.mark.gen_test
async def test_an_error_of_the_parent_ends_the_processes_at_once(place: Place) -> None:
    with pytest.raises(asyncio.CancelledError):
        async with place.supervisor():
            raise asyncio.CancelledError

    assert not place.living()
