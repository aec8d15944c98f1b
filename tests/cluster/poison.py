"""What an exchange may carry that is no bell of ours: noise, giants, other programs' messages, forged bells."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pika

from chatserver.bus import topology

GIANT_BYTES = 2 << 20


def pour(url: str, exchange: str, count: int, user_ids: list[int], seed: int) -> None:
    """`count` of them, to these users and to every node, as fast as the broker takes them."""
    keys = [topology.EVERY_NODE, *(topology.user_key(id) for id in user_ids)]
    source = random.Random(seed)
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for number, (body, headers) in zip(range(count), _bodies(source, user_ids), strict=False):
        properties = pika.BasicProperties(headers=headers)
        channel.basic_publish(exchange, keys[number % len(keys)], body, properties)
    connection.close()


def _bodies(source: random.Random, user_ids: list[int]) -> Iterator[tuple[bytes, dict[str, object]]]:
    kinds = (
        "message",
        "inbox",
        "session",
        "supersede",
        "disconnect",
        "typing",
        "presence",
        "nodes",
        "unheard of",
    )
    number = 0
    while True:
        number += 1
        yield source.randbytes(source.randrange(1, 400)), {}
        yield b"[" * source.randrange(1, 5_000), {"x": "y" * 1_000}
        yield (
            json.dumps({"event": "order.created", "id": number}).encode(),
            {"content-type": "application/json"},
        )
        forged = {
            "v": 1,
            "node": "stranger",
            "kind": source.choice(kinds),
            "user_ids": user_ids,
            "body": {"id": "x"},
        }
        yield json.dumps(forged).encode(), {}
        yield json.dumps({**forged, "v": source.choice([0, 2, "1", None])}).encode(), {}
        if number % 40 == 0:
            yield source.randbytes(GIANT_BYTES), {}
