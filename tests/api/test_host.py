"""Sign-in by the application around the chat, guests, and the page for its frames."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import ORIGIN, assert_problem
from tests.support import contract
from tests.support.client import Client, unique
from tests.support.host import LIFETIME_SECS, SECRET, SHOP, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import together


@pytest.mark.gen_test
async def test_the_host_signs_its_user_in_and_later_sign_ins_find_the_same_account(shop: Client) -> None:
    sub = unique("sub")
    first = await sign_in(shop, signed(sub=sub, name="Ann Arden"))
    assert first.status == 200, first
    assert set(first.json) == {"token", "user", "session"}
    assert first["user"]["full_name"] == "Ann Arden"
    for nameless in (None, "", "  "):
        again = await sign_in(shop, signed(sub=sub, name=nameless))
        assert again["user"] == first["user"], "without a name the known one stays"
    renamed = await sign_in(shop, signed(sub=sub, name="Ann Berg"))
    assert (renamed["user"]["id"], renamed["user"]["full_name"]) == (first["user"]["id"], "Ann Berg")
    ann = device(shop, first)
    assert (await ann.get("users/me/"))["user"]["full_name"] == "Ann Berg"
    bob = device(shop, await sign_in(shop, signed(sub=unique("sub"))))
    await bob.here()
    await ann.sent(bob, "hello")
    assert [m["sender_name"] for m in await bob.until(1)] == ["Ann Berg"]


@pytest.mark.gen_test
async def test_whoever_has_no_name_yet_is_shown_by_the_hosts_own_id(shop: Client) -> None:
    for nameless in (None, "", "  "):
        sub = unique("sub")
        assert (await sign_in(shop, signed(sub=sub, name=nameless)))["user"]["full_name"] == sub
        assert (await sign_in(shop, signed(sub=sub, name="Ann Arden")))["user"]["full_name"] == "Ann Arden"
    unshown = await sign_in(shop, signed(sub=unique("\u202e")))
    assert unshown["user"]["full_name"] == "User", "an id that would turn the text around it"


@pytest.mark.gen_test
async def test_sign_ins_at_the_same_moment_meet_in_one_account(shop: Client) -> None:
    sub = unique("sub")
    answers = await together(*(sign_in(shop, signed(sub=sub, name="Twelve tabs")) for _ in range(12)))
    assert {answer.status for answer in answers} == {200}, answers
    assert len({answer["user"]["id"] for answer in answers}) == 1
    assert len({answer["token"] for answer in answers}) == 12


@pytest.mark.gen_test
async def test_nobody_can_register_or_sign_in_as_a_user_of_the_host(shop: Client) -> None:
    username = (await sign_in(shop, signed(sub=unique("sub"))))["user"]["username"]
    assert_problem(await shop.register(username), 400, "validation_error", "username")
    for password in ("", "        ", "correct horse battery staple"):
        assert_problem(await shop.login(username, password), 401, "token_invalid")


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def by_hand(header: dict[str, Any], claims: Any, signature: bytes | None = None) -> str:
    """Signed with the right key unless told otherwise: what no library would make."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    start = f"{part(json.dumps(header).encode())}.{part(body)}"
    if signature is None:
        signature = hmac.digest(SECRET.encode(), start.encode(), "sha256")
    return f"{start}.{part(signature)}"


