"""The words of texts and names, in the form in which they are compared: without case, accents and what nobody sees.

What is an accent depends on the script. Latin and Greek letters are compared without theirs, and Latin ones that are
no letter with an accent to Unicode (ø, ł, ß, æ, ı) as what people write in their place. Vowel points of Hebrew and
Arabic fall away, as most people leave them out. Elsewhere a mark is a part of the letter: й is not и, が is not か, and
the words of Indic scripts, Burmese, Khmer and Thai are made of marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from chatserver.visible import INVISIBLE, code_points

# What is stored beside the words says by which rules they were made: raise it with every change of those. What has
# another number is listed anew in the background (relisting.py).
RULES = 3  # of messages
NAME_RULES = 3  # of people, of whom there are few: they have a number of their own
# Of a message, and of a word: beyond any ordinary text, so that nobody makes pages that take seconds to list.
MOST_WORDS = 512
WORD_CHARS = 64
MOST_WANTED = 10  # words of a name that somebody asks for
MOST_CHARS = 100_000  # in one run: no pattern repeats without a bound
# Unicode's own bound for what is stored as a stream (UAX 15). Longer runs are put in order in quadratic time.
MARKS_TOGETHER = 30

SPACE_WITHOUT_WIDTH = (
    "\u200b"  # how words are told apart where no spaces are written, and a place to break a line
)
_ACCENTS = code_points("0300-036F 1AB0-1AFF 1DC0-1DFF 20D0-20FF FE20-FE2F")
_POINTS = code_points("0591-05C7 0610-061A 064B-065F 0670 06D6-06ED 08CA-08FF")  # of Hebrew and Arabic
_LATIN = code_points("00C0-02AF 1D00-1DBF 1E00-1EFF 2C60-2C7F A720-A7FF AB30-AB6F")
_GREEK = code_points("0370-03FF 1F00-1FFF")
_WITH_HAMZA = code_points("0622-0626 06C0 06C2 06D3")
_STRESSED = "ёѐѝ"  # the Cyrillic letters whose marks are left out in writing, too
_OWN = {
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ȷ": "j",
    "ð": "d",
    "þ": "th",
    "ŋ": "ng",
    "ə": "e",
    "ĸ": "q",
    "ſ": "s",
}
_NAMED = re.compile(r"LATIN SMALL LETTER ([A-Z]{1,2}) WITH ")
_TATWEEL = 0x640  # stretches a word


def _marks() -> Iterator[str]:
    """Beyond the first 65,536 signs the blocks of scripts with marks as a whole, for the pattern's speed."""
    for code in range(0x300, 0x10000):
        if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me"):
            yield chr(code)
    for first, last in ((0x10A00, 0x11FFF), (0x16F00, 0x16FFF), (0x1D165, 0x1D244), (0x1E000, 0x1E95F)):
        yield f"{chr(first)}-{chr(last)}"


def _base(letter: str) -> str | None:
    """What a letter with an accent is compared as; None for one without."""
    decomposed = unicodedata.normalize("NFD", letter[:1])
    if len(decomposed) > 1:
        return "".join(_base(sign) or sign for sign in decomposed if not unicodedata.combining(sign))
    if letter in _OWN:
        return _OWN[letter]
    named = _NAMED.match(unicodedata.name(letter, ""))
    return named[1].lower() if named else None


def _folds() -> dict[int, str | None]:
    """For `str.translate`, of what is composed and in small letters."""
    folds: dict[int, str | None] = {ord(letter): plain for letter, plain in _OWN.items()}
    for code in (*_LATIN, *_GREEK, *_WITH_HAMZA, *map(ord, _STRESSED)):
        if (base := _base(chr(code))) is not None:
            folds[code] = base
    unseen = (code for code in range(0x20000) if unicodedata.category(chr(code)) == "Cf")
    # Among the points stand a hyphen and the ends of sentences, which tell words apart.
    points = (code for code in _POINTS if unicodedata.category(chr(code))[0] in "LM")
    return folds | dict.fromkeys((*_ACCENTS, *points, *unseen, *INVISIBLE, _TATWEEL))


_MARKS = "".join(_marks())
_RUN = re.compile(f"([{_MARKS}]{{{MARKS_TOGETHER}}})[{_MARKS}]{{1,{MOST_CHARS}}}")
_WORD = re.compile(rf"\w[\w{_MARKS}]{{0,{MOST_CHARS}}}")
_FOLDS = _folds()


def bounded(text: str) -> str:
    """With at most MARKS_TOGETHER marks on one letter, which every normalization takes in linear time."""
    return text if text.isascii() else _RUN.sub(r"\1", text)


def folded(text: str) -> str:
    """As it is compared, with its spaces and signs."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", bounded(text)).casefold().translate(_FOLDS)


def words(text: str) -> list[str]:
    """Each word once. Format characters fall away before words are cut."""
    return _once(_WORD.findall(folded(text)))


def listed_words(text: str) -> list[str]:
    """What a text is found by: its words, also those that are told apart by spaces without width alone."""
    found = words(text)
    if SPACE_WITHOUT_WIDTH in text:
        found = _once(found + words(text.replace(SPACE_WITHOUT_WIDTH, " ")))
    return found


def person_words(username: str, full_name: str) -> list[str]:
    """What a person is found by: not by a username that the server made, which has a colon and a number of ours."""
    return name_words(*([] if ":" in username else [username]), full_name)


def name_words(*names: str) -> list[str]:
    """What a name is found by, each by its beginning: its words, with their signs and without."""
    found = []
    for name in map(folded, names):
        found += name.split()
        found += [part for word in _WORD.findall(name) for part in word.split("_") if part]
    return _once(found)


def wanted_names(text: str) -> list[str]:
    """The beginnings of words that somebody asks for, `@` and commas aside."""
    return _once([word for part in folded(text).split() if (word := part.lstrip("@").rstrip(",;"))])[
        :MOST_WANTED
    ]


def _once(found: list[str]) -> list[str]:
    return list(dict.fromkeys(word[:WORD_CHARS] for word in found))[:MOST_WORDS]
