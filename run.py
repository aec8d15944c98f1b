"""Entry point: settings, runtime, application, serve until a signal, drain; in one process or in several."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import signal
import socket
import sys
from pathlib import Path

import click
import structlog
from tornado.netutil import bind_sockets

from chatserver import __version__
from chatserver.errors import EX_NOPERM, EX_UNAVAILABLE, StartupError
from chatserver.guard import exposure
from chatserver.logs import configure_logs
from chatserver.processes import memory
from chatserver.processes.notify import watched
from chatserver.processes.parent import Parent
from chatserver.processes.scrape import own_metrics
from chatserver.processes.supervisor import Supervisor
from chatserver.runtime import Runtime, open_database, open_runtime
from chatserver.settings import Settings, load
from commands import exits
from commands.flags import settings_flags, warn_of_secrets
from handlers.admin import make_supervisor_app
from handlers.app import ChatServer, make_admin_app, make_admin_server, make_public_server
from handlers.connections.capacity import raise_limit

log = structlog.get_logger("chatserver")

THIS_FILE = str(Path(__file__).resolve())
BACKLOG = 1024
LAST_CALL_SECS = 1.0


async def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM; a second one ends at once. Raises StartupError."""
    stop = stop_on_signals()
    # Before anything is started: a taken port should not cost a database start.
    sockets = listen(settings.host, settings.port, "--port")
    admin_sockets = listen_admin(settings)
    async with watched() as tell, open_runtime(settings) as runtime:
        server = make_public_server(runtime)
        memory.relieve()
        server.add_sockets(sockets)
        admin = make_admin_server(make_admin_app(settings))
        admin.add_sockets(admin_sockets)
        print(banner(settings, runtime.database, sockets), flush=True)
        log.info("listening", host=settings.host, port=port_of(sockets), node=runtime.node)
        tell("READY=1")
        await stop.wait()
        tell("STOPPING=1")
        await drain(server, runtime)
        admin.stop()
        await admin.close_all_connections()
    log.info("stopped")


async def supervise(settings: Settings, command: list[str]) -> None:
    """The same with several processes, each by `command`; SIGHUP replaces them one by one. Raises StartupError."""
    stop = stop_on_signals()
    sockets = listen(settings.host, settings.port, "--port")
    admin_sockets = listen_admin(settings)
    text = banner(settings, "yours" if settings.mongodb_uri else "embedded", sockets)
    async with watched() as tell, open_database(settings) as uri:
        supervisor = Supervisor(command, sockets, uri, settings.processes, settings.drain_secs)
        # Before the first process serves: who sees it serve may ask at once for its replacement.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, supervisor.renew)
        async with supervisor:
            admin = make_admin_server(make_supervisor_app(supervisor, settings))
            admin.add_sockets(admin_sockets)
            print(text, flush=True)
            log.info("listening", host=settings.host, port=port_of(sockets), processes=settings.processes)
            tell("READY=1")
            await stop.wait()
            tell("STOPPING=1")
            admin.stop()
            await admin.close_all_connections()
    log.info("stopped")


async def serve_child(settings: Settings, fd: int) -> None:
    """One of several: what is shared comes from the parent, whose end is also ours."""
    stop = stop_on_signals()
    parent = await Parent.attach(fd)
    parent.follow(stop.set, own_metrics)
    try:
        async with open_runtime(dataclasses.replace(settings, mongodb_uri=parent.mongodb_uri)) as runtime:
            server = make_public_server(runtime)
            memory.relieve()
            server.add_sockets(parent.sockets)
            log.info("serving", process=parent.number, node=runtime.node)
            parent.ready()
            await stop.wait()
            await drain(server, runtime)
    finally:
        await parent.close()


async def drain(server: ChatServer, runtime: Runtime) -> None:
    log.info("draining")
    server.refuse_more()
    runtime.end_polls()
    await server.last_call(LAST_CALL_SECS)
    await runtime.drain(runtime.settings.drain_secs)
    await server.close_all_connections()


def stop_on_signals() -> asyncio.Event:
    """Set by SIGINT or SIGTERM; a second one ends the program, with no more wait than closing takes."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            raise SystemExit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


def listen_admin(settings: Settings) -> list[socket.socket]:
    return listen(settings.admin_host, settings.admin_port, "--admin-port") if settings.admin_port else []


def listen(host: str, port: int, flag: str) -> list[socket.socket]:
    try:
        # No address, and the one of IPv6 that means every address, are those of both families.
        return bind_sockets(port, None if host in ("", "::") else host, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"port {port} on {host} is taken; stop the other program or choose another with {flag}",
                EX_UNAVAILABLE,
            ) from None
        if error.errno == errno.EACCES:
            raise StartupError(
                f"port {port} needs a privilege we do not have; choose one above 1023 with {flag}", EX_NOPERM
            ) from None
        raise StartupError(
            f"cannot listen on {host}:{port} ({error.strerror}); see {flag}", EX_UNAVAILABLE
        ) from None


def port_of(sockets: list[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


def banner(settings: Settings, database: str, sockets: list[socket.socket]) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    data = settings.data_dir.resolve() if not settings.mongodb_uri else "in your MongoDB"
    lines = [
        f"chatserver {__version__}",
        f"  page and API  {'https' if settings.tls_cert else 'http'}://{host}:{port_of(sockets)}/",
        f"  data          {data}",
        f"  database      {database}",
        f"  bus           {'RabbitMQ' if settings.amqp_url else 'in this process'}",
    ]
    if settings.processes > 1:
        lines.append(
            f"  processes     {settings.processes}; kill -HUP {os.getpid()} replaces them one by one"
        )
    return "\n".join([*lines, "  stop          Ctrl-C"])


@click.command(
    help="A chat server that loses nothing. Flags go over the environment, over --config, over defaults."
)
@settings_flags
@click.option("--child", type=int, hidden=True, help="Given by the parent: where to find it.")
@click.version_option(__version__)
def main(child: int | None, **flags: str | None) -> None:
    settings = load(flags)
    exposure.check(settings)
    if child is None:
        warn_of_secrets(flags)
    configure_logs(settings.log_level, settings.log_format)
    raise_limit()
    if child is not None:
        asyncio.run(serve_child(settings, child))
    elif settings.processes > 1:
        repeated = [
            f"--{name.replace('_', '-')}={value}" for name, value in flags.items() if value is not None
        ]
        asyncio.run(supervise(settings, [sys.executable, THIS_FILE, *repeated]))
    else:
        asyncio.run(serve(settings))


if __name__ == "__main__":
    exits.run(main, "run.py")
