"""The description of the API, as a running server has it at /openapi.json."""

from __future__ import annotations

import json

import click

from handlers.description.openapi import build


@click.command(help="Print the OpenAPI document of this version.")
@click.option("--json", is_flag=True, hidden=True, expose_value=False, help="It is JSON already.")
def openapi() -> None:
    click.echo(json.dumps(build(), ensure_ascii=False, indent=2))
