"""What a MongoDB URI says, as far as the server itself has to know: everything else is the driver's to read."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
ESCAPES = "@ as %40, : as %3A, / as %2F, ? as %3F, % as %25"
# Where MongoDB keeps its users: named in a URI to say where to sign in, never as the place of data.
USERS = "admin"


class Parts(NamedTuple):
    """`credentials` and `database` are "" where there are none, `options` are in lower case."""

    scheme: str
    credentials: str
    hosts: str
    database: str
    options: dict[str, str]


def parts(uri: str) -> Parts:
    scheme, _, rest = uri.partition("://")
    rest, _, query = rest.partition("?")
    place, _, path = rest.partition("/")
    credentials, _, hosts = place.rpartition("@")
    options = {name.lower(): value.lower() for name, value in parse_qsl(query)}
    return Parts(scheme, credentials, hosts, unquote(path).partition(".")[0], options)


def database_in(uri: str) -> str:
    """That which the URI names for the data; "" where it names none."""
    name = parts(uri).database
    return "" if name == USERS or "/" in name else name


def unescaped(uri: str) -> str | None:
    """What to do about a user name or password that cuts the URI at the wrong place, without showing any of it."""
    rest = uri.partition("://")[2]
    before_query, _, query = rest.partition("?")
    place, _, path = before_query.partition("/")
    credentials, _, _ = place.rpartition("@")
    cut = "@" in path or ("@" in query and "=" not in query.partition("@")[0])
    if cut or "@" in credentials or credentials.count(":") > 1 or BARE_PERCENT.search(credentials):
        return f"its user name or password has signs that mean something else there; write {ESCAPES}"
    return None


def over_tls(uri: str) -> bool:
    found = parts(uri)
    return (
        found.options.get("tls", found.options.get("ssl", str(found.scheme == "mongodb+srv").lower()))
        == "true"
    )
