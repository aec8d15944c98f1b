"""What stands in the broker, and how a bell finds its way: one direct exchange, one queue per node, a key per user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from chatserver.errors import EX_CONFIG, StartupError
from chatserver.model import Bell

# Followed by the name of the installation: ids count from 1 in every database, so that the bells of another one on the
# same broker would ring for our people, with what theirs wrote.
EXCHANGE = "chat.events"
EVERY_NODE = "all"
BELL_TTL_SECS = 10

# A node that is stuck must fill neither the broker's memory nor, later, its own day: old bells go first.
# Classic by name, because a vhost's default may be another type: an exclusive queue dies with its connection, so that
# replicas of it are of no use, and mirrors (`ha-*` policies, up to 3.13) cost every bell a round through the cluster.
QUEUE_ARGUMENTS: dict[str, Any] = {
    "x-queue-type": "classic",
    "x-max-length": 10_000,
    "x-overflow": "drop-head",
    "x-message-ttl": BELL_TTL_SECS * 1000,
}

# In the header table a key costs its own bytes, a type octet and four octets of length.
_KEY_OVERHEAD_BYTES = 5


def user_key(user_id: int) -> str:
    return f"u.{user_id}"


def probe_key(node: str) -> str:
    return f"n.{node}"


def keys_of(bell: Bell) -> tuple[str, ...]:
    return tuple(user_key(id) for id in bell.user_ids) or (EVERY_NODE,)


def publishes(keys: Sequence[str], header_bytes: int) -> Iterator[tuple[str, list[str]]]:
    """(routing key, further keys) of each publish it takes: one, unless the further keys outgrow `header_bytes`."""
    first, size = keys[0], 0
    others: list[str] = []
    for key in keys[1:]:
        cost = len(key) + _KEY_OVERHEAD_BYTES
        if size + cost > header_bytes:
            yield first, others
            first, others, size = key, [], 0
        else:
            others.append(key)
            size += cost
    yield first, others


def parse_urls(urls: str) -> list[str]:
    """The brokers named in a comma-separated list; StartupError if one cannot be right. Shows no part of an address."""
    found = [url.strip() for url in urls.split(",")]
    for number, url in enumerate(found, start=1):
        if problem := _problem(url):
            raise wrong_url(number, problem)
    return found


def wrong_url(number: int, problem: str) -> StartupError:
    return StartupError(
        f"CHATSERVER_AMQP_URL, address {number}: {problem}. Write amqp://user:password@host:5672/vhost "
        "(amqps:// for TLS), special characters in user, password and vhost percent-encoded, "
        "several addresses separated by commas.",
        EX_CONFIG,
    )


def _problem(url: str) -> str | None:
    if not url:
        return "it is empty"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "host or port cannot be read"
    if parts.scheme not in ("amqp", "amqps"):
        return "it does not begin with amqp:// or amqps://"
    if not parts.hostname:
        return "the host is missing"
    if port == 0:
        return "port 0 is no port"
    if parts.username is not None and parts.password is None:
        return "the user has no password"
    if parts.path.count("/") > 1 or parts.fragment:
        return "the vhost holds a '/' or '#' that is not percent-encoded"
    return None
