"""Who may register: with an application around the chat nobody, unless it is said otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatserver.errors import StartupError
from chatserver.settings import Settings, load
from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.client import PASSWORD, Client, unique
from tests.support.command import chatserver
from tests.support.host import SECRET, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess


@pytest.fixture(scope="module", params=["auto", "invite"])
def closed(request: pytest.FixtureRequest, mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_URI": mongo.uri,
        "CHATSERVER_MONGODB_DATABASE": unique("closed"),
        "CHATSERVER_HOST_SECRET": SECRET,
    }
    if request.param != "auto":
        env["CHATSERVER_REGISTRATION"] = request.param
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def client(closed: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([closed.base], check=contract.check)
    yield made
    made.close()


@pytest.mark.gen_test
async def test_where_it_is_closed_nobody_registers_but_all_other_ways_in_stay(
    closed: ServerProcess, client: Client
) -> None:
    told = (await client.call("GET", "server/"))["sign_in"]["registration"]
    assert told == closed.env.get("CHATSERVER_REGISTRATION", "off")
    refused = assert_problem(await client.register(unique("ann")), 403, "forbidden")
    assert ("invitation" in refused["detail"]) == (told == "invite"), refused
    page = (await client.call("GET", "/")).body.decode()
    assert f'data-registration="{told}"' in page
    assert (await sign_in(client, signed(sub=unique("sub")))).status == 200
    name = unique("ann")
    added = chatserver("user", "add", name, "--password-stdin", "--json", env=closed.env, input=PASSWORD)
    assert added.code == 0, added
    ann = device(client, await client.login(name))
    assert ann.username == name


def test_registration_is_open_until_there_is_a_host() -> None:
    assert Settings().who_registers == "open"
    assert Settings(host_secret=SECRET).who_registers == "off"
    assert Settings(host_secret=SECRET, registration="open").who_registers == "open"
    assert Settings(registration="off").who_registers == "off"
    with pytest.raises(StartupError, match=r"registration.*none of"):
        load({"registration": "perhaps"}, {})
