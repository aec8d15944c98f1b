"""A bell as bytes and back. Whatever comes from outside is checked here, and nowhere else."""

from __future__ import annotations

from typing import Any

import msgspec

from chatserver.model import Bell
from chatserver.wire import message_hint

VERSION = 1


class _Envelope(msgspec.Struct):
    v: int
    node: str
    kind: str
    user_ids: tuple[int, ...]
    body: dict[str, Any]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)


def encode(bell: Bell, node: str) -> bytes:
    """`node` is who rings: it has heard its own bell already."""
    body = bell.body if bell.message is None else message_hint(bell.message)
    return _encoder.encode(_Envelope(VERSION, node, bell.kind, bell.user_ids, body))


def decode(raw: bytes) -> tuple[str, Bell]:
    """The ringing node and its bell; ValueError for anything that is not one of ours."""
    try:
        envelope = _decoder.decode(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if envelope.v != VERSION:
        raise ValueError(f"bell version {envelope.v}, not {VERSION}")
    return envelope.node, Bell(envelope.kind, envelope.user_ids, envelope.body)
