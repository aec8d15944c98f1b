"""One line an event: JSON when nobody is watching, readable on a terminal. Never a body, never a token."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

# Every repeat ends at a bound, and none of them has to be gone back over: a line may hold what a stranger sent.
_TOKENS = re.compile(
    r"(?i)([?&](?:token|ticket|link)=)[^&\s\"'\\]{1,16384}|(?:ch[tp]|ck)_[A-Za-z0-9_-]{8,16384}"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{2,8192}\.[A-Za-z0-9_-]{2,1024}"
)
_PASSWORDS = re.compile(r"(://[^:/@\s]{0,1024}:)[^@\s\"']{1,16384}(@?)")


def scrub(text: str) -> str:
    """Without tokens and passwords, wherever they stand."""
    text = _TOKENS.sub(lambda found: (found[1] or "") + "[hidden]", text)
    # What an @ does not follow is a port and a path, and no password.
    return _PASSWORDS.sub(lambda found: f"{found[1]}[hidden]@" if found[2] else found[0], text)


def _scrub_line(_: Any, __: str, line: Any) -> str:
    """Last of all, so that nothing goes round it: not a traceback, not what a library says, not a value in a value."""
    return scrub(line)


def configure_logs(level: str, format: str) -> None:
    """Also for the libraries below us, whose lines take the same form."""
    readable = format == "text" or (format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = structlog.processors.JSONRenderer()
    if readable:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _scrub_line],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    # Tornado's own request lines hold the whole URI, and pika tells every step of a connection.
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    logging.getLogger("tornado.general").setLevel(max(logging.ERROR, logging.root.level))
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    logging.getLogger("pymongo").setLevel(logging.WARNING)
