"""Places where a test can make the server die, dawdle or fail; without the setting `failpoints`, one look at `armed`.

Written `point=action`, comma-separated; an action is kill, raise or sleep:SECS, and `/N` keeps it for every Nth time:
`after_append=kill/20,before_ack=sleep:0.5`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass

import structlog

from chatserver.errors import EX_CONFIG, StartupError, Unavailable

log = structlog.get_logger(__name__)

POINTS = (
    "after_claim",
    "after_join",
    "after_members",
    "after_finish",
    "after_append",
    "before_fanout",
    "after_fanout",
    "before_ack",
    "after_change",
    "after_group_step",
    "after_floor",
    "after_check_before_wait",
    "before_given",
)
ACTIONS = ("kill", "raise", "sleep")

armed = False
_actions: dict[str, Action] = {}


@dataclass(slots=True)
class Action:
    kind: str
    secs: float
    every: int
    reached: int = 0


def arm(written: str) -> None:
    """Raises StartupError when it cannot be understood. Nothing written disarms."""
    global armed
    _actions.clear()
    for part in filter(None, written.split(",")):
        point, _, action = part.partition("=")
        action, _, every = action.partition("/")
        kind, _, secs = action.partition(":")
        try:
            parsed = Action(kind, float(secs or 0), int(every or 1))
        except ValueError:
            parsed = Action("", 0, 0)
        if point not in POINTS or kind not in ACTIONS or parsed.every < 1 or bool(secs) != (kind == "sleep"):
            raise StartupError(f"failpoints: {part!r} is not POINT=ACTION[:SECS][/EVERY]", EX_CONFIG)
        _actions[point] = parsed
    armed = bool(_actions)
    if armed:
        log.warning("failpoints are armed: this server breaks on purpose", failpoints=written)


async def reach(point: str) -> None:
    """Call it only while `armed`. Raises Unavailable where the action is to raise."""
    action = _actions.get(point)
    if action is None:
        return
    action.reached += 1
    if action.reached % action.every:
        return
    if action.kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action.kind == "raise":
        raise Unavailable(f"Made to fail at {point}.")
    else:
        await asyncio.sleep(action.secs)
