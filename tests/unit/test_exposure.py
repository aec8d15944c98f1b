"""What a server in production refuses to do by accident, and whose word about a client's address counts."""

from __future__ import annotations

import pytest

from chatserver.errors import EX_CONFIG, StartupError
from chatserver.guard import exposure
from chatserver.settings import load
from handlers.connections.forwarded import TrustedProxies

PUBLIC = {"host": "0.0.0.0"}
TLS = {"tls_cert": "cert.pem", "tls_key": "key.pem"}
OWN = {"mongodb_uri": "mongodb://db1.example/?tls=true"}

SAFE = [
    {},
    {"host": "localhost"},
    {"host": "::1"},
    {**PUBLIC, **TLS, **OWN},
    {**PUBLIC, "trusted_proxies": "10.0.0.0/8", **OWN},
    {"mongodb_uri": "mongodb://127.0.0.1:27017,[::1]:27018,%2Ftmp%2Fmongodb-27017.sock/chat"},
    {"mongodb_uri": "mongodb+srv://ann:p%40ss@cluster.example/"},
    {"mongodb_uri": "mongodb://ann:secret@db1,db2/chat?replicaSet=rs0&ssl=true"},
    {"amqp_url": "amqp://guest:guest@localhost/, amqps://ann:secret@mq.example/"},
]
OPEN = [
    (PUBLIC, ["--host 0.0.0.0 serves without TLS", "embedded database"]),
    ({"host": ""}, ["serves without TLS", "embedded database"]),
    ({"host": "192.0.2.7", **OWN}, ["--host 192.0.2.7 serves without TLS"]),
    ({**PUBLIC, **TLS}, ["embedded database"]),
    ({"mongodb_uri": "mongodb://ann:secret@localhost,db2.example/"}, ["db2.example without TLS"]),
    ({"mongodb_uri": "mongodb+srv://ann:secret@db.example/?tls=false"}, ["db.example without TLS"]),
    ({"mongodb_uri": "mongodb://[2001:db8::1]:27017/"}, ["[2001:db8::1] without TLS"]),
    ({"amqp_url": "amqps://a:b@mq1/,amqp://ann:secret@mq2/"}, ["mq2 without TLS"]),
    ({"failpoints": "after_append=kill"}, ["failpoints are for tests"]),
]


@pytest.mark.parametrize("given", SAFE)
def test_what_stays_on_this_machine_or_is_encrypted_may_start_in_production(given: dict[str, str]) -> None:
    exposure.check(load({**given, "production": "true"}, {}))


@pytest.mark.parametrize(("given", "told"), OPEN)
def test_in_production_what_is_open_is_refused_in_one_line_with_the_cure(
    given: dict[str, str], told: list[str]
) -> None:
    with pytest.raises(StartupError) as refused:
        exposure.check(load({**given, "production": "true"}, {}))
    line = str(refused.value)
    assert refused.value.exit_code == EX_CONFIG
    assert "\n" not in line and "secret" not in line
    assert all(part in line for part in told), line
    assert "--allow-insecure" in line

    exposure.check(load(given, {}))
    exposure.check(load({**given, "production": "true", "allow_insecure": "true"}, {}))


PROXIES = TrustedProxies(("10.0.0.0/8", "192.0.2.1", "2001:db8::/32"))
CLIENT = "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        (CLIENT, "", CLIENT),
        (CLIENT, "198.51.100.1", CLIENT),  # says so itself
        ("10.1.2.3", CLIENT, CLIENT),
        ("::ffff:10.1.2.3", CLIENT, CLIENT),
        ("2001:db8::5", "2001:db8:1::9, 2001:db9::7", "2001:db9::7"),
        ("10.1.2.3", f"198.51.100.1, {CLIENT}", CLIENT),  # the first is what the client wrote
        ("10.1.2.3", f"{CLIENT}, 192.0.2.1, 10.9.9.9", CLIENT),
        ("10.1.2.3", f"{CLIENT}, 192.0.2.2, 10.9.9.9", "192.0.2.2"),
        ("10.1.2.3", "10.4.4.4", "10.4.4.4"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "unknown", "10.1.2.3"),
        ("10.1.2.3", f"{CLIENT}, nonsense, 10.9.9.9", "10.9.9.9"),
        ("10.1.2.3", "127.0.0.1\t,", "10.1.2.3"),
    ],
)
def test_a_forwarded_address_is_believed_as_far_as_every_hop_is_named(
    peer: str, forwarded_for: str, client: str
) -> None:
    assert PROXIES.client(peer, forwarded_for) == client


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.0/33", "10.0.0"])
def test_a_proxy_that_is_no_address_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(StartupError, match="neither an address nor a network"):
        load({"trusted_proxies": text}, {})
