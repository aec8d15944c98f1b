"""People, as an operator sees them."""

from __future__ import annotations

import secrets
import sys
from typing import Any

import click

from chatserver import wire
from chatserver.errors import EX_DATAERR, EX_USAGE, StartupError
from chatserver.model import Account
from chatserver.runtime import Runtime
from commands.flags import Shown, operation
from commands.reach import on_services

COLUMNS = ("id", "username", "full_name", "state", "created_at")


def account_json(account: Account) -> dict[str, Any]:
    return {
        **wire.user(account.user),
        "state": account.state,
        "created_at": wire.moment(account.created_at),
    }


@click.group(help="People: add, list, give a new password, disable, enable, delete.")
def user() -> None:
    pass


def password_flag(command: Any) -> Any:
    return click.option(
        "--password-stdin",
        is_flag=True,
        help="Read the password from standard input; otherwise one is made up.",
    )(command)


@user.command(help="Add somebody. Without --password-stdin a password is made up and shown once.")
@click.argument("username")
@click.option("--full-name", metavar="NAME", help="The name that others see.")
@password_flag
@operation
@on_services(fresh=True)
async def add(
    runtime: Runtime, shown: Shown, username: str, full_name: str | None, password_stdin: bool
) -> None:
    password = _password(password_stdin)
    made = await runtime.services.accounts.register(username, password, full_name)
    found = {**wire.user(made), **_told(password, password_stdin)}
    shown.result(found, [f"{made.username} is user {made.id}", *_words(password, password_stdin)])


@user.command("list", help="List people, by id.")
@click.option(
    "--search", default="", metavar="TEXT", help="Only whose username or full name begins with this."
)
@operation
@on_services
async def list_users(runtime: Runtime, shown: Shown, search: str) -> None:
    accounts = [account async for account in runtime.services.accounts.all(search)]
    shown.table([account_json(account) for account in accounts], COLUMNS)


@user.command("password", help="Give somebody a new password. Ends all their sessions.")
@click.argument("username")
@password_flag
@operation
@on_services
async def set_password(runtime: Runtime, shown: Shown, username: str, password_stdin: bool) -> None:
    accounts = runtime.services.accounts
    account = await accounts.named(username)
    password = _password(password_stdin)
    await accounts.set_password(account, password)
    ended = await runtime.services.sessions.end_all(account.user.id)
    shown.result(
        {**account_json(account), **_told(password, password_stdin), "sessions_ended": ended},
        [f"{username} has a new password; sessions ended: {ended}", *_words(password, password_stdin)],
    )


@user.command(help="Let somebody sign in no more, and end all their sessions. Undone by `enable`.")
@click.argument("username")
@operation
@on_services
async def disable(runtime: Runtime, shown: Shown, username: str) -> None:
    account = await runtime.services.accounts.set_disabled(username, True)
    ended = await runtime.services.sessions.end_all(account.user.id, spares_token=True)
    shown.result(
        {**account_json(account), "sessions_ended": ended}, f"{username} is disabled; sessions ended: {ended}"
    )


@user.command(help="Let somebody sign in again.")
@click.argument("username")
@operation
@on_services
async def enable(runtime: Runtime, shown: Shown, username: str) -> None:
    account = await runtime.services.accounts.set_disabled(username, False)
    shown.result(account_json(account), f"{username} may sign in")


@user.command(
    help="Forget who somebody was: name, avatar and password go, the name is free again, all sessions end. What they "
    "wrote stays with those they wrote to."
)
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not ask.")
@operation
@on_services
async def delete(runtime: Runtime, shown: Shown, username: str, yes: bool) -> None:
    account = await runtime.services.accounts.named(username)
    confirm(f"Forget {username} (user {account.user.id}) for ever?", yes)
    await runtime.services.memberships.leave_all(account.user.id)
    forgotten = await runtime.services.accounts.forget(account)
    ended = await runtime.services.sessions.end_all(account.user.id)
    shown.result(
        {**account_json(forgotten), "sessions_ended": ended},
        f"{username} is now {forgotten.user.username}; sessions ended: {ended}",
    )


def confirm(question: str, yes: bool) -> None:
    """Ask who can answer. Raises StartupError, click.Abort."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise StartupError("this cannot be undone; say --yes when nobody can be asked", EX_USAGE)
    click.confirm(question, abort=True, err=True)


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        return secrets.token_urlsafe(15)
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\n")
    except UnicodeDecodeError:
        raise StartupError("the password on standard input is not UTF-8", EX_DATAERR) from None


def _told(password: str, from_stdin: bool) -> dict[str, str]:
    return {} if from_stdin else {"password": password}


def _words(password: str, from_stdin: bool) -> list[str]:
    return [] if from_stdin else [f"password: {password}"]
