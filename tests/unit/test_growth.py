"""No text takes longer than its length is worth: twice as much of it takes about twice as long, whatever it says.

Patterns, and functions of one text, are found in the source: a new one is tried without being named here.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from python_multipart.multipart import parse_options_header
from tornado.escape import parse_qs_bytes
from tornado.httputil import HTTPHeaders, HTTPServerRequest, parse_cookie
from tornado.web import Application, RequestHandler

from chatserver.errors import Invalid
from chatserver.guard.host_token import read_host_token
from chatserver.guard.password_rules import check_password
from chatserver.guard.sign_in_keys import SignInKey
from handlers import schemas
from handlers.assets import Assets
from handlers.base import ApiHandler
from handlers.connections.forwarded import TrustedProxies
from handlers.forms import Form, content_type
from handlers.parsing import parse
from handlers.problems import problem
from handlers.routes import routes
from tests.support.growth import (
    ROOT,
    Text,
    assert_grows_with_its_text,
    endless,
    modules,
    patterns,
    texts_against,
)

FOUND = list(patterns())

# What does more than look at its text.
NOT_TRIED = {
    "chatserver.failpoints.arm": "switches on what the operator named",
    "chatserver.guard.tls.client_context": "opens the file of that name",
    "handlers.hot.replayed._done": "puts it into a future",
}
SIGNS = [
    ":", "a", "0", " ", "\n", "\\", '"', "/", "@", "&", "=", ";", ",", "[", "://:", "\u0315\u0300", "\r\n", "\t",
    "\0", ".", "..", "'", "?", "?token=", "%", "%3A", "{", "(", "`", "**", "- ", "-", "_", "cht_", "chp_a", "9", "e9",
    "\u0301", "\u0f73", "\ufdfa", "\u1e9e", "\u0130", "\u202e", "👍",
]  # fmt: skip
PAIRED = 15  # of them
BEGINNINGS = [
    "", "{", '{"a":', '{"a":"', '[', 'form-data; name="', "data:image/png;base64,", "://", "cursor=", "1a:1",
    "GET /api/v1/communication/poll/events/?", "POST /api/v1/communication/chats HTTP/1.1\r\n", "Expected `int` - at `$",
]  # fmt: skip
HOT = "GET /api/v1/communication/poll/events HTTP/1.1\r\n"
NUMBERED = [
    Text("{", '"%x":1,', '"z":1,"z":1}'), Text('{"a":[', "%x1,", "1]}"), Text(HOT, "X-%x: 1\r\n", "\r\n"),
    Text("", "%x=1&", "z=1&z=1"), Text("", "%x=1; "), Text("", "%x,"), Text("", "%x: 1\r\n"), Text("", "%x "),
]  # fmt: skip


def hostile() -> Iterator[Text]:
    yield from NUMBERED
    for sign in SIGNS:
        for beginning in BEGINNINGS:
            yield Text(beginning, sign)
        yield Text("", sign, "\x01")
    paired = SIGNS[:PAIRED]
    yield from (Text("", one + other) for one in paired for other in paired if other != one)


def functions() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Those of a module that are given one text and nothing else."""
    for path, tree in modules():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or len(node.args.args) != 1:
                continue
            kind = ast.unparse(node.args.args[0].annotation) if node.args.args[0].annotation else ""
            full = f"{name}.{node.name}"
            if (
                kind in ("str", "bytes")
                and full not in NOT_TRIED
                and not name.startswith(("setup", "scripts"))
            ):
                run = getattr(importlib.import_module(name), node.name)
                yield full, run if kind == "str" else lambda text, run=run: run(text.encode())


class Sink:
    """Takes a file and keeps nothing of it."""

    @asynccontextmanager
    async def upload(self, name: str, type: str) -> Any:
        yield self

    async def write(self, data: bytes) -> None:
        pass

    async def finish(self) -> None:
        return None


def form(head: str, data: str) -> None:
    async def feed() -> None:
        made = Form(b"X", Sink(), "attachment", 1 << 20, 1 << 20)  # type: ignore[arg-type]
        await made.feed(f"--X\r\n{head}\r\n\r\n{data}\r\n--X--\r\n".encode())
        await made.finish()

    asyncio.run(feed())


FILE = 'Content-Disposition: form-data; name="attachment"; filename="a"'


def request(text: str, name: str) -> HTTPServerRequest:
    return HTTPServerRequest(
        "GET", "/", headers=HTTPHeaders({name: text.replace("\0", "").replace("\n", "").replace("\r", "")})
    )


