"""`chatserver NAME …`, `python -m chatserver NAME …`: every command there is."""

from __future__ import annotations

import click

import run as server
from chatserver import __version__
from commands import exits
from commands.config import config
from commands.copies import backup, restore
from commands.demo import demo
from commands.doctor import doctor
from commands.imports import import_
from commands.keys import key
from commands.openapi import openapi
from commands.tokens import token
from commands.users import user


@click.group(
    help="A chat server that loses nothing, and what its operator needs. Every command but `serve` works whether "
    "the server runs or not.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__)
def chatserver() -> None:
    pass


chatserver.add_command(server.main, "serve")
for command in (user, token, key, doctor, demo, backup, restore, import_, config, openapi):
    chatserver.add_command(command)


def main() -> None:
    exits.run(chatserver, "chatserver")
