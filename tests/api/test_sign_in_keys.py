"""The application signs with several keys, each with one algorithm; some in files, some at an address of its."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.api.conftest import assert_problem
from tests.api.test_host import part
from tests.support import contract
from tests.support.client import Answer, Client, Device, unique
from tests.support.host import SECRET, device, sign_in, signed
from tests.support.jwks import MAKERS, JwksHost, jwk, pem
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.server import ServerProcess
from tests.support.waiting import together

OTHER_SECRET = "another secret, in a file, of more than 32 bytes"
KEYS = {name: make() for name, make in MAKERS.items()}
PUBLISHED = {kid: MAKERS["ES256"]() for kid in ("new", "newer")}


@pytest.fixture(scope="module")
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def keyed(port: int, mongo: MongoNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("keys")
    (folder / "HS256").write_text(OTHER_SECRET + "\n")
    for name, key in KEYS.items():
        (folder / name).write_bytes(pem(key))
    named = [f"{name.lower()}-1:{name}:{folder / name}" for name in ("HS256", *KEYS)]
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("keyed"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_HOST_KEYS": ", ".join([*named, f"ES256:http://127.0.0.1:{port}/jwks.json"]),
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def host(port: int, io_loop: Any) -> Iterator[JwksHost]:
    made = JwksHost(port)
    made.keys = [jwk("ES256", kid, key) for kid, key in PUBLISHED.items()]
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture
def school(keyed: ServerProcess, host: JwksHost, io_loop: Any) -> Iterator[Client]:
    made = Client([keyed.base], check=contract.check)

    async def known() -> None:
        assert (await sign_in(made, by(PUBLISHED["new"], "ES256", "new"))).status == 200

    io_loop.run_sync(known)
    yield made
    made.close()


def by(key: Any, algorithm: str, kid: str | None, **claims: Any) -> str:
    given = {"sub": unique("sub"), "aud": "chatserver", "exp": int(time.time()) + 600, **claims}
    return jwt.encode(given, key, algorithm, headers={"kid": kid} if kid else None)


async def patch_me(person: Device, change: dict[str, str]) -> Answer:
    return await person.client.call("PATCH", "users/me/", token=person.token, json_body=change)


@pytest.mark.gen_test
@pytest.mark.parametrize("algorithm", ["HS256", *KEYS])
async def test_each_key_signs_people_in_by_its_own_algorithm(school: Client, algorithm: str) -> None:
    token = by(KEYS.get(algorithm, OTHER_SECRET), algorithm, f"{algorithm.lower()}-1", name="Ann")
    assert (await sign_in(school, token))["user"]["full_name"] == "Ann"
    by_itself = await school.call("GET", "users/me/", headers={"Authorization": f"Bearer {token}"})
    assert by_itself["user"]["full_name"] == "Ann"
    for other in ("hs256-1", *(f"{name.lower()}-1" for name in KEYS), "new", "unknown", None):
        if other != f"{algorithm.lower()}-1":
            token = by(KEYS.get(algorithm, OTHER_SECRET), algorithm, other)
            assert_problem(await sign_in(school, token), 401, "token_invalid")


@pytest.mark.gen_test
async def test_a_token_without_a_kid_or_with_one_of_its_own_is_still_good_by_the_secret(
    school: Client,
) -> None:
    assert (await sign_in(school, signed(sub=unique("sub")))).status == 200
    assert (await sign_in(school, by(SECRET, "HS256", "mine"))).status == 200
    assert_problem(await sign_in(school, by(SECRET, "HS256", "hs256-1")), 401, "token_invalid")


@pytest.mark.gen_test
async def test_6_no_public_key_is_taken_for_a_secret_and_no_algorithm_is_believed(school: Client) -> None:
    for name, key in [*KEYS.items(), ("ES256", PUBLISHED["new"])]:
        kid = "new" if key is PUBLISHED["new"] else f"{name.lower()}-1"
        # By hand: the library refuses to sign with what looks like a public key.
        for secret in (pem(key), pem(key).strip()):
            head, body, _ = by("x" * 32, "HS256", kid).split(".")
            signature = part(hmac.digest(secret, f"{head}.{body}".encode(), "sha256"))
            assert_problem(await sign_in(school, f"{head}.{body}.{signature}"), 401, "token_invalid")
        none = jwt.encode(
            {"sub": "1", "aud": "chatserver", "exp": int(time.time()) + 60}, None, "none", {"kid": kid}
        )
        assert_problem(await sign_in(school, none), 401, "token_invalid")
        stranger = MAKERS[name]()
        assert_problem(await sign_in(school, by(stranger, name, kid)), 401, "token_invalid")
    for header in ({"jku": "http://127.0.0.1/x"}, {"jwk": jwk("ES256", "new", MAKERS["ES256"]())}):
        token = jwt.encode(
            {"sub": "1", "aud": "chatserver", "exp": int(time.time()) + 60},
            MAKERS["ES256"](),
            "ES256",
            headers={"kid": "new", **header},
        )
        assert_problem(await sign_in(school, token), 401, "token_invalid")


@pytest.mark.gen_test
async def test_6_a_flood_of_unknown_kids_asks_the_application_at_most_once(
    school: Client, host: JwksHost
) -> None:
    before = host.asked
    tokens = [by(PUBLISHED["new"], "ES256", unique("kid")) for _ in range(100)]
    answers = await together(*(sign_in(school, token) for token in tokens))
    assert {answer.status for answer in answers} == {401}
    assert host.asked - before <= 1


@pytest.mark.gen_test
async def test_6_while_the_application_is_away_its_known_keys_go_on_counting(
    school: Client, host: JwksHost
) -> None:
    await host.close()
    answers = await together(*(sign_in(school, by(PUBLISHED["newer"], "ES256", "newer")) for _ in range(4)))
    assert {answer.status for answer in answers} == {200}


@pytest.mark.gen_test
async def test_the_claims_make_the_profile_and_only_the_host_changes_it(school: Client) -> None:
    sub, picture = unique("sub"), "https://school.example.org/7.png"
    claims = {
        "name": "Ann",
        "avatar": picture,
        "email": "ann@example.org",
        "locale": "de-AT",
        "role": "pupil",
    }
    ann = device(school, await sign_in(school, signed(sub=sub, **claims, may_contact=["role:teacher"])))
    assert (ann.user["full_name"], ann.user["avatar"]) == ("Ann", picture)
    for change in ({"full_name": "The Headmaster"}, {"avatar": ""}, {"avatar": "https://example.org/x.png"}):
        told = assert_problem(await patch_me(ann, change), 403, "forbidden")
        assert next(iter(change)) in told["detail"]
    assert (await patch_me(ann, {}))["user"] == ann.user
    again = await sign_in(school, by(SECRET, "HS256", None, sub=sub, avatar=None))
    assert (again["user"]["full_name"], again["user"]["avatar"]) == ("Ann", None)
    with_password = await school.call("GET", "server/")
    assert with_password["sign_in"]["registration"] == "off"


@pytest.mark.gen_test
async def test_a_claim_that_cannot_be_is_named_at_a_sign_in_and_left_out_of_a_call(school: Client) -> None:
    for name, wrong in (
        ("avatar", "javascript:alert(1)"),
        ("avatar", 7),
        ("avatar", "https://school.example.org/\ud800.png"),
        ("avatar", "https://school.example.org/\0.png"),
        ("email", "nobody"),
        ("email", "\ud800@school.example.org"),
        ("locale", "the language of my mother"),
        ("role", "a b"),
        ("role", ["admin"]),
        ("may_contact", {"$ne": 1}),
        ("may_contact", ["x"] * 201),
        ("may_contact", [7]),
    ):
        token = signed(sub=unique("sub"), **{"name": "Ann", name: wrong})
        assert_problem(await sign_in(school, token), 400, "validation_error", name)
        called = await school.call("GET", "users/me/", headers={"Authorization": f"Bearer {token}"})
        assert (called["user"]["full_name"], called["user"]["avatar"]) == ("Ann", None)
