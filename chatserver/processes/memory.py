"""Python's collector of cycles, at moments of our choice.

Left alone it runs when so many objects have come, and that is when a crowd has polled again: the next message to all of
them then waits for it (5 ms of 50 for a thousand polls). So it is called early, soon after they came.
"""

from __future__ import annotations

import gc

from chatserver.clock import Clock

# Objects before the youngest are looked through, and how many such looks before older and oldest ones (Python's own:
# 700, 10, 10). All of them, a tenth of a second with 10,000 polls, is then every twenty minutes at most.
AFTER = (50_000, 20, 200)
EARLY = 10_000
LOOK_SECS = 0.3


def relieve() -> None:
    """Look less often, and never at the objects that are here at the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*AFTER)


async def run(clock: Clock) -> None:
    """Until cancelled."""
    while True:
        await clock.sleep(LOOK_SECS)
        young, older, oldest = gc.get_count()
        if young > EARLY:
            gc.collect(2 if oldest > AFTER[2] else 1 if older > AFTER[1] else 0)
