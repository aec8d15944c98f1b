"""Pictures as files, made for tests."""

from __future__ import annotations

import zlib


def png(width: int = 2, height: int = 2, color: int = 0, more: int = 0) -> bytes:
    """Of one grey, with so many bytes that are no picture."""
    head = width.to_bytes(4) + height.to_bytes(4) + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress((b"\x00" + bytes([color]) * width) * height)
    parts = [(b"IHDR", head), (b"tEXt", b"a\x00" + b"b" * more), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
