"""A download that broke goes on where it was, and what a client has is not sent again."""

from __future__ import annotations

import hashlib
import random
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.multipart import multipart
from tests.support.client import Answer, Client

# Longer than the pieces it is stored in (255 KiB), and nowhere like itself.
FILE = random.Random(7).randbytes(600_000)
SIZE = len(FILE)
ETAG = f'"{hashlib.sha256(FILE).hexdigest()}"'


@pytest.fixture(params=["with a token", "by a link"])
def path(request: pytest.FixtureRequest, pair: Pair, io_loop: Any) -> str:
    async def send() -> str:
        form = multipart({"receiver_id": str(pair.bob.id)}, ("film.bin", FILE, "application/octet-stream"))
        answer = await pair.ann.post("chats/", **form)
        assert answer.status == 201, answer
        link = str(answer["attachment_url"])
        return link if request.param == "by a link" else urlsplit(link).path

    made: str = io_loop.run_sync(send)
    return made


async def ask(pair: Pair, path: str, **fields: str) -> Answer:
    """A link comes without a token."""
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    token = None if "?" in path else pair.bob.token
    return await pair.bob.client.call("GET", path, token=token, headers=headers)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=261119-261121", 261_119, 261_122),  # over the seam of two pieces
        ("bytes=261120-261120", 261_120, 261_121),
        ("bytes=522239-", 522_239, SIZE),
        ("bytes=100000-550000", 100_000, 550_001),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=599990-{SIZE * 2}", 599_990, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-300000", 300_000, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        ("BYTES=5-6", 5, 7),
    ],
)
async def test_a_part_is_given_exactly(pair: Pair, path: str, asked: str, start: int, end: int) -> None:
    part = await ask(pair, path, Range=asked)

    assert part.status == 206, part.headers
    assert part.body == FILE[start:end]
    assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert int(part.headers["Content-Length"]) == end - start
    assert (part.headers["ETag"], part.headers["Accept-Ranges"]) == (ETAG, "bytes")
    assert "sandbox" in part.headers["Content-Security-Policy"]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,5-6", "bytes=5-4", "bytes=-", "bytes", "bytes=a-b", "items=0-1", "bytes=1", "bytes=+1-2"],
)
async def test_what_asks_for_no_single_part_gets_the_whole_file(pair: Pair, path: str, asked: str) -> None:
    whole = await ask(pair, path, Range=asked)
    assert (whole.status, whole.body) == (200, FILE)
    assert "Content-Range" not in whole.headers and whole.headers["ETag"] == ETAG


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0", f"bytes={'9' * 19}-"]
)
async def test_a_part_that_is_not_there_is_a_416_that_says_how_long_the_file_is(
    pair: Pair, path: str, asked: str
) -> None:
    refused = await ask(pair, path, Range=asked)
    assert_problem(refused, 416, "range_not_satisfiable")
    assert refused.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.gen_test
async def test_a_broken_download_goes_on_if_the_file_is_still_the_same(pair: Pair, path: str) -> None:
    rest = await ask(pair, path, Range="bytes=400000-", If_Range=ETAG)
    assert (rest.status, rest.body) == (206, FILE[400_000:])
    for other in ('"another"', f"W/{ETAG}", "Fri, 01 Jan 2100 00:00:00 GMT"):
        whole = await ask(pair, path, Range="bytes=400000-", If_Range=other)
        assert (whole.status, whole.body) == (200, FILE), other


@pytest.mark.gen_test
async def test_what_a_client_has_already_is_a_304(pair: Pair, path: str) -> None:
    for known in (ETAG, f"W/{ETAG}", f'"another", {ETAG}', "*"):
        answer = await ask(pair, path, If_None_Match=known, Range="bytes=0-5")
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", ETAG), known
        assert "Content-Length" not in answer.headers or answer.headers["Content-Length"] == "0"
    for unknown in ('"another"', ETAG.strip('"')):
        assert (await ask(pair, path, If_None_Match=unknown)).status == 200


@pytest.mark.gen_test
async def test_no_part_and_no_304_is_for_strangers_or_of_what_was_deleted(
    pair: Pair, path: str, client: Client
) -> None:
    (eve,) = await client.people("eve")
    for fields in ({"Range": "bytes=0-5"}, {"If-None-Match": ETAG}, {"If-None-Match": "*"}):
        for_members = urlsplit(path).path
        assert_problem(await eve.get(for_members, headers=fields), 404, "not_found")
        assert (await client.call("GET", for_members, headers=fields)).status == 401
    message_id = (await pair.bob.history(pair.ann))["messages"][0]["id"]
    deleted = await client.call("DELETE", f"chats/message/{message_id}/", token=pair.ann.token)
    assert deleted.status == 200, deleted
    assert_problem(await ask(pair, path, If_None_Match=ETAG), 404, "not_found")


@pytest.mark.gen_test
async def test_head_of_a_file_says_how_long_it_is_and_that_parts_may_be_asked_for(
    pair: Pair, path: str, client: Client
) -> None:
    head = await client.call("HEAD", path, token=pair.bob.token, headers={"Range": "bytes=0-5"})
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == SIZE
    assert (head.headers["ETag"], head.headers["Accept-Ranges"]) == (ETAG, "bytes")
    assert head.headers["Content-Disposition"].endswith("film.bin")


@pytest.mark.gen_test
async def test_an_empty_file_has_no_parts(pair: Pair) -> None:
    form = multipart({"receiver_id": str(pair.bob.id)}, ("nothing.txt", b"", "text/plain"))
    sent = await pair.ann.post("chats/", **form)
    whole = await ask(pair, sent["attachment_url"])
    assert (whole.status, whole.body) == (200, b"")
    assert_problem(await ask(pair, sent["attachment_url"], Range="bytes=0-"), 416, "range_not_satisfiable")
