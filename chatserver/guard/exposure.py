"""What a server in production must not do by accident: talk, or be talked to, in the clear beyond this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from chatserver import mongodb_uri
from chatserver.errors import EX_CONFIG, StartupError
from chatserver.settings import FIELDS, PREFIX, Settings

OVERRIDE = "--allow-insecure accepts all of this"


def check(settings: Settings) -> None:
    """Raises StartupError when `production` is set and something is open, unless that is allowed."""
    if settings.production and not settings.allow_insecure:
        problems = list(_problems(settings))
        if problems:
            raise StartupError(f"not fit for production: {'; '.join(problems)} ({OVERRIDE})", EX_CONFIG)


def secrets_in_sight(flags: Mapping[str, str | None]) -> Iterator[str]:
    """A line with the cure for each secret among the flags: whoever has an account here may read them by `ps`."""
    for name, value in flags.items():
        if value and name in FIELDS and FIELDS[name].metadata["secret"] and _holds_secret(name, value):
            yield (
                f"--{name.replace('_', '-')} shows its secret to everybody who calls `ps` on this machine; give it as"
                f" {PREFIX}{name.upper()}, or in the file that --config names"
            )


def _holds_secret(name: str, value: str) -> bool:
    """An address without a user, such as that of a socket, is none."""
    return not name.endswith(("_uri", "_url")) or "@" in value or "password" in value.lower()


def _problems(settings: Settings) -> Iterator[str]:
    public = not is_this_machine(settings.host)
    if public and not settings.tls_cert and not settings.trusted_proxies:
        yield (
            f"--host {settings.host} serves without TLS; set --tls-cert and --tls-key,"
            " or --trusted-proxies to the proxy that ends TLS"
        )
    if public and not settings.mongodb_uri:
        yield (
            f"the embedded database behind a public address ({settings.host}); set --mongodb-uri,"
            " or --host 127.0.0.1 behind a proxy"
        )
    if settings.mongodb_uri and (host := _in_the_clear_to_mongodb(settings.mongodb_uri)):
        yield f"--mongodb-uri talks to {host} without TLS; add tls=true to its options"
    for url in settings.amqp_url.split(","):
        parts = urlsplit(url.strip())
        if parts.scheme == "amqp" and not is_this_machine(parts.hostname or ""):
            yield f"--amqp-url talks to {parts.hostname} without TLS; write amqps://"
    asked = urlsplit(settings.token_url)
    if asked.scheme == "http" and not is_this_machine(asked.hostname or ""):
        yield f"--token-url sends tokens to {asked.hostname} without TLS; write https://"
    for key in settings.host_keys:
        asked = urlsplit(key.partition(":")[2])
        if asked.scheme == "http" and not is_this_machine(asked.hostname or ""):
            yield f"--host-keys takes keys from {asked.hostname} without TLS; write https://"
    if settings.failpoints:
        yield "failpoints are for tests; take CHATSERVER_FAILPOINTS away"


def is_this_machine(host: str) -> bool:
    """Whether nobody elsewhere can be at, or come from, this address. A name other than localhost may be anywhere."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _in_the_clear_to_mongodb(uri: str) -> str | None:
    """The first host elsewhere that a URI without TLS names. Sockets in the file system are here."""
    if mongodb_uri.over_tls(uri):
        return None
    for address in mongodb_uri.parts(uri).hosts.split(","):
        host = address[: address.find("]") + 1] if address.startswith("[") else address.partition(":")[0]
        if not (host.lower().endswith(".sock") or is_this_machine(host)):
            return host
    return None
