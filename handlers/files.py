"""What an uploaded file is called, and what it is."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

import filetype
from python_multipart.multipart import parse_options_header

from chatserver.visible import TURNING, has_something_to_see

NAME_CHARS = 200
ENDING_CHARS = 20
UNKNOWN = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}", re.ASCII)
# Taken as it comes: many who write it leave signs alone that RFC 8187 wants escaped.
_EXTENDED = re.compile(rb"((?i:utf-8|iso-8859-1))'[A-Za-z0-9-]{0,40}'([\x21-\x7e]{0,4000})")
_EXTENDED_FIELD = re.compile(rb"(?i:filename\*)[ \t]{0,9}=")
# Browsers escape these three in a name, and nothing else (the HTML standard's encoding of forms).
_ESCAPED = {b"%22": b'"', b"%0D": b"\r", b"%0A": b"\n"}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # what no encoding of texts but UTF-16 has
_TEXTS = re.compile(
    r"text/.{0,64}|.{0,129}[/+](?:json|xml|javascript|csv|yaml|sql|x-sh)|application/vnd\.ms-excel"
)
_WRITTEN = {"application/pdf", "application/rtf", "application/postscript"}  # these begin as a text does


def part_options(header: bytes) -> dict[bytes, bytes]:
    """What a Content-Disposition says of a part. `filename` is among it when the part is a file, though maybe empty."""
    _, options = parse_options_header(header)
    if b"filename" in options:
        for escaped, sign in _ESCAPED.items():
            options[b"filename"] = options[b"filename"].replace(escaped, sign)
    if b"*" in header:
        # The parser leaves out names as RFC 5987 writes them. Who sends both kinds sends the other for old servers.
        _, renamed = parse_options_header(_EXTENDED_FIELD.sub(b"filename-extended=", header))
        if extended := _EXTENDED.fullmatch(renamed.get(b"filename-extended", b"")):
            name = unquote_to_bytes(extended[2])
            is_utf8 = extended[1].lower() == b"utf-8"
            options[b"filename"] = name if is_utf8 else name.decode("latin-1").encode()
    return options


def file_name(given: str) -> str:
    """As it is, but for what could do harm: it is the last part of a path, without control and direction characters.

    `file` when nothing is left to see.
    """
    last = re.split(r"[/\\]", given)[-1]
    kept = "".join(c for c in last if c not in TURNING and unicodedata.category(c) not in ("Cc", "Zl", "Zp"))
    if kept in (".", "..") or not has_something_to_see(kept):
        return "file"
    if len(kept) <= NAME_CHARS:
        return kept
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) >= ENDING_CHARS:
        return kept[:NAME_CHARS]
    return f"{stem[: NAME_CHARS - len(ending) - 1]}.{ending}"


def content_type(head: bytes, declared: str) -> str:
    """What the bytes say; else what the sender says, if that is a type at all.

    Of a text, bytes say little: `MZ,AB` begins a table as well as a program.
    """
    declared = declared.lower()
    if not _TYPE.fullmatch(declared):
        declared = UNKNOWN
    guessed = filetype.guess_mime(head)
    if guessed and (_NO_TEXT.search(head) or (guessed in _WRITTEN and not _TEXTS.fullmatch(declared))):
        return str(guessed)
    if declared.startswith("image/") and declared != "image/svg+xml":
        return UNKNOWN  # says image, is none
    return declared
