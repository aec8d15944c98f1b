"""The files of the page."""

from __future__ import annotations

import gzip
import re
import urllib.request


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
