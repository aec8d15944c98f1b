"""How a command ends: every mistake as one readable line on stderr, with an exit code of sysexits.h."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from chatserver.errors import (
    EX_DATAERR,
    EX_NOUSER,
    EX_TEMPFAIL,
    EX_USAGE,
    ChatError,
    Invalid,
    NotFound,
    StartupError,
    Unavailable,
)

EX_INTERRUPTED = 130
CODES: tuple[tuple[type[ChatError], int], ...] = (
    (Invalid, EX_DATAERR),
    (NotFound, EX_NOUSER),
    (Unavailable, EX_TEMPFAIL),
)


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """End the program with it. A command may return its exit code."""
    _speak_anywhere()
    try:
        code = command.main(arguments, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(EX_USAGE)
    except StartupError as error:
        refuse(str(error), error.exit_code)
    except ChatError as error:
        refuse(error.detail, next((code for kind, code in CODES if isinstance(error, kind)), EX_DATAERR))
    except (
        UnicodeEncodeError
    ):  # of bytes that Python kept for us, to be given back to who knows what they are
        refuse("what was typed is no text; set the terminal, or LC_ALL, to UTF-8", EX_USAGE)
    except (click.Abort, KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(EX_INTERRUPTED)
    except BrokenPipeError:  # `chatserver user list | head`
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _speak_anywhere() -> None:
    """Where the terminal has no sign for one of ours it is written by its number; files are UTF-8 in any locale."""
    if sys.getfilesystemencoding() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def refuse(sentence: str, code: int) -> NoReturn:
    print(f"chatserver: {sentence}", file=sys.stderr)
    sys.exit(code)
