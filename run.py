"""Entry point: settings, runtime, application, serve until a signal, drain."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
from typing import Any

import click
import structlog
from tornado.netutil import bind_sockets

from chatserver import __version__
from chatserver.errors import EX_NOPERM, EX_UNAVAILABLE, StartupError
from chatserver.logs import configure_logs
from chatserver.runtime import Runtime, open_runtime
from chatserver.settings import FIELDS, PREFIX, Settings, load
from handlers.app import make_admin_app, make_app, make_server

log = structlog.get_logger("chatserver")

BACKLOG = 1024


async def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM; a second one ends at once. Raises StartupError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            raise SystemExit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    # Before anything is started: a taken port should not cost a database start.
    sockets = listen(settings.host, settings.port, "--port")
    admin_sockets = (
        listen(settings.admin_host, settings.admin_port, "--admin-port") if settings.admin_port else []
    )
    async with open_runtime(settings) as runtime:
        server = make_server(make_app(runtime), settings.trusted_proxies)
        server.add_sockets(sockets)
        admin = make_server(make_admin_app())
        admin.add_sockets(admin_sockets)
        print(banner(settings, runtime, sockets[0].getsockname()[1]), flush=True)
        log.info("listening", host=settings.host, port=sockets[0].getsockname()[1], node=runtime.node)
        await stop.wait()
        log.info("draining")
        server.stop()
        await runtime.drain(settings.drain_secs)
        await server.close_all_connections()
        admin.stop()
        await admin.close_all_connections()
    log.info("stopped")


def listen(host: str, port: int, flag: str) -> list[socket.socket]:
    try:
        return bind_sockets(port, host or None, backlog=BACKLOG)
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


def banner(settings: Settings, runtime: Runtime, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    data = settings.data_dir.resolve() if not settings.mongodb_uri else "in your MongoDB"
    lines = [
        f"chatserver {__version__}",
        f"  page and API  http://{host}:{port}/",
        f"  data          {data}",
        f"  database      {runtime.database}",
        f"  bus           {'RabbitMQ' if settings.amqp_url else 'in this process'}",
        "  stop          Ctrl-C",
    ]
    return "\n".join(lines)


def flag_options(command: Any) -> Any:
    for name, field in reversed(FIELDS.items()):
        default = field.default
        shown = ",".join(default) if isinstance(default, tuple) else default
        help = (
            f"{field.metadata['help']} [{PREFIX}{name.upper()}; default: {shown if shown != '' else 'empty'}]"
        )
        flag, hidden = f"--{name.replace('_', '-')}", field.metadata["hidden"]
        command = click.option(flag, name, metavar="VALUE", help=help, hidden=hidden)(command)
    return command


@click.command(
    help="A chat server that loses nothing. Flags go over the environment, over --config, over defaults."
)
@click.option("--config", metavar="FILE", help=f"A TOML file with these settings. [{PREFIX}CONFIG]")
@flag_options
@click.version_option(__version__)
def main(**flags: str | None) -> None:
    try:
        settings = load(flags)
        configure_logs(settings.log_level, settings.log_format)
        asyncio.run(serve(settings))
    except StartupError as error:
        print(f"chatserver: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