GOOD = {"sub": "42", "aud": "chatserver", "exp": int(time.time()) + LIFETIME_SECS}
REFUSED = {
    "another key": signed("another key of the host that is long enough"),
    "another algorithm": signed(SECRET * 2, "HS512"),
    "no algorithm": by_hand({"alg": "none"}, GOOD, b""),
    "no algorithm, loudly": by_hand({"alg": "NoNe"}, GOOD),
    "a critical header": by_hand({"alg": "HS256", "crit": ["x"]}, GOOD),
    "expired": signed(exp=int(time.time()) - 60),
    "for ever": signed(exp=None),
    "for longer than a day": signed(exp=int(time.time()) + 90_000),
    "until infinity": signed(exp=float("inf")),
    "not yet": signed(nbf=int(time.time()) + LIFETIME_SECS // 2),
    "for somebody else": signed(aud="another"),
    "for nobody": signed(aud=None),
    "without a user": signed(sub=None),
    "an empty user": signed(sub=""),
    "a number as user": by_hand({"alg": "HS256"}, {**GOOD, "sub": 42}),
    "a user too long": signed(sub="x" * 201),
    "a user with NUL": signed(sub="a\0b"),
    "half a surrogate": signed(sub="\ud800"),
    "no text as name": signed(name=["x"]),
    "not a token": "not.a.token",
    "nothing": "",
    "dots": "....",
    "deep claims": by_hand({"alg": "HS256"}, b"[" * 9000),
    "a deep header": part(b"[" * 9000) + ".e30.e30",
    "no JSON": by_hand({"alg": "HS256"}, b"\xff\xfe"),
    "beyond ASCII": "é.ü.ß",
}


@pytest.mark.gen_test
@pytest.mark.parametrize("why", REFUSED)
async def test_a_token_that_is_not_the_hosts_for_now_is_refused(shop: Client, why: str) -> None:
    answer = await sign_in(shop, REFUSED[why])
    problem = assert_problem(answer, 401, "token_invalid")
    assert SECRET not in problem["detail"]


@pytest.mark.gen_test
async def test_a_name_that_cannot_be_shown_is_a_400(shop: Client) -> None:
    for name in ("\u202e", "x" * 101):
        answer = await sign_in(shop, signed(sub=unique("sub"), name=name))
        assert_problem(answer, 400, "validation_error", "name")


@pytest.mark.gen_test
async def test_guests_come_in_each_as_somebody_new(shop: Client) -> None:
    first = await shop.call("POST", "auth/guest/", json_body={"full_name": "Gus"})
    second = await shop.call("POST", "auth/guest/", json_body={})
    assert (first.status, first["user"]["full_name"], second.status) == (201, "Gus", 201)
    one, other = device(shop, first), device(shop, second)
    assert one.id != other.id
    await other.here()
    await one.sent(other, "hello")
    assert [m["sender_name"] for m in await other.until(1)] == ["Gus"]
    assert_problem(await shop.login(one.username), 401, "token_invalid")


@pytest.mark.gen_test
async def test_a_guest_finds_whom_they_can_name_and_lists_nobody(shop: Client) -> None:
    (helper,) = await shop.people("helper")
    guest = device(shop, await shop.call("POST", "auth/guest/", json_body={}))
    for asked, found in (("", []), (helper.username[:-1], []), (helper.username.upper(), [helper.id])):
        answer = await guest.get(f"users/?search={asked}")
        assert [user["id"] for user in answer["users"]] == found, asked


@pytest.mark.gen_test
async def test_both_are_off_unless_set_and_the_server_tells(client: Client, shop: Client) -> None:
    assert (await client.call("GET", "server/"))["sign_in"] == {
        "host": False,
        "host_tokens": False,
        "guests": False,
        "registration": "open",
    }
    assert (await shop.call("GET", "server/"))["sign_in"] == {
        "host": True,
        "host_tokens": True,
        "guests": True,
        "registration": "open",
    }
    for path, body in (("auth/host/", {"token": signed()}), ("auth/guest/", {})):
        assert_problem(await client.call("POST", path, json_body=body), 403, "forbidden")


@pytest.mark.gen_test
async def test_the_page_for_frames_names_who_may_frame_it(client: Client, shop: Client) -> None:
    for asked, ancestors in ((client, "'none'"), (shop, f"{SHOP} http://localhost:3000")):
        for path in ("/embed", "/embed/"):
            answer = await asked.call("GET", path)
            assert answer.status == 200, answer
            policy = answer.headers["Content-Security-Policy"].split("; ")
            assert f"frame-ancestors {ancestors}" in policy
            assert {"default-src 'none'", "script-src 'self'"} <= set(policy)
        assert "frame-ancestors 'none'" in (await asked.call("GET", "/")).headers["Content-Security-Policy"]
    assert f'data-origins="{SHOP} http://localhost:3000"'.encode() in answer.body


@pytest.mark.gen_test
async def test_other_origins_may_edit_and_delete_and_load_the_element(shop: Client) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    answer = await shop.call("OPTIONS", "chats/message/8388609/", headers=asked)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    module = await shop.call("GET", "/static/js/client/index.js", headers={"Origin": SHOP})
    assert (module.status, module.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert module.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("scope", ["notifications", "openid notifications", " notifications"])
@pytest.mark.gen_test
async def test_a_token_for_notifications_signs_nobody_in(shop: Client, scope: str) -> None:
    answer = await sign_in(shop, signed(sub=unique("sub"), scope=scope))
    assert_problem(answer, 401, "token_invalid")
    assert (await sign_in(shop, signed(sub=unique("sub"), scope="openid profile"))).status == 200


@pytest.mark.gen_test
async def test_sessions_of_a_user_of_the_host_are_bounded_and_the_oldest_ends(few_sessions: Client) -> None:
    token = signed(sub=unique("sub"))
    made = [device(few_sessions, await sign_in(few_sessions, token)) for _ in range(5)]
    answers = [await one.get("users/me/") for one in made]
    assert [answer.status for answer in answers] == [401] * 2 + [200] * 3
    assert len((await made[-1].get("auth/sessions/"))["sessions"]) == 3
    assert (await few_sessions.call("GET", "server/"))["limits"]["person_sessions"] == 3


@pytest.fixture(scope="module")
def few_sessions_server(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("sessions"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_PERSON_SESSIONS": "3",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def few_sessions(few_sessions_server: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([few_sessions_server.base], check=contract.check)
    yield made
    made.close()
