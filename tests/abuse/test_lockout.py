"""F7 from the other side: wrong passwords and floods that are meant to keep others out, or to fill the place."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import HOST_SECRET, Victim, running
from tests.support.client import PASSWORD, Answer, Client, unique
from tests.support.host import signed
from tests.support.mongo import MongoNode

HERE = "198.51.100.7"
SITE, PROVIDER, TOTAL = 6, 12, 20
STRICT = {
    "CHATSERVER_RATE_LIMITS": "on",
    "CHATSERVER_TRUSTED_PROXIES": "127.0.0.1",
    "CHATSERVER_LOGIN_RATE": "5/5 minutes",
    "CHATSERVER_LOGIN_ACCOUNT_RATE": "20/5 minutes",
    "CHATSERVER_LOGIN_ADDRESS_RATE": "300/5 minutes",
    "CHATSERVER_REGISTER_RATE": "3/hour",
    "CHATSERVER_REGISTER_SITE_RATE": f"{SITE}/hour",
    "CHATSERVER_REGISTER_PROVIDER_RATE": f"{PROVIDER}/hour",
    "CHATSERVER_REGISTER_TOTAL_RATE": f"{TOTAL}/hour",
    "CHATSERVER_HOST_RATE": "5/hour",
    "CHATSERVER_HOST_ADDRESS_RATE": "12/hour",
}


@pytest.fixture
def strict(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo, env=STRICT) as made:
        yield made


@pytest.fixture
def client(strict: Victim, io_loop: Any) -> Iterator[Client]:
    made = Client([strict.base])
    yield made
    made.close()


async def login(client: Client, name: str, password: str, address: str, **headers: str) -> Answer:
    body = {"username": name, "password": password}
    headers["X-Forwarded-For"] = address
    return await client.call("POST", "auth/login/", json_body=body, headers=headers)


def cookie_of(answer: Answer) -> str:
    (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert morsel["httponly"] and morsel["samesite"] == "Strict"
    return f"{morsel.key}={morsel.value}"


async def lock(client: Client, row: Row, name: str) -> None:
    """Wrong passwords from ever new addresses until those are refused."""
    for number in range(sized(25, 100)):
        answer = await login(client, name, f"guess {number}", f"203.0.113.{number}")
        row.saw(answer.status, "a guess", retry_after="Retry-After" in answer.headers)
    assert answer.status == 429, answer


@pytest.mark.gen_test(timeout=300)
async def test_F7_nobody_is_locked_out_of_where_they_signed_in_before(
    strict: Victim, client: Client, row: Row
) -> None:
    (ann,) = await client.people("ann")
    own_page = {"Sec-Fetch-Site": "same-origin"}
    assert (await login(client, ann.username, PASSWORD, HERE)).status == 200
    assert (await login(client, ann.username, PASSWORD, "2001:db8:7:7::1")).status == 200
    browser = await login(client, ann.username, PASSWORD, "192.0.2.1", **own_page)
    await lock(client, row, ann.username)

    async def comes_in(why: str, address: str, **headers: str) -> None:
        answer = await login(client, ann.username, PASSWORD, address, **headers)
        row.saw(answer.status, why)
        if answer.status != 200:
            row.violation(f"the owner was locked out {why}: {answer}")

    await comes_in("at a known address", HERE)
    await comes_in("at a known address, written as IPv6", f"::ffff:{HERE}")
    await comes_in("elsewhere in a known network", "2001:db8:7:7:abcd::2")
    cookie = cookie_of(browser) if "Set-Cookie" in browser.headers else "none=given"
    for number in range(6):
        await comes_in("in a known browser on the move", f"192.0.2.{number + 10}", Cookie=cookie, **own_page)
    changed = await ann.post("users/me/password/", {"password": PASSWORD, "new_password": "something else 7"})
    row.saw(changed.status)
    if changed.status != 200:
        row.violation(f"who is signed in cannot change the password: {changed}")
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F7_a_thief_at_a_known_address_or_with_a_made_up_device_gets_a_few_tries(
    strict: Victim, client: Client, row: Row
) -> None:
    (ann,) = await client.people("ann")
    (eve,) = await client.people("eve")
    own_page = {"Sec-Fetch-Site": "same-origin"}
    cookie = cookie_of(await login(client, ann.username, PASSWORD, HERE, **own_page))
    name, value = cookie.split("=")
    hers = cookie_of(await login(client, eve.username, PASSWORD, "192.0.2.9", **own_page))

    async def tries(address: str, **headers: str) -> list[int]:
        answers = [await login(client, ann.username, f"guess {n}", address, **headers) for n in range(8)]
        for answer in answers:
            row.saw(answer.status, "a guess", retry_after="Retry-After" in answer.headers)
        return [answer.status for answer in answers]

    few = [401] * 5 + [429] * 3
    assert await tries(HERE) == few
    assert await tries(f"::ffff:{HERE}") == [429] * 8, "the same address in another spelling"
    assert await tries(f"::FFFF:{HERE}") == [429] * 8
    assert await tries("192.0.2.50", Cookie=cookie, **own_page) == few, "a stolen device"
    assert await tries("192.0.2.51", Cookie=cookie, **own_page) == [429] * 8, "wherever it is shown"
    await lock(client, row, ann.username)
    for made_up in (
        f"{name}={'a' * 43}",
        f"{name}=",
        f"{name}={'x' * 4000}",
        hers,
        f"{name}={hers.split('=')[1]}",
    ):
        answer = await login(client, ann.username, PASSWORD, "192.0.2.60", Cookie=made_up, **own_page)
        row.saw(answer.status, "a made-up device", retry_after="Retry-After" in answer.headers)
        if answer.status != 429:
            row.leak(f"{made_up[:60]} passed for a known device: {answer}")
    # What somebody put into the browser before is not taken over.
    (carl,) = await client.people("carl")
    planted = (
        f"{cookie_of(await login(client, carl.username, PASSWORD, HERE, **own_page)).split('=')[0]}={value}"
    )
    answer = await login(client, carl.username, PASSWORD, HERE, Cookie=planted, **own_page)
    assert answer.status == 200 and value not in answer.headers["Set-Cookie"]
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F7_what_is_remembered_of_an_account_is_bounded(
    strict: Victim, client: Client, row: Row
) -> None:
    (ann,) = await client.people("ann")
    for number in range(sized(25, 60)):
        answer = await login(
            client, ann.username, PASSWORD, f"192.0.2.{number}", **{"Sec-Fetch-Site": "same-origin"}
        )
        row.saw(answer.status)
    with strict.collection("known_callers") as known:
        (document,) = known.find()
        assert len(document["addresses"]) == len(document["devices"]) == 20
        assert "192.0.2" not in str(document) and ann.username not in str(document)
    assert (
        await client.call("DELETE", "users/me/", token=ann.token, json_body={"password": PASSWORD})
    ).status == 200
    with strict.collection("known_callers") as known:
        assert not known.count_documents({})
    row.assert_clean()


async def register(client: Client, row: Row, address: str) -> Answer:
    body = {"username": unique("new"), "password": PASSWORD}
    answer = await client.call("POST", "auth/register/", json_body=body, headers={"X-Forwarded-For": address})
    row.saw(answer.status, "an account", retry_after="Retry-After" in answer.headers)
    if answer.status != 201 and (answer.status != 429 or int(answer.headers.get("Retry-After", 0)) < 1):
        row.violation(f"{answer.status} {dict(answer.headers.get_all())}")
    return answer


@pytest.mark.gen_test(timeout=300)
async def test_F7_accounts_from_ever_new_networks_are_bounded_as_a_whole(
    strict: Victim, client: Client, row: Row
) -> None:
    async def made(addresses: list[str]) -> int:
        return sum([(await register(client, row, address)).status == 201 for address in addresses])

    assert await made([f"2001:db8:1:{n:x}::1" for n in range(SITE + 4)]) == SITE, "one /48"
    assert await made([f"2001:db8:{n + 2:x}::1" for n in range(PROVIDER)]) == PROVIDER - SITE, "one /32"
    # Who is refused in a narrow network takes nothing from all others.
    assert await made(["198.51.100.1"] * 40) == 3
    left = TOTAL - PROVIDER - 3
    assert await made([f"2a{n:02x}:db8::1" for n in range(left + 5)]) == left, "all together"
    assert (await register(client, row, "198.51.100.2")).status == 429
    guest = await client.call("POST", "auth/guest/", json_body={}, headers={"X-Forwarded-For": "2a90::1"})
    assert guest.status == 429, "guests are accounts too"
    assert (await register(client, row, "127.0.0.1")).status == 201, "but an exempt address is not counted"
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F7_sign_ins_by_the_host_are_bounded_by_user_and_by_address(
    strict: Victim, client: Client, row: Row
) -> None:
    async def sign_in(token: str, address: str) -> Answer:
        answer = await client.call(
            "POST", "auth/host/", json_body={"token": token}, headers={"X-Forwarded-For": address}
        )
        row.saw(answer.status, "a sign-in by the host", retry_after="Retry-After" in answer.headers)
        return answer

    token = signed(HOST_SECRET, sub=unique("sub"))
    answers = [await sign_in(token, f"192.0.2.{number}") for number in range(8)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) >= 1
    many = [await sign_in(signed(HOST_SECRET, sub=unique("sub")), HERE) for _ in range(15)]
    assert [answer.status for answer in many] == [200] * 12 + [429] * 3
    there = "192.0.2.77"
    refused = [await sign_in("not a token", there) for _ in range(15)]
    assert [answer.status for answer in refused] == [401] * 12 + [429] * 3
    assert (await sign_in(signed(HOST_SECRET, sub=unique("sub")), there)).status == 200, "not kept out"
    row.assert_clean()
