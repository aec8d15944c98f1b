"""deploy/nginx.conf and deploy/haproxy.cfg, with the real programs between client and server."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.event_stream import open_stream
from tests.support.ports import free_ports
from tests.support.proxy import Proxy, program
from tests.support.server import ServerProcess
from tests.support.stream import KeptConnection
from tests.support.waiting import GENEROUS_SECS, eventually, held

HOLD_SECS = 5.5
# nginx tells the server that a client went away, long before this poll would end. HAProxy does not: the poll runs out.
ABANDONED = {"nginx": ("poll/events/?wait=50", 40.0), "haproxy": ("poll/events/", GENEROUS_SECS)}


class Watched(ServerProcess):
    """A server whose metrics can be read."""

    def __init__(self) -> None:
        super().__init__(env={"CHATSERVER_TRUSTED_PROXIES": "127.0.0.1"})
        (self.admin_port,) = free_ports(1)
        self.arguments += ["--admin-port", str(self.admin_port)]

    def held_polls(self) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=60) as answer:
            found = re.search(r"^chat_held_polls (\S+)$", answer.read().decode(), re.MULTILINE)
        assert found
        return float(found[1])


@pytest.fixture(scope="module")
def behind() -> Iterator[Watched]:
    made = Watched()
    made.start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def proxy(request: pytest.FixtureRequest, behind: Watched) -> Iterator[Proxy]:
    if program(request.param) is None:
        pytest.skip(f"{request.param} is not installed: scripts/prepare test")
    made = Proxy(request.param, behind.port).start()
    yield made
    made.stop()


@pytest.fixture
def client(proxy: Proxy, io_loop: Any) -> Iterator[Client]:
    made = Client([proxy.base])
    yield made
    made.close()


@pytest.mark.gen_test
async def test_a_whole_poll_passes_and_ends_empty(client: Client) -> None:
    ann = await client.sign_up("ann")

    answer = await ann.poll()

    assert answer.status == 200 and answer.events == []
    assert answer.took > HOLD_SECS - 0.2


@pytest.mark.gen_test
async def test_a_send_wakes_a_poll_through_the_proxy(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    poll = await held(bob.next(wait=45))

    await ann.sent(bob, "wake up")
    answer = await poll

    assert [message["message"] for message in answer.of("message")] == ["wake up"]


@pytest.mark.gen_test
async def test_a_client_that_goes_away_does_not_leave_its_poll_behind(
    proxy: Proxy, behind: Watched, client: Client
) -> None:
    ann = await client.sign_up("ann")
    await eventually(lambda: behind.held_polls() == 0)
    path, within = ABANDONED[proxy.kind]
    connection = KeptConnection("127.0.0.1", proxy.port)
    await connection.start("GET", path, ann.token)
    await eventually(lambda: behind.held_polls() == 1)

    connection.close()

    await eventually(lambda: behind.held_polls() == 0, within=within)


@pytest.mark.gen_test
async def test_the_events_of_a_stream_pass_one_by_one_as_they_happen(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    async with await open_stream(bob) as stream:
        told = await stream.event()
        assert (stream.headers["Content-Type"], told.name) == ("text/event-stream", "connected")
        for number in range(5):  # each is waited for: one that a proxy keeps back would never come
            await ann.sent(bob, str(number))
            assert [message["message"] for message in await stream.until(1)] == [str(number)]
        heartbeat = await stream.event(but=())
        assert heartbeat.name == "heartbeat"


@pytest.mark.gen_test
async def test_a_client_that_goes_away_does_not_leave_its_stream_behind(
    behind: Watched, client: Client
) -> None:
    ann = await client.sign_up("ann")
    await eventually(lambda: behind.held_polls() == 0)
    stream = await open_stream(ann)
    await eventually(lambda: behind.held_polls() == 1)

    stream.close()

    await eventually(lambda: behind.held_polls() == 0)


@pytest.mark.gen_test
async def test_an_attachment_of_ten_megabytes_passes_and_a_larger_one_is_refused_by_the_server(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")

    def form(size: int) -> dict[str, Any]:
        edge = "edge-of-a-part"
        part = f'--{edge}\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
        head = part % ("receiver_id", "") + f"{bob.id}\r\n"
        head += part % ("attachment", '; filename="notes.txt"')
        body = head.encode() + b"x" * size + f"\r\n--{edge}--\r\n".encode()
        return {"body": body, "headers": {"Content-Type": f"multipart/form-data; boundary={edge}"}}

    accepted = await ann.post("chats/", **form(10 * 1024 * 1024))
    refused = await ann.post("chats/", **form(10 * 1024 * 1024 + 1))

    assert accepted.status == 201, accepted
    assert refused.status == 413 and refused["code"] == "payload_too_large", refused


@pytest.mark.gen_test
async def test_only_a_proxy_that_is_named_can_say_that_the_client_came_by_https(
    behind: Watched, server: ServerProcess, proxy: Proxy, io_loop: Any
) -> None:
    client = Client([behind.base, server.base, proxy.base])
    told = {"X-Forwarded-Proto": "https", "X-Scheme": "https", "X-Forwarded-For": "203.0.113.9"}
    seen = {
        base: "Strict-Transport-Security"
        in (await client.call("GET", "server/", headers=told, base=base)).headers
        for base in client.bases
    }
    client.close()
    assert seen == {behind.base: True, server.base: False, proxy.base: False}


@pytest.mark.gen_test
async def test_a_token_in_a_query_is_in_no_log_of_the_proxy(proxy: Proxy, client: Client) -> None:
    ann = await client.sign_up("ann")
    with_token = {"token": ann.token, "wait": 0}
    polled = await client.call("GET", "poll/events/", query=with_token)
    refused = await client.call(
        "GET", "nothing/", query=with_token, headers={"Referer": f"http://chat/?token={ann.token}"}
    )

    assert (polled.status, refused.status) == (200, 404)
    if proxy.kind == "nginx":
        await eventually(lambda: "GET /api/v1/communication/nothing/ 404" in proxy.logs())
    assert ann.token not in proxy.logs()
