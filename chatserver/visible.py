"""What can be seen of a text, and what in it can disguise the rest."""

from __future__ import annotations

import unicodedata


def code_points(ranges: str) -> frozenset[int]:
    """Written as Unicode's own tables are: `034F 115F-1160`."""
    ends = (part.partition("-") for part in ranges.split())
    return frozenset(
        code for first, _, last in ends for code in range(int(first, 16), int(last or first, 16) + 1)
    )


# What takes no place where it is drawn, though Unicode calls some of it letters.
INVISIBLE = code_points(
    "034F 115F-1160 17B4-17B5 180B-180F 2065 2800 3164 FE00-FE0F FFA0 FFF0-FFF8 13441-13442 16FE4 1D159 E0000-E0FFF"
)
# Overrides, embeddings and isolates: what follows is read in another order than it is stored, to the end of the line.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# A sign that Unicode does not know yet may be a new emoji: only what is known to be empty is taken for that.
_EMPTY = ("Cc", "Cf", "Zs", "Zl", "Zp")


def has_something_to_see(text: str) -> bool:
    return any(map(_is_seen, text))


def _is_seen(sign: str) -> bool:
    return ord(sign) not in INVISIBLE and unicodedata.category(sign) not in _EMPTY
