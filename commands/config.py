"""What a server started this way would use, and where each value comes from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from chatserver.bus.topology import parse_urls
from chatserver.guard import exposure, sign_in_keys
from chatserver.settings import FIELDS, load, sources
from commands.flags import Shown, flagged, warn_of_secrets

HIDDEN = "[hidden]"


@click.group(help="The settings, with their sources.")
def config() -> None:
    pass


@config.command(help="Show every setting, its value and where that comes from. Passwords are hidden.")
@flagged
def show(as_json: bool, **flags: str | None) -> None:
    settings = load(flags)
    warn_of_secrets(flags)
    origin = sources(flags)
    rows = [
        {"name": name, "value": _plain(name, getattr(settings, name)), "source": origin[name]}
        for name, field in FIELDS.items()
        if not field.metadata["hidden"] or origin[name] != "default"
    ]
    Shown(as_json).table(rows, ("name", "value", "source"))


@config.command(help="Say whether a server would take these settings, naming every mistake. Starts nothing.")
@flagged
def check(as_json: bool, **flags: str | None) -> None:
    settings = load(flags)
    exposure.check(settings)
    sign_in_keys.named(settings.host_keys)
    warn_of_secrets(flags)
    if settings.amqp_url:
        parse_urls(settings.amqp_url)
    set_here = [name for name, origin in sources(flags).items() if origin != "default"]
    Shown(as_json).result({"ok": True, "set": set_here}, f"ok: {len(set_here)} set, the rest by default")


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return ",".join(value)
    if not FIELDS[name].metadata["secret"]:
        return value
    # Of a key nothing is shown, also not of one that looks like an address.
    return masked(value) if name.endswith(("_uri", "_url")) else HIDDEN if value else value


def masked(address: str) -> str:
    """Without user names, passwords and options that may be secret; hosts stay, since they are what one looks for."""
    if address and "://" not in address:
        return HIDDEN
    address = re.sub(r"://[^/@\s]{0,1024}@(?:[^/@\s,]{0,1024}@){0,64}", f"://{HIDDEN}@", address)
    return re.sub(
        r"(?i)([?&][^=&,]{0,64}(?:password|secret|token|key|properties)[^=&,]{0,64}=)[^&,\s]{1,4096}",
        rf"\1{HIDDEN}",
        address,
    )