def languages(text: str) -> object:
    given = request(text, "Accept-Language")
    given.connection = type("Nobody", (), {"set_close_callback": lambda *_: None})()  # type: ignore[assignment]
    return RequestHandler(Application([]), given).get_browser_locale()


def told_ignored(text: str) -> None:
    """With a name of so many: as any call that knows none of its parameters."""
    handler: Any = object.__new__(ApiHandler)
    handler._headers, handler._ignored = HTTPHeaders(), [text, f"{text}2"]
    handler.tell_ignored()


def any_schema(text: str) -> None:
    for schema in vars(schemas).values():
        if isinstance(schema, type) and issubclass(schema, msgspec.Struct):
            for name in schema.__struct_fields__:
                try:
                    parse(schema, {name: text, text: name})
                except Invalid as error:
                    problem(400, error, "")


NOW = datetime(2026, 1, 1, tzinfo=UTC)
MORE: dict[str, Callable[[str], object]] = {
    "a host's token": lambda text: read_host_token(text, SignInKey("HS256", b"a" * 32), NOW),
    "a password": lambda text: check_password(text, text[:8]),
    "a content type": lambda text: content_type(text.encode(), text),
    "X-Forwarded-For": lambda text: TrustedProxies(("127.0.0.0/8",)).client("127.0.0.1", text),
    "X-Forwarded-For of proxies": lambda text: TrustedProxies(("127.0.0.0/8",)).client(
        "127.0.0.1", "127.0.0.1," * (len(text) // 10)
    ),
    "a form's header": lambda text: form(f"{FILE}{text}", ""),
    "a form's headers": lambda text: form(f"{FILE}\r\n{text}: a", ""),
    "a form's file": lambda text: form(FILE, text),
    "a form's field": lambda text: form('Content-Disposition: form-data; name="a"', text),
    "a form's content type": lambda text: parse_options_header(f"multipart/form-data; boundary={text}"),
    "a query": parse_qs_bytes,
    "a cookie": parse_cookie,
    "header fields": HTTPHeaders.parse,
    "Accept-Language": languages,
    "Content-Type": lambda text: request(text, "Content-Type").headers["Content-Type"],
    "ignored parameters": told_ignored,
    "a value of any field": any_schema,
}


def test_every_pattern_has_a_bound_at_every_repeat() -> None:
    assert len(FOUND) >= 30
    assert {found.where: endless(found.pattern) for found in FOUND if endless(found.pattern)} == {}


def test_every_address_has_a_bound_at_every_repeat() -> None:
    table = routes(None, Assets(ROOT / "static"))  # type: ignore[arg-type]

    assert {path: endless(re.compile(path)) for path, *_ in table if endless(re.compile(path))} == {}
    for path, *_ in table:
        pattern = re.compile(path + "$")
        assert_grows_with_its_text(path, lambda text, p=pattern: p.match(text), texts_against(pattern))  # type: ignore[misc]


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.where)
def test_no_pattern_takes_more_than_its_text_is_worth(found: Any) -> None:
    """Wherever it is looked for in a text, also of those that are held against a whole one only."""
    pattern = found.pattern
    if isinstance(pattern.pattern, str):

        def run(text: str) -> object:
            return [*pattern.finditer(text)], pattern.fullmatch(text)
    else:

        def run(text: str) -> object:
            raw = text.encode("latin-1", "replace")
            return [*pattern.finditer(raw)], pattern.fullmatch(raw)

    assert_grows_with_its_text(f"{found.where} {pattern.pattern!r}", run, texts_against(pattern))


@pytest.mark.parametrize(
    ("name", "run"),
    [*functions(), *MORE.items()],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_no_text_takes_more_than_it_is_worth(name: str, run: Callable[[str], object]) -> None:
    assert_grows_with_its_text(name, run, hostile())


@pytest.mark.parametrize(
    "slow", [r"(://[^:/@\s]*:)[^@\s]+(?=@)", r"a{0,9999}b", r"\s{0,9999}$", r",.{0,9999};"]
)
def test_a_growth_that_is_not_that_of_the_text_is_noticed(slow: str) -> None:
    pattern = re.compile(slow)

    with pytest.raises(AssertionError, match="times as long"):
        assert_grows_with_its_text(slow, pattern.search, texts_against(pattern))
    assert bool(endless(pattern)) == ("*" in slow)
