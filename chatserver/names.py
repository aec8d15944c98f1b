"""What people may be called: something that others see as it is meant."""

from __future__ import annotations

import re
import unicodedata

from chatserver.errors import Invalid
from chatserver.visible import INVISIBLE, TURNING, code_points, has_something_to_see
from chatserver.words import bounded

FULL_NAME_CHARS = 100
MOST_CHARS = 10 * FULL_NAME_CHARS  # before it is normalized
MARKS = 4  # on one letter: what any spelling needs
_REFUSED = TURNING | {"\u200b", "\u2060", "\ufeff"}
_BREAKS = "\t\n\v\f\r\x85"
# Scripts whose letters change with their neighbours: Arabic and its like, Indic ones, Burmese, Khmer, Mongolian.
_JOINING = code_points("0600-109F 1780-18AF 1A20-1CFF A800-ABFF FB50-FDFF FE70-FEFC 10A00-11FFF 1E900-1E95F")
_FLAG, _TAGS = "\U0001f3f4", range(0xE0020, 0xE0080)  # flags of regions are spelled out behind a black one


def shown_name(name: str, field: str = "full_name") -> str:
    """As it is stored: NFC, on one line, trimmed, without format characters that its spelling does not need.

    Raises Invalid for what shows nothing, is too long, or would make a mess of the text around it.
    """
    unfit = Invalid.field(field, f"must have 1 to {FULL_NAME_CHARS} visible characters")
    if len(name) > MOST_CHARS:
        raise unfit
    for sign in name:
        if sign in _REFUSED or (sign not in _BREAKS and unicodedata.category(sign) == "Cc"):
            raise Invalid.field(field, f"must not contain U+{ord(sign):04X}, which nobody sees")
    spelled = unicodedata.normalize("NFC", bounded(name))
    kept = " ".join("".join(s for at, s in enumerate(spelled) if _belongs(spelled, at)).split())
    if _most_marks(kept) > MARKS:
        raise Invalid.field(field, f"must have at most {MARKS} marks on one letter")
    letters = "".join(sign for sign in kept if not unicodedata.category(sign).startswith("M"))
    if len(kept) > FULL_NAME_CHARS or not has_something_to_see(letters):
        raise unfit
    return kept


def check_picture(address: str, field: str = "avatar") -> None:
    """Raises Invalid."""
    if not re.fullmatch(r"https?://[^\s\"'<>\\]{1,490}", address):
        raise Invalid.field(field, "must be an http or https address of at most 500 characters")


def _belongs(text: str, at: int) -> bool:
    """Whether the sign there is one of the spelling; a format character is one between the signs that it joins."""
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if unicodedata.category(sign) != "Cf":
        return True
    if ord(sign) in _TAGS:
        return text[:at].rstrip("".join(map(chr, _TAGS))).endswith(_FLAG)
    if sign not in "\u200c\u200d" or not before:
        return False
    if unicodedata.combining(before) == 9:  # a virama: what follows tells which form its letter has
        return True
    if _joins(before) and _joins(after):
        return True
    return sign == "\u200d" and _is_picture(before) and _is_picture(after)


def _joins(sign: str) -> bool:
    return sign != "" and unicodedata.category(sign)[0] in "LM" and ord(sign) in _JOINING


def _is_picture(sign: str) -> bool:
    """An emoji, its skin tone or its variation; one that Unicode does not know yet is unassigned here."""
    return sign == "\ufe0f" or (sign != "" and unicodedata.category(sign) in ("So", "Sk", "Sm", "Cn"))


def _most_marks(text: str) -> int:
    most = together = 0
    for sign in unicodedata.normalize("NFD", bounded(text)):
        kind = unicodedata.category(sign)
        if ord(sign) in INVISIBLE or kind == "Cf":
            continue
        together = together + 1 if kind in ("Mn", "Me") else 0
        most = max(most, together)
    return most
