"""What the client signs is good for the server, and what the server signs is good for the client, and nothing else is."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from chatserver_client import Chat, NotTheChat, Refused, Signer, host, person, webhooks
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.client import unique
from tests.support.host import SECRET
from tests.support.ports import free_ports
from tests.support.receiver import Receiver
from tests.support.server import ServerProcess

WEBHOOK = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"type": "message.created", "timestamp": "2026-05-04T09:30:00.000Z", "data": {"id": 7}}'
AT = 1777887000


def signed(body: bytes = BODY, secret: str = WEBHOOK, id: str = "m_7_0", at: int = AT) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"{id}.{at}.".encode() + body, hashlib.sha256)
    return {
        "Webhook-Id": id,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": "v1," + base64.b64encode(signature).decode(),
    }


def test_an_event_is_known_by_its_signature_whatever_else_signed_it_too() -> None:
    fields = signed()
    fields["Webhook-Signature"] = "v1a,abc v1,AAAA " + fields["Webhook-Signature"]
    told = webhooks.check(
        ["whsec_" + base64.b64encode(b"x" * 32).decode(), WEBHOOK], fields, BODY, now=AT + 299
    )
    assert told == {
        "id": "m_7_0",
        "type": "message.created",
        "timestamp": "2026-05-04T09:30:00.000Z",
        "data": {"id": 7},
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Webhook-Id": "m_8_0"}, "no signature fits"),
        ({"Webhook-Id": ""}, "missing"),
        ({"Webhook-Timestamp": str(AT + 1)}, "no signature fits"),
        ({"Webhook-Timestamp": "soon"}, "no time"),
        ({"Webhook-Timestamp": "٣"}, "no time"),
        ({"Webhook-Timestamp": str(AT + 400)}, "too old"),
        ({"Webhook-Signature": "v1,"}, "no signature fits"),
        ({"Webhook-Signature": "v1,é\udc80"}, "no signature fits"),
        ({"Webhook-Signature": "v0," + signed()["Webhook-Signature"][3:]}, "no signature fits"),
        ({"Webhook-Signature": "v1,A " * 8 + signed()["Webhook-Signature"]}, "no signature fits"),
    ],
)
def test_what_the_chat_did_not_sign_is_refused(change: dict[str, str], why: str) -> None:
    with pytest.raises(NotTheChat, match=why):
        webhooks.check(WEBHOOK, signed() | change, BODY, now=AT)


def test_a_changed_body_an_old_event_and_a_signed_riddle_are_refused() -> None:
    with pytest.raises(NotTheChat, match="no signature fits"):
        webhooks.check(WEBHOOK, signed(), BODY + b" ", now=AT)
    for away in (-301, 301):
        with pytest.raises(NotTheChat, match="too old"):
            webhooks.check(WEBHOOK, signed(), BODY, now=AT + away)
    for body in (b"[]", b"{", b'{"type": "x"}', b"\xff"):
        with pytest.raises(NotTheChat, match="no event"):
            webhooks.check(WEBHOOK, signed(body), body, now=AT)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!", "my secret"])
def test_a_secret_that_is_none_is_the_programs_own_mistake(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        webhooks.check(secret, signed(), BODY, now=AT)


@pytest.mark.gen_test
async def test_what_the_server_really_sends_is_accepted_during_a_rotation_too(
    school: ServerProcess, key: str
) -> None:
    receiver, chat = Receiver(free_ports(1)[0]), Chat(school.base, key)

    async def do(call: Any) -> Any:
        return await asyncio.to_thread(chat.do, call)

    made = await do(host.webhooks.create(receiver.url, ["user.created"]))
    try:
        await do(host.users.put(unique("p"), name="Ann"))
        await receiver.until(1)
        later = await do(host.webhooks.rotate_secret(made["id"]))
        await do(host.users.put(unique("p"), name="Bob"))
        one, two = await receiver.until(2)
        assert webhooks.check(made["secret"], one.fields, one.raw)["data"]["user"]["full_name"] == "Ann"
        for secret in (made["secret"], later["secret"]):
            assert webhooks.check(secret, two.fields, two.raw)["id"] == two.id
        with pytest.raises(NotTheChat):
            webhooks.check(later["secret"], one.fields, one.raw)
    finally:
        await do(host.webhooks.delete(made["id"]))
        await receiver.close()


def test_a_token_says_what_it_was_told_and_is_the_same_that_others_would_make(signer: Signer) -> None:
    token = signer.mint("42", name="Zoë", role="pupil", may_contact=["role:teacher"], avatar=None)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="chatserver")
    assert claims.pop("jti") and abs(claims.pop("exp") - time.time() - 300) < 60
    assert claims == {
        "sub": "42", "aud": "chatserver", "name": "Zoë", "role": "pupil", "may_contact": ["role:teacher"], "avatar": None,
    }  # fmt: skip


def test_a_person_is_spoken_for_by_one_token_until_it_is_nearly_over(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.time()
    token = signer.for_person("42", lifetime_secs=1000)
    first = token()
    monkeypatch.setattr("chatserver_client.tokens.time.time", lambda: begun + 890)
    assert token() == first
    monkeypatch.setattr("chatserver_client.tokens.time.time", lambda: begun + 910)
    assert token() != first


def test_a_token_signs_in_and_one_with_a_scope_does_not(school: ServerProcess, signer: Signer) -> None:
    sub = unique("p")
    made = Chat(school.base).do(person.sign_in(signer.mint(sub, name="Zoë")))
    assert made["user"]["full_name"] == "Zoë"
    scoped = signer.mint_scoped(["users:read"])
    assert Chat(school.base, scoped).do(host.users.get(sub))["name"] == "Zoë"
    with pytest.raises(Refused, match="token_invalid"):
        Chat(school.base).do(person.sign_in(scoped))


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: Signer("short"),
        lambda: Signer("-----BEGIN PRIVATE KEY-----", "ES256"),
        lambda: Signer(SECRET).mint(""),
        lambda: Signer(SECRET).mint("42", lifetime_secs=0),
        lambda: Signer(SECRET).mint("42", lifetime_secs=86401),
    ],
)
def test_what_the_server_would_refuse_is_not_signed(mistake: Callable[[], Any]) -> None:
    with pytest.raises(ValueError):
        mistake()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_by_a_key_of_two_halves_signs_in(
    school: ServerProcess, pairs: dict[str, Any], algorithm: Any
) -> None:
    private = pairs[algorithm].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signer = Signer(private, algorithm, kid=algorithm)
    made = Chat(school.base).do(person.sign_in(signer.mint(unique("p"), name="Zoë")))
    assert made["user"]["full_name"] == "Zoë"
