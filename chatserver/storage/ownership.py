"""Whose files are these? What another user owns is neither trusted nor changed, and is told with its owner.

Root could do it all the same, and would leave behind files that the server's own user may not open.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from chatserver.errors import EX_NOPERM, StartupError

OTHERS = stat.S_IRWXG | stat.S_IRWXO
FOUND_ANYWHERE = {"lost+found"}  # what a new disk has in its first directory


def check(path: Path) -> None:
    """Raises StartupError unless `path`, or what a link there stands for, is this user's; OSError when it is gone."""
    if sys.platform == "win32":
        return
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise StartupError(
            f"{path} belongs to {name_of(owner)}, and this is {name_of(os.geteuid())}; run it as its owner:"
            f" sudo -u {for_sudo(owner)} …",
            EX_NOPERM,
        )


def check_usable(path: Path, home: Path) -> None:
    """Raises StartupError for a file or directory in `home` that its owner, this user, could not use."""
    if sys.platform == "win32":
        return
    with suppress(FileNotFoundError):  # mongod's own, which come and go
        found = path.stat()
        ours = found.st_uid == os.geteuid()
        wanted = os.R_OK | os.W_OK | (os.X_OK if stat.S_ISDIR(found.st_mode) else 0)
        if not ours or not os.access(path, wanted):
            user = os.geteuid()
            cure = f"chmod -R u+rwX {home}" if ours else f"chown -R {_login(user) or user} {home}"
            raise StartupError(
                f"{path} belongs to {name_of(found.st_uid)} and cannot be opened by {name_of(os.geteuid())};"
                f" a command run as another user may have left it there: sudo {cure}",
                EX_NOPERM,
            )


def inside(home: Path, prefix: str) -> Iterator[Path]:
    """Everything in `home` whose name begins so, and whatever lies below it."""
    for path in home.glob(f"{prefix}*"):
        yield path
        yield from path.rglob("*")


def make_private(home: Path, ours: str) -> None:
    """Nobody else gets into the directory. Raises StartupError where others may be meant to: there it is not ours alone.

    `ours`: how the names of our own files begin, which show that it has been in use by this program.
    """
    mode = home.stat().st_mode
    if not mode & OTHERS:
        return
    names = {path.name for path in home.iterdir()} - FOUND_ANYWHERE
    strange = {name for name in names if not name.startswith(ours)}
    if mode & stat.S_ISVTX or (names and strange == names):
        held = f" and holds other things ({', '.join(sorted(strange)[:3])})" if strange else ""
        raise StartupError(
            f"{home} is open to other users{held}; name a directory for the database alone, or take the others' rights"
            f" away: chmod 700 {home}",
            EX_NOPERM,
        )
    with suppress(PermissionError):  # a disk that keeps no modes
        home.chmod(0o700)


def open_private(path: Path, mode: str) -> IO[Any]:
    """As `open`, but what it makes is for this user alone, what was there becomes so, and no link is followed."""

    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
        if sys.platform != "win32" and os.fstat(descriptor).st_mode & OTHERS:
            with suppress(PermissionError):
                os.fchmod(descriptor, 0o600)
        return descriptor

    if "b" in mode:
        return open(path, mode, opener=opener)
    # Paths are written into such files, and a path may be any bytes.
    return open(path, mode, encoding="utf-8", errors="surrogateescape", opener=opener)


def name_of(user: int) -> str:
    """As people know it, or its number where nobody of that name is left."""
    return _login(user) or f"user {user}"


def owner_of(path: Path) -> str:
    """Of the file, or of the nearest directory that is there; "" where not even that can be seen."""
    for place in (path, *path.parents):
        with suppress(OSError):
            return name_of(place.stat().st_uid)
    return ""


def for_sudo(user: int) -> str:
    return _login(user) or f"'#{user}'"


def _login(user: int) -> str:
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return ""
