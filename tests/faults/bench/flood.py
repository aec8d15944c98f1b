"""Thousands of bells of a kind that no node knows, straight into one queue: `python -m … URL QUEUE COUNT`."""

from __future__ import annotations

import sys

import pika

from chatserver.bus.bell_bytes import encode
from chatserver.model import Bell


def flood(url: str, queue: str, count: int) -> None:
    body = encode(Bell("flood", (), {"weight": "x" * 2000}), "elsewhere")
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for _ in range(count):
        channel.basic_publish("", queue, body)
    connection.close()


if __name__ == "__main__":
    flood(sys.argv[1], sys.argv[2], int(sys.argv[3]))
