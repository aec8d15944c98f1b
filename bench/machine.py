"""Processes on their cores, what they cost, and how noisy the machine was meanwhile."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import resource
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
OPEN_FILES = 12_000

Measured = dict[str, float]


def cores() -> tuple[int | None, int | None]:
    """The server's core, and the one of everything else. None where processes cannot be pinned."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[min(1, len(usable) - 1)]


SERVER_CORE, LOAD_CORE = cores()


def pin(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


def move(process: psutil.Process, core: int | None) -> None:
    """All threads that it has; those to come go where the one that starts them is."""
    if core is not None:
        for thread in process.threads():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(thread.id, {core})


@contextlib.contextmanager
def together(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """These processes on the load's own core, and back: what was on the server's goes there again."""
    before = [(process, process.cpu_affinity()) for process in processes]
    for process, _ in before:
        move(process, LOAD_CORE)
    try:
        yield
    finally:
        for process, cores in before:
            move(process, cores[0])


def favour(pid: int, nice: int) -> None:
    """Give a process another priority, and on Linux its session too, which is what counts there by default."""
    if nice:
        psutil.Process(pid).nice(nice)
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text(str(nice))


def raise_open_files() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: Sequence[str], core: int | None, log: str) -> psutil.Popen:
    """A child pinned before its first instruction, its output in a log file."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / f"{log}.log").open("wb") as output:
        process = psutil.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: pin(core),
        )
    favour(process.pid, psutil.Process().nice())
    return process


def stop(process: psutil.Popen, secs: float = 15) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(secs)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)


def wait_for_port(port: int, process: psutil.Popen, secs: float = 90) -> None:
    end = time.monotonic() + secs
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(process.args)} ended with {process.returncode}: see {BUILD}/*.log")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {secs} s: see {BUILD}/*.log")


def rss_bytes(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


def cpu_secs(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def busy_secs(core: int | None) -> float:
    if core is None:
        return 0.0
    times = psutil.cpu_times(percpu=True)[core]
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


@dataclass
class Window:
    """What one measured stretch took: wall time, CPU per process, the share of the server's core others had."""

    secs: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    foreign: float = 0.0


@contextlib.contextmanager
def window(processes: dict[str, psutil.Process]) -> Iterator[Window]:
    """Measure `processes` and the load generator itself ("load") from here to the end of the block."""
    watched = {**processes, "load": psutil.Process()}
    result = Window()
    gc.collect()
    gc.disable()  # a collection over thousands of connections would be seen as latency of the server
    busy = busy_secs(SERVER_CORE)
    before = {name: cpu_secs(process) for name, process in watched.items()}
    started = time.perf_counter()
    try:
        yield result
    finally:
        result.secs = time.perf_counter() - started
        result.cpu = {name: cpu_secs(process) - before[name] for name, process in watched.items()}
        ours = sum(secs for name, secs in result.cpu.items() if name.startswith(("server", "process")))
        others = busy_secs(SERVER_CORE) - busy - ours
        result.foreign = max(0.0, others / result.secs)
        gc.enable()


def describe() -> str:
    """The class of machine, nothing that tells which one."""
    memory = psutil.virtual_memory().total / 2**30
    pinned = "server on one, everything else on another" if SERVER_CORE != LOAD_CORE else "not pinned apart"
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{psutil.cpu_count()} shared cores ({pinned}), {memory:.0f} GiB, {system}"


def quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def spent(window: Window, per: float) -> Measured:
    """CPU of every process in µs per unit of work, the generator's own load, and what others took."""
    each = {f"{name}_cpu_us": secs / max(per, 1) * 1e6 for name, secs in window.cpu.items()}
    return {**each, "load_busy": window.cpu["load"] / window.secs, "foreign": window.foreign}
