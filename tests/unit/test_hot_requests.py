"""Which requests take the short way: plain ones, and not one that is only nearly so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Invalid
from handlers.hot.request import recognise
from handlers.hot.sends import text_in
from handlers.parsing import parse
from handlers.schemas import Send
from handlers.strict_json import decode_object

API = "/api/v1/communication/"
SEND = ["Host: chat.example:8888", "Authorization: Bearer t", "Content-Length: 12"]
POLL = ["Host: chat.example", "Authorization: Token t"]


def head(line: str, fields: list[str], end: str = "\r\n") -> bytes:
    return (end.join([line, *fields]) + end + end).encode("latin-1")


def send(*more: str, fields: list[str] = SEND) -> bytes:
    return head(f"POST {API}chats/ HTTP/1.1", [*fields, *more])


def test_a_plain_send_and_a_plain_poll_are_recognised() -> None:
    found = recognise(send("Content-Type: application/json; charset=utf-8", "X-Request-Id: abc"))
    assert found is not None
    assert (found.token, found.query, found.body_bytes, found.request_id) == ("t", None, 12, b"abc")
    found = recognise(head(f"GET {API}poll/events?cursor=a:1&client=tab HTTP/1.1", POLL))
    assert found is not None and (found.query, found.body_bytes, found.last) == (
        b"cursor=a:1&client=tab",
        0,
        False,
    )
    found = recognise(head(f"GET {API}poll/events/ HTTP/1.1", [*POLL, "Connection: close"]))
    assert found is not None and found.last


@pytest.mark.parametrize(
    "strange",
    [
        "Transfer-Encoding: chunked", "Content-Length: 12", "Expect: 100-continue", "Authorization: Token u",
        "Host: other", "Content-Type: multipart/form-data; boundary=x", "TE: trailers", "Idempotency-Key: k",
        "Upgrade: websocket", "Connection: upgrade", " folded: line", "No colon", "Bad name: x", "X: \x01", "X: \x7f",
    ],
)  # fmt: skip
def test_what_is_strange_about_a_send_is_left_to_tornado(strange: str) -> None:
    assert recognise(send(strange)) is None


@pytest.mark.parametrize(
    "request_head",
    [
        head(f"POST {API}chats/ HTTP/1.0", SEND),
        head(f"PUT {API}chats/ HTTP/1.1", SEND),
        head(f"POST {API}chats/?x=1 HTTP/1.1", SEND),
        head(f"POST http://chat.example{API}chats/ HTTP/1.1", SEND),
        head(f"POST {API}chats/ HTTP/1.1", SEND, end="\n"),
        head(f"GET {API}poll/events/ HTTP/1.1", [*POLL, "Content-Length: 5"]),
        head(f"GET {API}poll/events/#x HTTP/1.1", POLL[:1]),
        head(f"GET {API}poll/events/ HTTP/1.1", POLL[1:]),
        head(f"GET {API}poll/events/ HTTP/1.1", ["Host: a/b", POLL[1]]),
        head(f"GET {API}poll/events/ HTTP/1.1", [POLL[0], "Authorization: Basic dDp0"]),
        head(f"POST {API}chats/ HTTP/1.1", [*SEND[:2], "Content-Length: -1"]),
        head(f"POST {API}chats/ HTTP/1.1", SEND[:2]),
    ],
)
def test_another_form_of_request_is_left_to_tornado(request_head: bytes) -> None:
    assert recognise(request_head) is None


def test_a_page_of_another_site_is_left_to_the_handlers_where_other_sites_may_call() -> None:
    assert recognise(send("Origin: https://a.example")) is not None
    assert recognise(send("Origin: https://a.example"), origins=True) is None


@pytest.mark.parametrize("cookie", ["a=b", "theme=dark; chat_session=cht_other", "x" * 8000, "é=1"])
def test_cookies_beside_a_token_change_nothing(cookie: str) -> None:
    found = recognise(send(f"Cookie: {cookie}", "Sec-Fetch-Site: cross-site"), scheme=over_http)
    assert found is not None and (found.token, found.by_cookie) == ("t", False)


def over_http(forwarded_proto: str) -> str:
    return "http"


def by_cookie(*more: str, cookie: str = "a=b; chat_session=cht_x-1; c=d") -> bytes:
    return send(f"Cookie: {cookie}", *more, fields=[SEND[0], SEND[2]])


@pytest.mark.parametrize("page", ["Sec-Fetch-Site: same-origin", "Origin: http://chat.example:8888", ""])
def test_a_session_in_a_cookie_is_taken_from_our_own_page(page: str) -> None:
    found = recognise(by_cookie("X-Requested-With: page", *filter(None, [page])), scheme=over_http)
    assert found is not None and (found.token, found.by_cookie) == ("cht_x-1", True)
    poll = [POLL[0], "Cookie: chat_session=cht_x-1", *filter(None, [page.replace(":8888", "")])]
    found = recognise(head(f"GET {API}poll/events/ HTTP/1.1", poll), scheme=over_http)
    assert found is not None and (found.token, found.by_cookie) == ("cht_x-1", True)


def test_over_https_only_the_cookie_of_https_is_one() -> None:
    both = "chat_session=plain; __Host-chat_session=secure"
    for scheme, token in (("http", "plain"), ("https", "secure")):
        found = recognise(by_cookie("X-Requested-With: page", cookie=both), scheme=lambda told, s=scheme: s)
        assert found is not None and found.token == token
        one = recognise(by_cookie("X-Requested-With: page"), scheme=lambda told, s=scheme: s)
        assert (one is None) == (scheme == "https")


@pytest.mark.parametrize(
    "request_head",
    [
        by_cookie(),
        by_cookie("X-Requested-With:"),
        by_cookie("X-Requested-With: x", "Sec-Fetch-Site: cross-site"),
        by_cookie("X-Requested-With: x", "Sec-Fetch-Site: same-site"),
        by_cookie("X-Requested-With: x", "Sec-Fetch-Site: none"),
        by_cookie("X-Requested-With: x", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: same-origin"),
        by_cookie("X-Requested-With: x", "Origin: https://chat.example:8888"),
        by_cookie("X-Requested-With: x", "Origin: null"),
        by_cookie("X-Requested-With: x", "Authorization:"),
        by_cookie("X-Requested-With: x", "Authorization: Basic dDp0"),
        by_cookie("X-Requested-With: x", "Cookie: chat_session=other"),
        by_cookie("X-Requested-With: x", cookie="a=b"),
        by_cookie("X-Requested-With: x", cookie="chat_session=cht_x; chat_session=cht_y"),
        by_cookie("X-Requested-With: x", cookie='chat_session="cht_x"'),
        by_cookie("X-Requested-With: x", cookie="chat_session="),
        by_cookie("X-Requested-With: x", cookie="chat_session=cht_x; \xa0chat_session=cht_y"),
    ],
)
def test_a_cookie_with_anything_odd_about_it_is_left_to_the_handlers(request_head: bytes) -> None:
    assert recognise(request_head, scheme=over_http) is None


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
)
NAMES = st.sampled_from(["receiver_id", "receiver", "message", "client_id", "attachment", "other"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), st.booleans())
def test_a_body_is_read_as_the_handlers_read_it_or_left_to_them(
    pairs: list[tuple[str, Any]], ascii: bool
) -> None:
    members = ",".join(f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=ascii)}" for name, value in pairs)
    body = f"{{{members}}}".encode("utf-8", "surrogatepass")
    found = text_in(body)
    if found is None:
        return
    wanted, ignored = parse(Send, decode_object(body))
    assert not ignored and wanted.attachment is None and wanted.receiver is None
    assert (found.receiver_id, found.message, found.client_id) == (
        wanted.receiver_id, wanted.message, wanted.client_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b'{"receiver_id":1,"message":"a","message":"b"}',
        b'{"receiver_id":1,"receiver_id":2,"message":"a","client_id":"k"}',
        b'{"receiver_id":1,"message":"\xff"}',
        b'{"receiver_id":1,"message":"a"} x',
        b'{"receiver_id":9007199254740992,"message":"a"}',
        b'{"receiver_id":1.5,"message":"a"}',
        b'{"receiver_id":1,"message":"a","client_id":""}',
        b'{"receiver_id":1,"message":"\\u0000"}',
        b'{"receiver_id":1,"message":"\\ud800"}',
    ],
)
def test_a_body_that_the_handlers_refuse_is_left_to_them(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse(Send, decode_object(body))
    assert text_in(body) is None
