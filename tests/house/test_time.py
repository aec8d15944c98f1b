"""Timers and time limits come from clock.py only, so that a test can move them instead of waiting for them."""

from __future__ import annotations

import ast

import pytest

from tests.house.product import sources

CLOCK = "chatserver/clock.py"
# Path: why it may wait by itself.
OTHERS = "waits for other programs, which no clock of ours moves"
EXCEPTIONS = {
    "chatserver/processes/child.py": OTHERS,
    "chatserver/processes/notify.py": "beats for systemd, which measures with a clock of its own",
    "chatserver/processes/parent.py": "beats for the parent, which measures with a clock of its own",
    "chatserver/processes/supervisor.py": OTHERS,
    "chatserver/failpoints.py": "makes somebody wait on purpose, in a process that is broken from outside",
    "chatserver/storage/datadir.py": OTHERS,
    "chatserver/storage/embedded.py": OTHERS,
    "chatserver/bus/rabbit.py": "lets go of a connection of pika's, whose own timers no clock of ours moves",
    "chatserver/bus/broker_survey.py": "is run by the doctor, outside of any server",
}
OF_ASYNCIO = {"sleep", "timeout", "timeout_at", "wait_for"}
OF_LOOPS = {"call_later", "call_at", "add_timeout"}


def is_yield(call: ast.Call) -> bool:
    """`asyncio.sleep(0)` lets others run; it waits for nothing."""
    return ast.unparse(call) == "asyncio.sleep(0)"


def waits(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module="asyncio", names=names):
            return any(alias.name in OF_ASYNCIO | {"wait"} for alias in names)
        case ast.Call(ast.Attribute(ast.Name("asyncio"), "wait"), keywords=given):
            return any(keyword.arg == "timeout" for keyword in given)
        case ast.Call(ast.Attribute(owner, "time"), []):
            return ast.unparse(owner).endswith(("loop", "loop()"))
        case ast.Call(ast.Attribute(ast.Name("asyncio"), name)):
            return name in OF_ASYNCIO and not is_yield(node)
        case ast.Attribute(attr=name):
            return name in OF_LOOPS
        case ast.Name(id="PeriodicCallback"):
            return True
    return False


def faults(path: str, source: str) -> list[str]:
    if not path.startswith("chatserver/") or path == CLOCK or path in EXCEPTIONS:
        return []
    return [
        f"{path}:{node.lineno} waits past the clock: use sleep, later or limit of the Clock"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.expr | ast.stmt) and waits(node)
    ]


def test_nobody_in_the_product_waits_past_the_clock() -> None:
    found = [fault for path, source in sources().items() for fault in faults(path, source)]
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed() -> None:
    needless = [
        path
        for path in EXCEPTIONS
        if not any(waits(node) for node in ast.walk(ast.parse(sources().get(path, ""))))
    ]
    assert not needless


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasync def f(): await asyncio.sleep(0.1)",
        "import asyncio\nasync def f(secs): await asyncio.sleep(secs)",
        "from asyncio import sleep",
        "import asyncio\nasync def f():\n    async with asyncio.timeout(3): pass",
        "import asyncio\nasync def f(task): await asyncio.wait_for(task, 3)",
        "import asyncio\nasync def f(task): await asyncio.wait({task}, timeout=3)",
        "import asyncio\nasyncio.get_running_loop().call_later(3, print)",
        "def f(loop): loop.call_at(3, print)",
        "import asyncio\nasyncio.get_running_loop().time()",
        "def f(loop): return loop.time()",
        "from tornado.ioloop import PeriodicCallback\nPeriodicCallback(print, 3)",
    ],
)
def test_a_wait_past_the_clock_is_noticed(source: str) -> None:
    assert len(faults("chatserver/polls/hub.py", source)) == 1
    assert faults(CLOCK, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasync def f(): await asyncio.sleep(0)",
        "import asyncio\nasync def f(tasks): await asyncio.wait(tasks)",
        "async def f(clock):\n    async with clock.limit(3): await clock.sleep(1)",
        "def f(seconds):\n    with seconds.time(): pass",
    ],
)
def test_what_waits_for_no_time_passes(source: str) -> None:
    assert faults("chatserver/polls/hub.py", source) == []
