"""The files of the page."""

from __future__ import annotations

import gzip
import re
import urllib.error
import urllib.request

import pytest

from handlers.assets import Assets


def fetch(url: str, **headers: str) -> tuple[dict[str, str], bytes]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        return dict(answer.headers), answer.read()


def test_versioned_files_are_kept_for_ever_and_go_out_compressed_to_those_who_can_read_it(server):
    _, page = fetch(server.base + "/")
    found = re.search(rb"/static/v-[0-9a-f]+/css/tokens\.css", page)
    assert found is not None
    url = server.base + found[0].decode()

    plain_headers, plain = fetch(url)
    headers, body = fetch(url, **{"Accept-Encoding": "gzip"})

    assert headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain_headers
    assert gzip.decompress(body) == plain and len(body) < len(plain)
    assert headers["Content-Type"] == plain_headers["Content-Type"] == "text/css"
    assert "immutable" in headers["Cache-Control"] and headers["Vary"] == "Accept-Encoding"


def test_unversioned_files_are_asked_about_every_time(server):
    headers, _ = fetch(server.base + "/static/css/tokens.css")

    assert headers["Cache-Control"] == "no-cache" and "Etag" in headers


def test_a_page_of_another_release_still_finds_what_it_fetches_late_and_keeps_none_of_it(server):
    headers, body = fetch(server.base + "/static/v-0123456789abcdef/js/elements/chat-sign-in.js")

    assert headers["Cache-Control"] == "no-cache"
    assert body == fetch(server.base + "/static/js/elements/chat-sign-in.js")[1]


SPELLINGS = [
    "js/main.js",
    "./js/main.js",
    "js//main.js",
    "js/./main.js",
    "./././js/../js/main.js",
    "css/../js/main.js",
]


def test_a_file_is_found_by_every_spelling_of_its_path(server):
    _, page = fetch(server.base + "/")
    version = re.search(rb"/static/v-[0-9a-f]+/", page)[0].decode()
    headers, body = fetch(server.base + version + "js/main.js")

    for path in [*SPELLINGS, "js/%6dain.js", "js/%2e/main.js"]:
        other, same = fetch(server.base + version + path.replace("..", "%2e%2e"))
        packed, compressed = fetch(
            server.base + version + path.replace("..", "%2e%2e"), **{"Accept-Encoding": "gzip"}
        )
        assert same == gzip.decompress(compressed) == body, path
        assert other["Content-Type"] == packed["Content-Type"] == headers["Content-Type"]
        assert packed["Content-Encoding"] == "gzip"


def test_endless_spellings_of_a_file_leave_one_compressed_copy(tmp_path):
    for name in ("js/a.js", "b.css", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text " * 100)
    outside = tmp_path.parent / "outside.js"
    outside.write_text("secret")
    assets = Assets(tmp_path)

    kept = assets.compressed("js/a.js")
    assert gzip.decompress(kept) == b"text " * 100
    for number in range(200):
        assert assets.compressed("./" * number + "js/../js/a.js") is kept, "made once, and not per spelling"
    assert assets.compressed("js/a.js/") is kept
    for path in ("c.png", "js", "js/none.js", "../outside.js", str(outside), "", ".", "a\0.js"):
        assert assets.compressed(path) is None, path


def refusal(url, data=None, method="GET"):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=10)
    refused.value.close()
    return refused.value.code


def test_paths_that_lead_to_no_file_are_an_ordinary_404(server):
    for path in ("../run.py", "js/none.js", "x" * 5000, "js/" + "./" * 4000 + "main.js"):
        assert refusal(f"{server.base}/static/{path}") in (403, 404), path


def test_files_take_no_body(server):
    for method in ("GET", "POST"):
        assert refusal(f"{server.base}/static/js/main.js", b"a=b", method) == 413
