"""Who may import whom, and the two things that come from one place only: the environment and the time."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.house.product import sources

DATABASE = ("motor", "pymongo", "bson", "gridfs")
ENDS = ("chatserver.storage", "chatserver.bus")  # what stands behind the ports
# Of chatserver's rooms, which may know which. Ground is what lies directly in chatserver/, and is known to all.
ROOMS = {
    "ground": (),
    "guard": (),
    "polls": (),
    "sending": ("polls",),
    "services": ("guard", "polls", "sending"),
    "storage": ("guard",),
    "bus": ("guard",),
    "processes": ("guard",),
    "outward": (),
    "tasks": ("guard", "sending", "services"),
}
HTTP_CLIENTS = (
    "tornado.httpclient", "tornado.simple_httpclient", "tornado.curl_httpclient", "urllib.request", "http.client",
    "tornado.tcpclient", "aiohttp", "httpx", "requests",
)  # fmt: skip
OPENS_ALL = ("runtime", "__main__")  # they put the rooms together, and no room knows them
PURE = tuple(
    f"chatserver/{name}.py"
    for name in (
        "model",
        "errors",
        "cursor",
        "wire",
        "clock",
        "settings",
        "setting_values",
        "mongodb_uri",
        "word_pages",
    )
)
NOW = {"now", "utcnow", "today"}


@dataclass(frozen=True)
class Rule:
    sentence: str
    applies: Callable[[str], bool]
    forbids: Callable[[str], bool]


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def room_of(path: str) -> str:
    """The folder in chatserver/ that a file or a module is in."""
    first = path.removesuffix(".py").replace(".", "/").removeprefix("chatserver/").partition("/")[0]
    return first if first in (*ROOMS, *OPENS_ALL) else "ground"


def is_in(room: str) -> Callable[[str], bool]:
    return lambda path: path.startswith("chatserver/") and room_of(path) == room


def is_beyond(room: str) -> Callable[[str], bool]:
    """Whether a module is in a room that this one does not know."""
    known = {"ground", room, *ROOMS[room]}
    return lambda module: (
        within(module, "chatserver") and module != "chatserver" and room_of(module) not in known
    )


def is_foreign_to_pure(module: str) -> bool:
    own = [path.removesuffix(".py").replace("/", ".") for path in PURE]
    standard = module.split(".")[0] in sys.stdlib_module_names
    return not (standard or module == "chatserver" or within(module, *own))


RULES = (
    Rule(
        "chatserver knows no HTTP: it never imports handlers",
        lambda path: path.startswith("chatserver/"),
        lambda module: within(module, "handlers", "chatserver.handlers"),
    ),
    Rule(
        "the command line is an edge: only run.py takes anything from it",
        lambda path: not path.startswith("commands/") and path != "run.py",
        lambda module: within(module, "commands"),
    ),
    Rule(
        "services speak to ports, not to Tornado or the drivers",
        lambda path: path.startswith("chatserver/services/"),
        lambda module: within(module, "tornado", "pika", *DATABASE),
    ),
    *(
        Rule(
            f"{room} knows ground" + "".join(f", {other}" for other in ROOMS[room]) + " and no other room",
            is_in(room),
            is_beyond(room),
        )
        for room in ROOMS
    ),
    Rule(
        "handlers call services, never storage or bus",
        lambda path: path.startswith("handlers/"),
        lambda module: within(module, *ENDS),
    ),
    Rule(
        "the database driver is imported in storage/ only",
        lambda path: not path.startswith("chatserver/storage/"),
        lambda module: within(module, *DATABASE),
    ),
    Rule(
        "pika is imported in bus/rabbit.py only",
        lambda path: path != "chatserver/bus/rabbit.py",
        lambda module: within(module, "pika"),
    ),
    Rule(
        "the HTTP client is imported in outward/ only, and by the command line",
        lambda path: not path.startswith(("chatserver/outward/", "commands/")),
        lambda module: within(module, *HTTP_CLIENTS),
    ),
    Rule(
        "the time comes from clock.py only",
        lambda path: path != "chatserver/clock.py",
        lambda module: within(module, "time"),
    ),
    Rule(
        "the innermost modules need the standard library and each other only",
        lambda path: path in PURE,
        is_foreign_to_pure,
    ),
)


def imported(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported; `from a import b` counts as `a` and as `a.b`."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def import_faults(path: str, source: str) -> list[str]:
    names = list(imported(path, ast.parse(source)))
    return [
        f"{path}:{line} imports {module}: {rule.sentence}"
        for rule in RULES
        if rule.applies(path)
        for line, module in names
        if rule.forbids(module)
    ]


def source_faults(path: str, source: str) -> list[str]:
    """Reading the environment outside settings.py and the calendar outside clock.py."""
    faults = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            name = f"{ast.unparse(node.value)}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            name = " ".join(f"{node.module}.{alias.name}" for alias in node.names)
        else:
            continue
        words = name.split()
        if path != "chatserver/settings.py" and {"os.environ", "os.environb", "os.getenv"} & set(words):
            faults.append(f"{path}:{node.lineno} reads the environment: only settings.py does")
        owner, _, attribute = name.rpartition(".")
        if (
            path != "chatserver/clock.py"
            and attribute in NOW
            and owner.split(".")[-1] in ("datetime", "date")
        ):
            faults.append(f"{path}:{node.lineno} asks what time it is: only clock.py does")
    return faults


def faults(path: str, source: str) -> list[str]:
    return import_faults(path, source) + source_faults(path, source)


def test_every_file_imports_only_what_its_place_allows() -> None:
    found = [fault for path, source in sources().items() for fault in faults(path, source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("chatserver/polls/hub.py", "import handlers.app"),
        ("chatserver/polls/hub.py", "from handlers import base"),
        ("chatserver/polls/hub.py", "from chatserver import storage"),
        ("chatserver/polls/hub.py", "from ..bus import local"),
        ("chatserver/polls/hub.py", "import motor"),
        ("chatserver/polls/hub.py", "import time"),
        ("chatserver/polls/hub.py", "from time import monotonic"),
        ("chatserver/polls/hub.py", "import os\nos.environ['HOME']"),
        ("chatserver/polls/hub.py", "import os\nos.getenv('HOME')"),
        ("chatserver/polls/hub.py", "from os import environ"),
        ("chatserver/polls/hub.py", "from datetime import datetime\ndatetime.now()"),
        ("chatserver/polls/hub.py", "import datetime\ndatetime.datetime.utcnow()"),
        ("chatserver/polls/hub.py", "from datetime import date\ndate.today()"),
        ("chatserver/services/messages.py", "from tornado.ioloop import IOLoop"),
        ("chatserver/services/messages.py", "def late():\n    from ..storage import users"),
        ("chatserver/services/messages.py", "import bson"),
        ("chatserver/ports.py", "from chatserver.sending.heads import Heads"),
        ("chatserver/guard/rates.py", "from chatserver.services.accounts import Accounts"),
        ("chatserver/polls/hub.py", "from chatserver.sending.writer import Writer"),
        ("chatserver/storage/users.py", "from chatserver import runtime"),
        ("chatserver/services/messages.py", "from chatserver.bus.local import LocalBus"),
        ("chatserver/bus/local.py", "import pika"),
        ("chatserver/services/vouchers.py", "from chatserver.outward.token_url import TokenUrl"),
        ("chatserver/outward/token_url.py", "from chatserver.guard.rates import RateLimits"),
        ("handlers/host.py", "from tornado.httpclient import AsyncHTTPClient"),
        ("chatserver/processes/scrape.py", "import urllib.request"),
        ("chatserver/model.py", "import msgspec"),
        ("chatserver/model.py", "from chatserver.hub import Hub"),
        ("handlers/messages.py", "from chatserver.storage.messages import MessageStore"),
        ("handlers/messages.py", "from pymongo.errors import PyMongoError"),
        ("run.py", "import gridfs"),
        ("handlers/base.py", "from commands import exits"),
        ("commands/users.py", "from pymongo import MongoClient"),
    ],
)
def test_a_breach_is_noticed(path: str, source: str) -> None:
    assert len(faults(path, source)) >= 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "chatserver/runtime.py",
            "from chatserver.storage import open_storage\nfrom chatserver.bus import local",
        ),
        ("chatserver/storage/users.py", "import motor\nfrom pymongo.errors import DuplicateKeyError"),
        ("chatserver/bus/rabbit.py", "import pika\nfrom tornado.ioloop import IOLoop"),
        ("chatserver/outward/token_url.py", "from tornado.httpclient import AsyncHTTPClient"),
        ("chatserver/settings.py", "import os\nos.environ\nfrom chatserver.errors import StartupError"),
        ("chatserver/clock.py", "import time\nfrom datetime import datetime\ndatetime.now()"),
        ("chatserver/services/messages.py", "from chatserver.ports import Bus\nclock.now()"),
        ("chatserver/polls/hub.py", "from datetime import datetime\nimport timeit"),
        ("commands/users.py", "from chatserver.storage.datadir import DataDir"),
        ("handlers/base.py", "import tornado.web\nfrom chatserver.services import messages"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert faults(path, source) == []
