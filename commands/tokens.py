"""Tokens: each is a session, for a person's device or for a program that acts as that person."""

from __future__ import annotations

import click

from chatserver import wire
from chatserver.errors import EX_USAGE, StartupError
from chatserver.model import Actor
from chatserver.runtime import Runtime
from commands.flags import Shown, operation
from commands.reach import on_services


@click.group(help="Tokens of people and of programs that act for them.")
def token() -> None:
    pass


@token.command(help="Make a token without a password. It is shown this once; the server keeps only its hash.")
@click.argument("username")
@click.option(
    "--name", default="command line", show_default=True, help="What it is called in the list of sessions."
)
@operation
@on_services
async def create(runtime: Runtime, shown: Shown, username: str, name: str) -> None:
    account = await runtime.services.accounts.named(username)
    made, _, session = await runtime.services.sessions.start(account, name)
    shown.result({"token": made, "session_id": session.id, "user_id": account.user.id}, made)


@token.command(
    "list", help="List the sessions of somebody, the last used first. Tokens themselves are not kept."
)
@click.argument("username")
@operation
@on_services
async def list_tokens(runtime: Runtime, shown: Shown, username: str) -> None:
    account = await runtime.services.accounts.named(username)
    sessions = await runtime.services.sessions.list(Actor(account.user.id, 0))
    rows = [
        {
            "id": session.id,
            "name": session.name,
            "created_at": wire.moment(session.created_at),
            "last_used_at": wire.moment(session.last_used_at),
        }
        for session in sessions
    ]
    shown.table(rows, ("id", "name", "created_at", "last_used_at"))


@token.command(help="End a session, or all of them with --all. Running servers notice within some seconds.")
@click.argument("username")
@click.argument("session_id", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="Every session of this person.")
@operation
@on_services
async def revoke(runtime: Runtime, shown: Shown, username: str, session_id: int | None, every: bool) -> None:
    if (session_id is None) != every:
        raise StartupError("name one session (see `chatserver token list`) or say --all", EX_USAGE)
    account = await runtime.services.accounts.named(username)
    if session_id is None:
        ended = await runtime.services.sessions.end_all(account.user.id)
    else:
        await runtime.services.sessions.revoke(Actor(account.user.id, 0), session_id)
        ended = 1
    shown.result({"sessions_ended": ended}, f"sessions ended: {ended}")
