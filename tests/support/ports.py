"""Ports for servers under test, apart from those the system hands to outgoing connections.

A port that `bind(0)` gave is free only until some client happens to be given it, and a server that takes ten seconds
to start, or starts again, would find it taken.
"""

from __future__ import annotations

import contextlib
import random
import socket

RANGE = range(10_240, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, all different."""
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in random.SystemRandom().sample(RANGE, len(RANGE)):
            if len(found) == count:
                break
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
    assert len(found) == count, "no free ports"
    return found
