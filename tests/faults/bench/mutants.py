"""The server with one precaution taken out: if the fault tests do not notice, they prove nothing.

Or with bells that get lost, come again or overtake one another: nothing a broker could be told to do to them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.server import ROOT

PARTS = ("chatserver", "commands", "handlers", "static", "templates")

BUS = "chatserver/bus/local.py"  # through which bells from everywhere come
RINGS = "            self._handler(bell)\n"
RANDOM, LOOP = '__import__("random")', '__import__("asyncio").get_running_loop()'

# name → (file, what is there, what takes its place); what is there must be found exactly once
MUTATIONS: dict[str, list[tuple[str, str, str]]] = {
    "no journal": [
        ("chatserver/storage/driver.py", '"w": "majority"', '"w": 1'),
        ("chatserver/storage/driver.py", '"j": True', '"j": False'),
        ("chatserver/storage/driver.py", '"readConcernLevel": "majority"', '"readConcernLevel": "local"'),
        (
            "chatserver/storage/driver.py",
            '"readConcern": {"level": level}',
            '"readConcern": {"level": "local"}',
        ),
        (
            "chatserver/storage/driver.py",
            '"readConcern": {"level": "majority"}',
            '"readConcern": {"level": "local"}',
        ),
    ],
    "no range repair": [
        ("chatserver/sending/fanout.py", "        if lowest is None:\n", "        if True:\n"),
    ],
    "no check": [
        (
            "chatserver/polls/check.py",
            "            self._hub.expire()\n",
            "            self._hub.expire()\n            continue\n",
        ),
    ],
    "head kept at leaving": [
        (
            "chatserver/storage/inboxes.py",
            'f"heads.{c}",\n            f"facts.{c}",\n            f"reads.{c}",\n            f"own',
            'f"facts.{c}",\n            f"reads.{c}",\n            f"own',
        ),
    ],
    "floor ignored": [
        (
            "chatserver/services/permissions.py",
            "max(member.floor_seq, member.cleared_seq",
            "max(member.cleared_seq",
        ),
    ],
    # What rang before the wait is forgotten, as it would be for a poll that registered only then.
    "look, then register": [
        (
            "chatserver/services/events.py",
            "            left = deadline - self._clock.monotonic()\n",
            "            waiter.looked()\n            left = deadline - self._clock.monotonic()\n",
        ),
    ],
    "every bell lost": [(BUS, RINGS, "            return\n" + RINGS)],
    "every other bell lost": [
        (BUS, RINGS, f"            if {RANDOM}.random() < 0.5:\n                return\n{RINGS}")
    ],
    "bells three times": [(BUS, RINGS, RINGS * 3)],
    "bells out of order": [
        (BUS, RINGS, f"            {LOOP}.call_later({RANDOM}.uniform(0, 0.3), self._handler, bell)\n")
    ],
}


def plant(name: str, into: Path) -> Path:
    """A copy of the product with the mutation, to be started in place of the product."""
    for part in PARTS:
        shutil.copytree(ROOT / part, into / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "run.py", into / "run.py")
    for file, there, instead in MUTATIONS[name]:
        path = into / file
        text = path.read_text()
        assert text.count(there) == 1, f"{name}: {there!r} is {text.count(there)} times in {file}"
        path.write_text(text.replace(there, instead))
    return into
