"""The database of a server, whether that server runs or not, and the services on it."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import wraps
from typing import Any

import click

from chatserver.clock import Clock
from chatserver.errors import EX_UNAVAILABLE, StartupError
from chatserver.runtime import Runtime, open_database, open_runtime
from chatserver.settings import Settings
from chatserver.storage.datadir import DataDir
from chatserver.storage.embedded import uri_of
from commands.flags import Shown


@asynccontextmanager
async def reached(settings: Settings, *, fresh: bool = False, alone: bool = False) -> AsyncIterator[Settings]:
    """The same settings with an address in `mongodb_uri`: yours, that of the running server, or one opened for now.

    `fresh`: there need not be a database yet; `alone`: not beside a running server. Raises StartupError.
    """
    if settings.mongodb_uri:
        yield settings
        return
    home = DataDir(settings.data_dir)
    is_new = not home.is_made()
    async with AsyncExitStack() as stack:
        socket = home.served_at() if not alone else None
        if socket is None:
            _check(home, fresh)
            if sys.stderr.isatty():
                click.echo(f"opening the database in {home.path}, which no server has open …", err=True)
            uri = await stack.enter_async_context(open_database(settings))
        else:
            uri = uri_of(socket)
        yield dataclasses.replace(settings, mongodb_uri=uri)
        if is_new:
            click.echo(f"there was no database in {home.path}: a new one was made there", err=True)


@asynccontextmanager
async def services(
    settings: Settings, *, fresh: bool = False, clock: Clock | None = None
) -> AsyncIterator[Runtime]:
    """As in a server, but without the broker: servers notice what changed here by their version checks."""
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(reached(settings, fresh=fresh))
        alone = dataclasses.replace(there, amqp_url="", processes=1)
        yield await stack.enter_async_context(open_runtime(alone, clock))


def on_services(
    work: Callable[..., Awaitable[Any]] | None = None, *, fresh: bool = False
) -> Callable[..., Any]:
    """Make a command of a coroutine function that wants the services, and then what `operation` gives."""

    def decorate(work: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        @wraps(work)
        def run(settings: Settings, shown: Shown, **given: Any) -> Any:
            async def inside() -> Any:
                async with services(settings, fresh=fresh) as runtime:
                    return await work(runtime, shown, **given)

            return asyncio.run(inside())

        return run

    return decorate(work) if work else decorate


def _check(home: DataDir, fresh: bool) -> None:
    if not home.is_made() and not fresh:
        raise StartupError(
            f"there is no database in {home.path}; name the server's own directory with --data-dir, or its MongoDB"
            " with --mongodb-uri",
            EX_UNAVAILABLE,
        )
