"""Files: stored exactly, given to members only, and never as something a browser would run."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.multipart import BOUNDARY, multipart
from tests.api.shapes import MESSAGE
from tests.support.client import Answer, Client, unique
from tests.support.waiting import together

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
HTML = b"<html><script>alert(document.domain)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def send(pair: Pair, *files: tuple[str, bytes, str], **fields: str) -> Answer:
    return await pair.ann.post("chats/", **multipart({"receiver_id": str(pair.bob.id), **fields}, *files))


def bare(link: str) -> str:
    """Its path, which needs a token."""
    return urlsplit(link).path


async def count(pair: Pair) -> int:
    return len((await pair.bob.history(pair.ann))["messages"])


@pytest.mark.gen_test
async def test_a_file_is_sent_with_a_message_and_downloaded_unchanged(pair: Pair) -> None:
    answer = await send(pair, ("holiday.png", PNG, "image/png"), message="look", client_id=unique("key"))
    assert answer.status == 201, answer
    assert set(answer.json) == MESSAGE
    assert (answer["message"], answer["attachment_type"]) == ("look", "image/png")
    assert (answer["attachment_name"], answer["attachment_size"]) == ("holiday.png", len(PNG))
    assert answer["attachment"] and answer["attachment_url"]
    (shown, *_) = (await pair.bob.history(pair.ann))["messages"]
    assert bare(shown["attachment_url"]) == bare(answer["attachment_url"])
    event = (await pair.bob.poll()).of("message")[-1]
    assert bare(event["attachment"]) == bare(answer["attachment"])
    assert (event["attachment_url"], event["attachment_type"]) == (event["attachment"], "image/png")
    for member in (pair.ann, pair.bob):
        file = await member.get(bare(answer["attachment_url"]))
        assert (file.status, file.body) == (200, PNG)
        assert file.headers["Content-Type"] == "image/png"
        assert int(file.headers["Content-Length"]) == len(PNG)


@pytest.mark.gen_test
async def test_a_file_needs_no_text_and_shows_in_the_list_of_conversations(pair: Pair) -> None:
    answer = await send(pair, ("holiday.png", PNG, "image/png"))
    assert (answer.status, answer["message"]) == (201, ""), answer
    assert (await pair.bob.conversation_with(pair.ann))["unread_count"] == 3


@pytest.mark.gen_test
async def test_a_repeated_upload_is_one_message_and_another_file_a_conflict(pair: Pair) -> None:
    key = unique("key")
    first = await send(pair, ("a.png", PNG, "image/png"), client_id=key)
    again = await send(pair, ("a.png", PNG, "image/png"), client_id=key)
    assert (first.status, again.status) == (201, 200)
    assert again["id"] == first["id"]
    other = await send(pair, ("a.txt", b"something else", "text/plain"), client_id=key)
    assert_problem(other, 422, "idempotency_conflict")
    assert (await pair.bob.get(first["attachment_url"])).body == PNG
    assert await count(pair) == 4


@pytest.mark.gen_test
async def test_a_file_is_for_members_only_and_does_not_exist_for_others(pair: Pair, client: Client) -> None:
    sent = await send(pair, ("secret.txt", b"between us", "text/plain"))
    (eve,) = await client.people("eve")
    path = bare(sent["attachment_url"])
    assert_problem(await eve.get(path), 404, "not_found")
    assert_problem(await client.call("GET", path), 401, "token_missing")
    without = await pair.bob.get(path.replace(str(sent["id"]), str(pair.messages[0]["id"])))
    assert_problem(without, 404, "not_found")
    unknown = await pair.bob.get(path.replace(str(sent["id"]), str(2**52)))
    assert_problem(unknown, 404, "not_found")


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("name", "content", "kind", "inline"),
    [
        ("real.png", PNG, "image/png", True),
        ("real.png", PNG, "text/html", True),
        ("page.html", HTML, "text/html", False),
        ("vector.svg", SVG, "image/svg+xml", False),
        ("liar.png", HTML, "image/png", False),
        ("liar.gif", SVG, "image/gif", False),
        ("page.xhtml", HTML, "application/xhtml+xml", False),
        ("code.js", b"alert(1)", "text/javascript", False),
        ("odd", b"?", "no type at all", False),
        ("odd", b"?", "text/html\x0b; x", False),
        ("notes.txt", b"notes", "text/plain", False),
        ("nothing.txt", b"", "text/plain", False),
        ("nothing.png", b"", "image/png", False),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "",
)
async def test_only_a_real_image_is_shown_and_all_else_is_downloaded(
    pair: Pair, name: str, content: bytes, kind: str, inline: bool
) -> None:
    sent = await send(pair, (name, content, kind))
    assert sent.status == 201, sent
    file = await pair.bob.get(sent["attachment_url"])
    assert (file.status, file.body) == (200, content)
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Disposition"].split(";")[0] == ("inline" if inline else "attachment")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert not inline or file.headers["Content-Type"] == "image/png"


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\temp\\\\a.txt", "a.txt"),
        ("<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
        ("отчёт 漢字 🙂.txt", "отчёт 漢字 🙂.txt"),
        ("a%0d%0aX-Evil: 1.txt", None),
        ("a;b=c.txt", "a;b=c.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("資料\u3000最終版.docx", "資料\u3000最終版.docx"),
        (".env", ".env"),
        ("my %22quoted%22 pic.png", 'my "quoted" pic.png'),
        ('her \\"quoted\\" pic.png', 'her "quoted" pic.png'),
        ("a%0D%0Ab.txt", "ab.txt"),
        ("100%25 (1)\u00a0«été».txt", "100%25 (1)\u00a0«été».txt"),
        ("e\u0301te\u0301.txt", "e\u0301te\u0301.txt"),
        ("علی\u200cرضا 👩\u200d💻.txt", "علی\u200cرضا 👩\u200d💻.txt"),
        ("\u2066a\u2069\u2028.txt", "a.txt"),
        ("report.", "report."),
        ("\u3164", "file"),
        ("x" * 1000 + ".txt", None),
        ("..", None),
        ("/", None),
    ],
)
async def test_a_file_name_is_only_ever_a_name(pair: Pair, name: str, kept: str | None) -> None:
    sent = await send(pair, (name, b"content", "text/plain"))
    assert sent.status == 201, sent
    shown = sent["attachment_name"]
    assert 0 < len(shown) <= 255
    assert "/" not in shown and "\\" not in shown and ".." not in shown
    assert kept is None or shown == kept
    file = await pair.bob.get(sent["attachment_url"])
    assert (file.status, file.body) == (200, b"content")
    assert "X-Evil" not in file.headers
    assert all(ord(sign) < 127 for sign in file.headers["Content-Disposition"])


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ("filename*=UTF-8''%E8%B3%87%E6%96%99%20%22a%22.docx", '資料 "a".docx'),
        ("filename=\"plain.txt\"; filename*=utf-8'en'na%C3%AFve.txt", "naïve.txt"),
        ("filename*=UTF-8''..%2Fx.txt; filename=plain.txt", "x.txt"),
        ("filename=\"it; filename*=UTF-8''no.txt\"", "it; filename*=UTF-8''no.txt"),
        ("filename=\"plain.txt\"; filename*=latin1''na%EFve.txt", "plain.txt"),
        ("filename*=ISO-8859-1''na%EFve.txt", "naïve.txt"),
        ("FileName*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
        ("filename* = UTF-8''na%C3%AFve.txt", "naïve.txt"),
        ("filename*=UTF-8''Ann's%20notes%20(1)*.txt", "Ann's notes (1)*.txt"),
    ],
)
async def test_a_file_name_in_the_form_for_other_scripts_counts_by_itself_too(
    pair: Pair, parameters: str, kept: str
) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="attachment"; {parameters}\r\n\r\n'
    form = multipart({"receiver_id": str(pair.bob.id)}, end="")
    body = form["body"].removesuffix(f"--{BOUNDARY}\r\n".encode()) + head.encode() + b"content\r\n"
    sent = await pair.ann.post("chats/", body=body + f"--{BOUNDARY}--\r\n".encode(), headers=form["headers"])
    assert (sent.status, sent.json.get("attachment_name")) == (201, kept), sent
    file = await pair.bob.get(sent["attachment_url"])
    assert unquote(file.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]) == kept


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("content", "declared", "kind"),
    [
        (b"MZ,AB\r\n1,2\r\n", "text/csv", "text/csv"),
        (b"MZ,AB\r\n1,2\r\n", "application/vnd.ms-excel", "application/vnd.ms-excel"),
        (b"BM;Gr\xf6\xdfe\r\n", "text/csv", "text/csv"),
        ("MZ,é\n".encode("utf-16"), "text/csv", "text/csv"),
        (b"{\\rtf is how these begin", "text/plain", "text/plain"),
        (b"%!PS is how those begin", "text/plain", "text/plain"),
        (b"MZ,AB\n", "application/octet-stream", "application/octet-stream"),
        (b"MZ\x90\0\x03\0\0\0" + bytes(80), "text/csv", "application/x-msdownload"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/octet-stream", "application/pdf"),
        (b"GIF89a is no picture", "image/gif", "application/octet-stream"),
    ],
)
async def test_a_text_stays_the_text_that_it_is_declared_to_be(
    pair: Pair, content: bytes, declared: str, kind: str
) -> None:
    sent = await send(pair, ("table", content, declared))
    assert (sent.status, sent["attachment_type"]) == (201, kind), sent


@pytest.mark.gen_test
@pytest.mark.parametrize("name", ["file", "nothing.txt", "..", "nothing.png"])
async def test_an_empty_file_is_stored_whatever_its_name(pair: Pair, name: str) -> None:
    sent = await send(pair, (name, b"", "application/octet-stream"))
    assert (sent.status, sent["attachment_size"]) == (201, 0), sent
    file = await pair.bob.get(sent["attachment_url"])
    assert (file.status, file.body) == (200, b"")
    inline = {"receiver_id": pair.bob.id, "attachment": "data:text/plain;base64,"}
    assert (await pair.ann.post("chats/", inline))["attachment_size"] == 0
    nothing_chosen = await send(pair, ("", b"", "application/octet-stream"), message="only words")
    assert (nothing_chosen.status, nothing_chosen["attachment"]) == (201, None)


@pytest.mark.gen_test
async def test_a_file_at_the_limit_is_taken_and_one_above_is_a_413(
    pair: Pair, limits: dict[str, int]
) -> None:
    largest = bytes(range(256)) * (limits["attachment"] // 256)
    form = multipart({"receiver_id": str(pair.bob.id)}, ("a.bin", largest * 3, "application/octet-stream"))
    fits, above, far_above = await together(
        send(pair, ("a.bin", largest, "application/octet-stream")),
        send(pair, ("a.bin", largest + b"x", "application/octet-stream")),
        pair.ann.post("chats/", **form, ask_first=True),
    )
    assert fits.status == 201, fits
    assert (await pair.bob.get(fits["attachment_url"])).body == largest
    assert_problem(above, 413, "payload_too_large")
    assert_problem(far_above, 413, "payload_too_large")
    assert await count(pair) == 4


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("no boundary", {"body": b"x", "headers": {"Content-Type": "multipart/form-data"}}),
    ("empty body", {"body": b"", "headers": {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}}),
    ("only noise", {"body": b"x" * 999, "headers": {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}}),
    ("a boundary too long", {"body": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=" + "x" * 300}}),
    ("ends early", multipart({"receiver_id": "%s", "message": "x"}, end="")),
    ("two files", multipart({"receiver_id": "%s"}, ("a", b"a", "text/plain"), ("b", b"b", "text/plain"))),
    ("many parts", multipart({"receiver_id": "%s", **{f"f{n}": "x" for n in range(500)}})),
    ("no receiver", multipart({"message": "x"}, ("a", b"a", "text/plain"))),
    ("a receiver that is no number", multipart({"receiver_id": "x"}, ("a", b"a", "text/plain"))),
    ("NUL in the message", multipart({"receiver_id": "%s", "message": "a\0b"})),
    ("NUL in the name", multipart({"receiver_id": "%s"}, ("a\0.html", b"a", "text/plain"))),
    ("text for a file", multipart({"receiver_id": "%s", "message": "x", "attachment": "C:/a.txt"})),
    ("message too long", multipart({"receiver_id": "%s", "message": "x" * 4001}, ("a", b"a", "text/plain"))),
]  # fmt: skip


@pytest.mark.gen_test
@pytest.mark.parametrize("request_parts", [parts for _, parts in BROKEN], ids=[name for name, _ in BROKEN])
async def test_a_broken_form_is_refused_and_nothing_of_it_stored(
    pair: Pair, request_parts: dict[str, Any]
) -> None:
    body = request_parts["body"].replace(b"%s", str(pair.bob.id).encode())
    answer = await pair.ann.post("chats/", body=body, headers=request_parts["headers"])
    assert_problem(answer, 400, "validation_error")
    assert answer["errors"], "some field is named"
    assert await count(pair) == 3
