"""Keys by which the servers of the application around the chat are known."""

from __future__ import annotations

from datetime import timedelta

import click

from chatserver import wire
from chatserver.guard.scopes import SCOPES
from chatserver.runtime import Runtime
from chatserver.services.keys import OVERLAP_SECS
from commands.flags import Shown, operation
from commands.reach import on_services

COLUMNS = ("id", "name", "scopes", "created_at", "last_used_at", "expires_at", "networks")


@click.group(help="Keys of the application around the chat, for what its servers do by themselves.")
def key() -> None:
    pass


@key.command(
    help="Make a key. It is shown this once; the server keeps only its hash. Scopes: "
    + "; ".join(f"{scope} ({meaning})" for scope, meaning in SCOPES.items())
    + "."
)
@click.option("--name", required=True, help="What it is for, to tell it from others.")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do; may be given again.")
@click.option(
    "--days", type=click.IntRange(1, 3650), help="For how long it is good; left out: until it is revoked."
)
@click.option(
    "--network",
    "networks",
    multiple=True,
    help="An address or network (10.0.0.0/8) from which alone it is good; may be given again.",
)
@operation
@on_services(fresh=True)
async def create(
    runtime: Runtime,
    shown: Shown,
    name: str,
    scopes: tuple[str, ...],
    days: int | None,
    networks: tuple[str, ...],
) -> None:
    expires_at = runtime.clock.now() + timedelta(days=days) if days else None
    made, text = await runtime.services.keys.create(name, scopes, expires_at, networks)
    shown.result({"id": made.id, "key": text}, text)


@key.command("list", help="List the keys. Keys themselves are not kept.")
@operation
@on_services
async def list_keys(runtime: Runtime, shown: Shown) -> None:
    rows = [wire.api_key(key) for key in await runtime.services.keys.all()]
    if not shown.as_json:
        rows = [{**row, **{name: " ".join(row[name]) for name in ("scopes", "networks")}} for row in rows]
    shown.table(rows, COLUMNS)


@key.command(
    help="Give a key a new secret, shown this once. The former one is good for as long as --overlap says."
)
@click.argument("key_id", type=int)
@click.option(
    "--overlap",
    type=click.IntRange(0, OVERLAP_SECS),
    default=86400,
    show_default=True,
    metavar="SECONDS",
    help="How long the former one is still good; 0: not at all.",
)
@operation
@on_services
async def rotate(runtime: Runtime, shown: Shown, key_id: int, overlap: int) -> None:
    made, text = await runtime.services.keys.rotate(key_id, overlap)
    shown.result({"id": made.id, "key": text}, text)


@key.command(help="Make a key worth nothing. Running servers notice within some seconds.")
@click.argument("key_id", type=int)
@operation
@on_services
async def revoke(runtime: Runtime, shown: Shown, key_id: int) -> None:
    await runtime.services.keys.revoke(key_id)
    shown.result({"id": key_id, "revoked": True}, f"key {key_id} is worth nothing any more")
