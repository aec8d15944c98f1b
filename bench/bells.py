"""`python -m bench.bells`: what a bell costs a process in Python, and what of that is its seal. No broker is asked."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench.people import FILLER
from chatserver.bus import bell_bytes
from chatserver.bus.seal import KEY_BYTES, Seal
from chatserver.model import Bell, Message, message_id

ROUNDS = 200
CALLS = 500


def micros(call: Callable[[], object]) -> float:
    """The fastest of the rounds, a call: whatever else ran only ever adds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(CALLS):
            call()
        taken.append(time.process_time() - begun)
    return min(taken) / CALLS * 1e6


def main() -> None:
    key = secrets.token_bytes(KEY_BYTES)
    ours, theirs = Seal(key), Seal(key)
    now = datetime.now(UTC)
    message = Message(message_id(300, 7), 300, 7, 1, 2, secrets.token_hex(16), FILLER, None, now)
    bell = Bell("message", (1, 2), message=message)
    plain = bell_bytes.encode(bell, "host-1234-abcdef.01234567")
    sealed = iter([ours.seal(plain) for _ in range(ROUNDS * CALLS)])
    figures = {
        "encode": micros(lambda: bell_bytes.encode(bell, "host-1234-abcdef.01234567")),
        "seal": micros(lambda: ours.seal(plain)),
        "open": micros(lambda: theirs.open(next(sealed))),
        "decode": micros(lambda: bell_bytes.decode(plain)),
    }
    more = len(ours.seal(plain)) - len(plain)
    print(
        f"a bell of {len(plain)} bytes, {more} more when sealed; µs of processor a call, the fastest of {ROUNDS} rounds:"
    )
    print(", ".join(f"{name} {took:.1f}" for name, took in figures.items()))


if __name__ == "__main__":
    main()
