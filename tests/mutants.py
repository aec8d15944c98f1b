"""Takes out one mechanism at a time and demands that the promise resting on it is seen to break.

A test that cannot fail proves nothing. Each mutant is a copy of the checkout with one piece of text replaced; the
named tests must pass as they are and fail on the copy. Run by `make mutants`; results stand in docs/reliability.md.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DELIVERY = "tests/system/delivery/"
MEMBERSHIPS = "tests/unit/test_memberships.py"


@dataclass(frozen=True)
class Mutant:
    promise: str
    mechanism: str
    file: str
    old: str
    new: str
    tests: str  # for pytest -k
    where: str = DELIVERY


MUTANTS = [
    Mutant(
        "1. A send answered 201 reaches every session of every member",
        "the fan-out",
        "chatserver/storage/inboxes.py",
        '{"$set": {f"heads.{c}": last}, "$push": {"ring": push}}',
        '{"$set": {f"heads.{c}": last}}',
        "answered_201_is_stored_and_reaches and alone",
    ),
    Mutant(
        "2. One order without gaps",
        "compare-and-append on the next seq",
        "chatserver/sending/writer.py",
        "enumerate(sends[:room], head + 1)",
        "enumerate(sends[:room], head + 2)",
        "one_order_without_gaps and alone",
    ),
    Mutant(
        "2. One order without gaps",
        "what is claimed of an inbox is for direct conversations alone",
        "chatserver/polls/hub.py",
        " if advance.is_direct else ()",
        "",
        "who_is_held_is_given",
        "tests/unit/test_group_flushes.py",
    ),
    Mutant(
        "3. The same send repeated is stored once",
        "the unique index over sender and client_id",
        "chatserver/storage/indexes.py",
        'create_index([("sender_id", 1), ("client_id", 1)], unique=True)',
        'create_index([("sender_id", 1), ("client_id", 1)])',
        "repeated_is_stored_once and alone",
    ),
    Mutant(
        "4. Without a cursor, an answer that was not fully written is given again",
        "asking the socket whether the answer was written",
        "handlers/hot/polls.py",
        "await answer.delivered(took)",
        "await answer.delivered(True)",
        "answer_cut_in_the_middle and alone",
    ),
    Mutant(
        "4. With a cursor, an answer that never arrived is given again",
        "reading from the client's own place",
        "chatserver/services/entries.py",
        "if place.version == tail.version:",
        "if place.version <= tail.version - 1 or place.version == tail.version:",
        "never_arrived_is_given_again and alone",
    ),
    Mutant(
        "5. A poll always ends at its hold time",
        "the deadline of the hold",
        "chatserver/services/events.py",
        "deadline = self._clock.monotonic() + hold",
        "deadline = self._clock.monotonic() + hold * 100",
        "idle_poll_ends_empty and alone",
    ),
    Mutant(
        "5. Of two polls of one client the newest wins",
        "ending the older waiter",
        "chatserver/polls/hub.py",
        "older.end(Ended.SUPERSEDED)",
        "older.looked()",
        "newest_poll_of_a_client_wins and alone",
    ),
    Mutant(
        "6. MongoDB away is an honest 503 within 3 s",
        "the deadline of database calls",
        "chatserver/storage/driver.py",
        '"timeoutMS": int(timeout_secs * 1000)',
        '"timeoutMS": int(timeout_secs * 1000000)',
        "frozen_database and alone",
    ),
    Mutant(
        "6. RabbitMQ away is later, never lost",
        "the check every 0.3 s",
        "chatserver/polls/check.py",
        "await self.check(self._turn())",
        "self._turn()",
        "without_the_broker and processes",
    ),
    Mutant(
        "7. Typing is never stuck",
        "its expiry where it is shown",
        "chatserver/services/typing.py",
        "self._clock.later(self._typing_secs,",
        "self._clock.later(self._typing_secs * 100,",
        "ends_by_itself_after_six_seconds and alone",
    ),
    Mutant(
        "Changed messages: nothing taken back is told again",
        "asking that a body in memory is as new as the inbox says",
        "chatserver/services/bodies.py",
        "and body.message.rev >= revs.get(id, 0)}",
        "and body.message.rev >= 0}",
        "words_taken_back and alone",
    ),
    Mutant(
        "Changed messages: told also when the server died before it told anybody",
        "the mark that the sweeper finds",
        "chatserver/storage/messages.py",
        'moment: at, "pending": True}',
        "moment: at}",
        "whose_server_died and alone",
    ),
    Mutant(
        "8. Who joins gets nothing below their floor",
        "taking the head away at leaving",
        "chatserver/storage/inboxes.py",
        'f"heads.{c}",\n            f"facts.{c}",\n            f"reads.{c}",\n            f"own',
        'f"facts.{c}",\n            f"reads.{c}",\n            f"own',
        "who_joins_while_others_send and alone and polls",
    ),
    Mutant(
        "8. Who joins is shown nothing below their floor",
        "the floor of a member",
        "chatserver/services/permissions.py",
        "max(member.floor_seq, member.cleared_seq",
        "max(member.cleared_seq",
        "who_joins_while_others_send and alone and polls",
    ),
    Mutant(
        "8. Membership is never half done",
        "settling what whoever died left half done",
        "chatserver/services/memberships.py",
        "for conversation_id, user_id in unfinished:",
        "for conversation_id, user_id in ():",
        "stops_after_any_step_is_finished and removed",
        MEMBERSHIPS,
    ),
    Mutant(
        "8. What somebody may do is decided by one function",
        "comparing the ranks of two people",
        "chatserver/services/permissions.py",
        "rank(conversation, target) < mine and stays_below",
        "stays_below",
        "equals_do_not_act",
        "tests/unit/test_permissions.py",
    ),
    Mutant(
        "10. Shutdown answers every held poll",
        "ending the waiters before the connections",
        "chatserver/runtime.py",
        "self.hub.close()",
        "self.hub.expire()",
        "shutdown_answers_every_held_poll and alone",
    ),
]


def run(checkout: Path, where: str, tests: str) -> bool:
    """Whether the tests pass there. Exit code 5 (none selected) is a mistake in the list above."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", where, "-k", tests]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=300)
    if done.returncode not in (0, 1):
        raise SystemExit(f"pytest could not run ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def survives(mutant: Mutant) -> bool:
    with tempfile.TemporaryDirectory(prefix="mutant") as place:
        copy = Path(place) / "checkout"
        left_out = shutil.ignore_patterns(".git", ".venv", "data", "build", "node_modules", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=left_out)
        source = copy / mutant.file
        text = source.read_text("utf-8")
        if text.count(mutant.old) != 1:
            raise SystemExit(
                f"{mutant.file}: {mutant.old!r} stands there {text.count(mutant.old)} times, not once"
            )
        source.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        return run(copy, mutant.where, mutant.tests)


def main() -> None:
    survivors = 0
    for number, mutant in enumerate(MUTANTS, 1):
        print(
            f"[{number}/{len(MUTANTS)}] {mutant.promise}\n        without {mutant.mechanism}: ",
            end="",
            flush=True,
        )
        if survives(mutant):
            survivors += 1
            print("NOT NOTICED")
        else:
            print("noticed")
    print(f"{len(MUTANTS) - survivors} mechanisms taken out and noticed, {survivors} not")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
