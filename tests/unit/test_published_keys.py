"""Keys at an address of the host: fresh for ten minutes, good for a day while it is away, looked for once a minute."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatserver.errors import EX_CONFIG, StartupError, Unavailable
from chatserver.guard.sign_in_keys import MOST_KEYS, keys_in, named
from chatserver.services.sign_in_keys import AGAIN_SECS, FRESH_SECS, STALE_SECS, PublishedKeys
from chatserver.settings import load
from tests.support.clock import SkippingClock
from tests.support.jwks import MAKERS, jwk, pem

KEY = MAKERS["ES256"]()


class There:
    """What stands at the address, or an error."""

    def __init__(self, *kids: str) -> None:
        self.asked = 0
        self.is_away = False
        self.stands(*kids)

    def stands(self, *kids: str) -> None:
        self.content = json.dumps({"keys": [jwk("ES256", kid, KEY) for kid in kids]}).encode()

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("nobody takes the connection")
        return self.content


async def is_known(keys: PublishedKeys, kid: str) -> bool:
    return await keys.key(kid) is not None


@pytest.mark.gen_test
async def test_6_many_who_ask_at_once_look_once_and_a_withdrawn_key_counts_until_the_next_look() -> None:
    there, clock = There("a"), SkippingClock()
    keys = PublishedKeys("ES256", there, clock)
    assert all(await asyncio.gather(*(is_known(keys, "a") for _ in range(50))))
    clock.skip(FRESH_SECS - 1)
    assert await is_known(keys, "a")
    assert there.asked == 1
    clock.skip(2)
    there.stands("b")
    assert not await is_known(keys, "a"), "what was withdrawn counts no more"
    assert await is_known(keys, "b") and there.asked == 2


@pytest.mark.gen_test
async def test_6_an_unknown_kid_looks_again_once_a_minute() -> None:
    there, clock = There("a"), SkippingClock()
    keys = PublishedKeys("ES256", there, clock)
    assert await is_known(keys, "a")
    for number in range(100):
        assert not await is_known(keys, f"unknown {number}")
    assert there.asked == 1
    clock.skip(AGAIN_SECS + 1)
    there.stands("a", "rotated")
    assert await is_known(keys, "rotated") and there.asked == 2


@pytest.mark.gen_test
async def test_6_while_the_address_is_away_its_last_keys_count_for_a_day() -> None:
    there, clock = There("a"), SkippingClock()
    keys = PublishedKeys("ES256", there, clock)
    assert await is_known(keys, "a")
    there.is_away = True
    clock.skip(3600)
    for _ in range(10):
        assert await is_known(keys, "a")
    with pytest.raises(Unavailable):
        await keys.key("b")
    assert there.asked == 2, "and is not asked at every sign-in"
    clock.skip(STALE_SECS)
    with pytest.raises(Unavailable):
        await keys.key("a")
    there.is_away = False
    clock.skip(AGAIN_SECS + 1)
    assert await is_known(keys, "a")


def test_of_what_stands_there_only_public_keys_for_the_algorithm_count() -> None:
    secret = {"kty": "oct", "k": "eA", "kid": "secret", "alg": "HS256"}
    private = {**json.loads(json.dumps(jwk("ES256", "private", KEY))), "d": "AQ"}
    listed = [
        jwk("ES256", "good", KEY),
        {**jwk("ES256", "silent", KEY), "alg": "ES256"},
        secret,
        {**secret, "alg": "ES256"},
        private,
        jwk("ES256", "for encryption", KEY, use="enc"),
        jwk("RS256", "of another kind", MAKERS["RS256"]()),
        {**jwk("RS256", "in disguise", MAKERS["RS256"]()), "alg": "ES256"},
        {**jwk("ES256", "x", KEY), "kid": ["x"]},
        {**jwk("ES256", "x", KEY), "x": 7},
        7,
        None,
    ]
    assert set(keys_in(json.dumps({"keys": listed}).encode(), "ES256")) == {"good", "silent"}
    many = {"keys": [jwk("ES256", str(number), KEY) for number in range(50)]}
    assert len(keys_in(json.dumps(many).encode(), "ES256")) == MOST_KEYS


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"keys": 7}', b"[" * 60_000])
def test_what_is_no_jwks_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="no JWKS"):
        keys_in(content, "ES256")


@pytest.mark.parametrize(
    "setting",
    [
        "key.pem",
        "a:none:/k.pem",
        "a:HS512:/k.pem",
        "HS256:https://a.example/jwks.json",
        "a b:RS256:/k",
        "RS256:ftp://a",
    ],
)
def test_a_key_whose_algorithm_is_not_said_is_refused(setting: str) -> None:
    with pytest.raises(StartupError) as told:
        load({"host_keys": setting}, {})
    assert "host-keys" in str(told.value)


def test_a_file_that_is_no_key_for_its_algorithm_is_refused_in_one_line(tmp_path: Any) -> None:
    (tmp_path / "rsa.pem").write_bytes(pem(MAKERS["RS256"]()))
    (tmp_path / "short").write_bytes(b"short")
    keys, addresses = named((f"a:RS256:{tmp_path}/rsa.pem", "ES256:https://a.example/jwks.json"))
    assert set(keys) == {"a"} and [one.algorithm for one in addresses] == ["ES256"]
    for setting in (
        f"a:ES256:{tmp_path}/rsa.pem",
        f"a:EdDSA:{tmp_path}/short",
        f"a:HS256:{tmp_path}/short",
        f"a:RS256:{tmp_path}/nowhere.pem",
    ):
        with pytest.raises(StartupError) as told:
            named((setting,))
        assert told.value.exit_code == EX_CONFIG and "--host-keys: a: " in str(told.value)
    with pytest.raises(StartupError, match="twice"):
        named((f"a:RS256:{tmp_path}/rsa.pem",) * 2)
