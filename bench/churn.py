"""Ten thousand people arrive within a minute and leave again: what their bindings cost server and broker."""

from __future__ import annotations

import asyncio
import contextlib
import time

from bench import machine
from bench.machine import Measured
from bench.nodes import Broker, figure, start
from bench.people import Failures
from bench.polls import hold
from bench.targets import Target
from tests.support.waiting import eventually

HOLD_SECS = 300  # so long that nobody polls a second time
LINGER_SECS = 5
BOUND_WITHIN_SECS = 30.0


async def churn(people: int, ramp_secs: float) -> Measured:
    broker, target = Broker(), None
    flags = ["--linger-secs", str(LINGER_SECS), "--max-hold-secs", str(HOLD_SECS)]
    try:
        target = await start(people, broker, 1, *flags)
        failures, lags = Failures(), [0.0]
        declared = figure(target, "chat_bus_declares_total")

        async def watch() -> None:
            while True:
                lags.append(await asyncio.to_thread(figure, target, "chat_loop_lag_seconds"))
                await asyncio.sleep(1.0)

        watching = asyncio.create_task(watch())
        with machine.window(target.processes) as joining:
            pollers = await hold(target, people, failures, ramp_secs, wait=HOLD_SECS)
            arrived = time.perf_counter()
            with contextlib.suppress(AssertionError):
                await eventually(lambda: _all_there(target, declared, people), BOUND_WITHIN_SECS)
            behind = time.perf_counter() - arrived
        held, bound = figure(target, "chat_held_polls"), figure(target, "chat_bus_declares_total") - declared
        with machine.window(target.processes) as leaving:
            for poller in pollers:
                poller.connection.close()
            await eventually(lambda: not figure(target, "chat_present_users"), within=120)
            await asyncio.sleep(5.0)  # for the last unbindings
        watching.cancel()
    finally:
        if target is not None:
            target.stop()
        broker.stop()
    return {
        "people": people,
        "ramp_secs": ramp_secs,
        "held": held,
        "bound": bound,
        "bound_behind_secs": behind,
        "join_cpu_us": joining.cpu["server"] / people * 1e6,
        "join_broker_cpu_us": joining.cpu["broker"] / people * 1e6,
        "leave_cpu_us": leaving.cpu["server"] / people * 1e6,
        "leave_broker_cpu_us": leaving.cpu["broker"] / people * 1e6,
        "worst_lag_ms": max(lags) * 1e3,
        "failures": failures.count,
        "load_busy": joining.cpu["load"] / joining.secs,
        "foreign": joining.foreign,
    }


def _all_there(target: Target, declared: float, people: int) -> bool:
    """Held and bound."""
    bound = figure(target, "chat_bus_declares_total") - declared
    return bound >= people and figure(target, "chat_held_polls") >= people
