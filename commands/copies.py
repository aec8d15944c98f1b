"""A copy of everything in one file, taken while the server runs, and the way back."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from chatserver.clock import Clock
from chatserver.errors import EX_CANTCREAT, EX_IOERR, EX_UNAVAILABLE, StartupError
from chatserver.settings import Settings
from chatserver.storage.archive import Manifest, Reading
from chatserver.storage.backup import Copies, open_copies
from commands.flags import Shown, operation
from commands.reach import reached
from commands.users import confirm

QUIET_SWEEPS = 2.0  # a server that runs takes a turn within this many intervals
LOOK_SECS = 0.5
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@click.command(
    help="Write everything into FILE, as it is at one moment, while the server runs or not: accounts, conversations, "
    "messages, attachments, sessions. It holds password hashes: keep it where nobody else reads it."
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@operation
def backup(settings: Settings, shown: Shown, file: Path, force: bool) -> None:
    if file.exists() and not (force and file.is_file()):
        cure = "choose another name" + (" or say --force" if file.is_file() else "")
        raise StartupError(f"{file} is there already; {cure}", EX_CANTCREAT)
    manifest = asyncio.run(_backup(settings, shown, file))
    told = {
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": _digest(file),
        **_summary(manifest),
    }
    shown.result(told, f"{file}: {told['bytes']:,} bytes, {_words(manifest)}, sha256 {told['sha256']}")


async def _backup(settings: Settings, shown: Shown, file: Path) -> Manifest:
    # In a directory that others write to as well, nobody knows this name in time to put a link in its place.
    part = file.with_name(f"{file.name}.{secrets.token_hex(8)}.part")
    try:
        async with reached(settings) as there, open_copies(there) as copies:
            # Password hashes are in it: for this user alone, from its first byte on.
            descriptor = os.open(part, NEW_FILE, 0o600)
            with os.fdopen(descriptor, "wb") as output, shown.progress("backup", await copies.count()) as bar:
                manifest = await copies.write(output, Clock().now(), bar.update)
                output.flush()
                os.fsync(output.fileno())
        part.replace(file)
    except OSError as error:
        code = EX_IOERR if error.errno in (errno.ENOSPC, errno.EIO, errno.EDQUOT) else EX_CANTCREAT
        raise StartupError(f"{file} cannot be written: {error.strerror}", code) from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


@click.command(
    help="Bring back what is in FILE. No server may run. Every client then loads its lists anew; what was sent after "
    "the backup is gone."
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Even if there are accounts: they and all they wrote are lost.")
@click.option("--yes", is_flag=True, help="Do not ask before replacing.")
@click.option("--check", is_flag=True, help="Only see whether FILE is whole.")
@operation
def restore(settings: Settings, shown: Shown, file: Path, replace: bool, yes: bool, check: bool) -> None:
    archive = Reading(file)
    try:
        with shown.progress("check", archive.manifest.documents) as bar:
            archive.check(bar.update)
        if not check:
            if replace:
                confirm(f"Replace everything by what was there at {archive.manifest.created_at}?", yes)
            asyncio.run(_restore(settings, shown, archive, replace))
    finally:
        archive.close()
    done = "whole" if check else "restored"
    shown.result(
        {"file": str(file), "restored": not check, **_summary(archive.manifest)},
        f"{file} of {archive.manifest.created_at} is {done}: {_words(archive.manifest)}",
    )


async def _restore(settings: Settings, shown: Shown, archive: Reading, replace: bool) -> None:
    async with reached(settings, fresh=True, alone=True) as there, open_copies(there) as copies:
        if await copies.is_used() and not replace:
            raise StartupError(
                "there are accounts in this database already; say --replace to lose them and all they wrote",
                EX_CANTCREAT,
            )
        if settings.mongodb_uri:
            await _no_server(copies, shown, settings.sweep_secs * QUIET_SWEEPS)
        with shown.progress("restore", archive.manifest.documents) as bar:
            await copies.restore(archive, bar.update)


async def _no_server(copies: Copies, shown: Shown, secs: float) -> None:
    """A server would go on from numbers it remembers, and tear holes into the logs. Raises StartupError."""
    seen: datetime | None = await copies.last_sweep()
    if seen is None:
        return
    with shown.progress("see that no server runs", int(secs / LOOK_SECS)) as bar:
        for _ in range(int(secs / LOOK_SECS)):
            await asyncio.sleep(LOOK_SECS)
            bar.update(1)
            if await copies.last_sweep() != seen:
                raise StartupError("a server works on this database; stop them all first", EX_UNAVAILABLE)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _summary(manifest: Manifest) -> dict[str, Any]:
    counts = {name: part["documents"] for name, part in asdict(manifest)["collections"].items()}
    return {"version": manifest.version, "created_at": manifest.created_at, "documents": counts}


def _words(manifest: Manifest) -> str:
    shown = (
        ("users", "people"),
        ("conversations", "conversations"),
        ("messages", "messages"),
        ("fs.files", "files"),
    )
    parts = manifest.collections
    return ", ".join(f"{parts[name].documents:,} {word}" for name, word in shown if name in parts)
