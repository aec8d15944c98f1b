"""F14: whoever may make webhooks and hooks has the server call inner machines, if it lets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.bench.ledger import Row
from tests.support.client import Answer, Client, unique
from tests.support.host import SECRET, by_host, claims_of_host
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.receiver import Receiver
from tests.support.server import ServerProcess
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def closed(mongo: MongoNode) -> Iterator[ServerProcess]:
    """Nothing is allowed: as a server is that nobody configured."""
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("ssrf"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_REGISTRATION": "open",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def chat(closed: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([closed.base])
    yield made
    made.close()


@pytest.fixture
def inner(io_loop: Any) -> Iterator[Receiver]:
    """A service of this machine that nobody outside is to reach."""
    made = Receiver(free_ports(1)[0])
    yield made
    io_loop.run_sync(made.close)


async def call(client: Client, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return await by_host(client, claims_of_host("webhooks"), method, path, body, **more)


def spellings(port: int) -> list[str]:
    return [
        f"http://127.0.0.1:{port}/hook",
        f"http://localhost:{port}/hook",
        f"http://LOCALHOST.:{port}/hook",
        f"http://2130706433:{port}/hook",
        f"http://0x7f000001:{port}/hook",
        f"http://0177.0.0.1:{port}/hook",
        f"http://127.1:{port}/hook",
        f"http://0.0.0.0:{port}/hook",
        f"http://[::1]:{port}/hook",
        f"http://[::ffff:127.0.0.1]:{port}/hook",
        f"http://[::ffff:7f00:1]:{port}/hook",
        f"http://[64:ff9b::7f00:1]:{port}/hook",
        f"http://[2002:7f00:1::]:{port}/hook",
        f"https://127.0.0.1:{port}/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.0.0.192/opc/v2/instance/",
        "https://10.0.0.1/",
    ]


@pytest.mark.gen_test(timeout=240)
@pytest.mark.timeout(300)
async def test_F11_no_spelling_of_an_inner_address_is_called_by_a_webhook(
    chat: Client, inner: Receiver, row: Row
) -> None:
    for url in spellings(inner.port):
        made = await call(chat, "POST", "webhooks/", {"url": url, "events": ["user.erased"]})
        row.saw(made.status, url)
        if made.status != 201:
            continue
        id = made["id"]
        tested = await call(chat, "POST", f"webhooks/{id}/test/")

        async def tried(id: int = id, event_id: str = tested["id"]) -> Any:
            found = await call(chat, "GET", f"webhooks/{id}/deliveries/", query={"id": event_id})
            return found if found["results"][0]["tries"] else None

        shown = await eventually(tried)
        (attempt,) = shown["results"][0]["tries"]
        if attempt["status"] is not None or attempt["error"] not in ("not_allowed", "name"):
            row.violation(f"{url}: {attempt}")
        if "127.0.0.1" in json.dumps(attempt):
            row.violation(f"{url} tells of the network: {attempt}")
        assert (await call(chat, "DELETE", f"webhooks/{id}/")).status == 200
    if inner.came:
        row.violation(f"{len(inner.came)} calls came to the inner service")
    assert row.violations == row.server_errors == 0, row.examples


@pytest.mark.gen_test
async def test_F11_no_spelling_of_an_inner_address_is_called_by_a_hook(
    chat: Client, inner: Receiver, row: Row
) -> None:
    ann, bob = await chat.people("ann", "bob")
    await ann.sent(bob, "before")
    for url in spellings(inner.port):
        made = await call(chat, "PUT", "hooks/pre_send/", {"url": url, "on_failure": "deny"})
        row.saw(made.status, url)
        if made.status not in (200, 201):
            continue
        answer = await ann.send(bob, "is anybody asked?")
        row.saw(answer.status, url)
        if answer.status != 403 or b"127.0.0.1" in answer.body:
            row.violation(f"{url}: {answer}")
    assert (await call(chat, "DELETE", "hooks/pre_send/")).status == 200
    if inner.came:
        row.violation(f"{len(inner.came)} calls came to the inner service")
    assert row.violations == row.server_errors == 0, row.examples
