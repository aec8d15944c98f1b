"""The settings as flags of a command, and how a command shows its result."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from chatserver.guard import exposure
from chatserver.logs import configure_logs
from chatserver.settings import FIELDS, PREFIX, load

# What leads to the database is what most commands are about; the others are taken too, but fill no screen.
COMMON = ("data_dir", "mongodb_uri", "mongodb_database")


@dataclass(frozen=True, slots=True)
class Shown:
    """A result goes to stdout, once: as JSON for programs, as text for people. Anything else goes to stderr."""

    as_json: bool

    def result(self, value: Any, text: str | Iterable[str] = ()) -> None:
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        else:
            for line in [text] if isinstance(text, str) else text:
                click.echo(line)

    def table(self, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
        """These columns for people; all there is for programs."""
        cells: list[list[str]] = [[name.upper() for name in names]] + [
            [_cell(row[name]) for name in names] for row in rows
        ]
        widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
        padded = ([cell.ljust(widths[column]) for column, cell in enumerate(line)] for line in cells)
        lines = ["  ".join(line).rstrip() for line in padded]
        self.result(rows, lines if rows else "none")

    def note(self, text: str) -> None:
        """For who waits."""
        if not self.as_json:
            click.echo(text, err=True)

    def progress(self, label: str, length: int) -> Any:
        """A context that shows how far it is, where there is somebody to see it."""
        hidden = self.as_json or not sys.stderr.isatty()
        return click.progressbar(label=label, length=length, file=sys.stderr, hidden=hidden)


def _cell(value: Any) -> str:
    return "-" if value is None or value == "" else str(value)


def settings_flags(command: Any, shown: Iterable[str] = FIELDS) -> Any:
    for name, field in reversed(FIELDS.items()):
        default = field.default
        told = ",".join(default) if isinstance(default, tuple) else default
        help = (
            f"{field.metadata['help']} [{PREFIX}{name.upper()}; default: {told if told != '' else 'empty'}]"
        )
        flag, hidden = f"--{name.replace('_', '-')}", field.metadata["hidden"] or name not in shown
        # A switch needs no value.
        alone: Any = {"is_flag": False, "flag_value": "true"} if isinstance(default, bool) else {}
        command = click.option(flag, name, metavar="VALUE", help=help, hidden=hidden, **alone)(command)
    return click.option(
        "--config", metavar="FILE", help=f"A TOML file with these settings. [{PREFIX}CONFIG]"
    )(command)


def operation(function: Callable[..., Any]) -> Any:
    """A command about a server: `function` gets its Settings and a Shown, then what it asked for itself."""

    @functools.wraps(function)
    def run(as_json: bool, **given: Any) -> Any:
        flags = _taken(given)
        settings = load(flags)
        warn_of_secrets(flags)
        configure_logs("warning", settings.log_format)
        return function(settings, Shown(as_json), **given)

    return flagged(run)


def flagged(run: Callable[..., Any]) -> Any:
    with_json = click.option("--json", "as_json", is_flag=True, help="Show the result as JSON.")(run)
    return settings_flags(with_json, COMMON)


def warn_of_secrets(flags: Mapping[str, str | None]) -> None:
    for line in exposure.secrets_in_sight(flags):
        click.echo(f"chatserver: {line}", err=True)


def _taken(given: dict[str, Any]) -> dict[str, str | None]:
    return {name: given.pop(name) for name in (*FIELDS, "config")}
