"""Whether work grows with its text and no faster, told by the processor time of this thread: others add nothing to it."""

from __future__ import annotations

import ast
import importlib
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OURS = ("chatserver", "handlers", "commands", "scripts", "run.py", "setup.py")

SHORT = 512
TIMES = 16
# What is linear takes TIMES as long for TIMES the text, what is quadratic TIMES².
MOST_TIMES = TIMES * 7
QUICK_SECS = 0.004
LEAST_SECS = 5e-5  # what this clock and the call itself take
TRIES = 6


@dataclass(frozen=True)
class Text:
    """As long as one asks for: `beginning`, then `part` again and again (%x in it counts), then `ending`."""

    beginning: str
    part: str
    ending: str = ""

    def of(self, chars: int) -> str:
        times = max(1, chars // len(self.part))
        counts = "%x" in self.part
        parts = (self.part.replace("%x", f"{n:x}") for n in range(times)) if counts else [self.part * times]
        return self.beginning + "".join(parts) + self.ending


def assert_grows_with_its_text(name: str, run: Callable[[str], object], texts: Iterable[Text]) -> None:
    """`run` may raise: refusing is an answer as well."""
    for text in texts:
        # What disturbs this machine makes it slower, never faster: the best of several is what the work takes.
        long = short = math.inf
        for _ in range(TRIES):
            long = min(long, _secs(run, text.of(SHORT * TIMES)))
            short = min(short, *(_secs(run, text.of(SHORT)) for _ in range(3)))
            times = long / max(short, LEAST_SECS)
            if times < MOST_TIMES or long < QUICK_SECS:
                break
        else:
            raise AssertionError(f"{name}: {times:.0f} times as long for {TIMES} times {text}")


def _secs(run: Callable[[str], object], text: str) -> float:
    begun = time.thread_time()
    with suppress(Exception):
        run(text)
    return time.thread_time() - begun


@dataclass(frozen=True)
class Found:
    where: str
    pattern: re.Pattern[Any]


# Where a pattern comes from elsewhere: what it may be.
GIVEN = {"handlers/hot/stream.py: regex": ["handlers.hot.request.END_OF_HEAD"]}
WAYS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for name in OURS:
        place = ROOT / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield path, ast.parse(path.read_text())


def patterns() -> Iterator[Found]:
    """Every pattern in our source, wherever it stands. Fails for one whose text cannot be told."""
    for path, tree in modules():
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "re"), (
                f"{path}: import re instead"
            )
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if (
                isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in WAYS
            ):
                yield from _of_call(path, node)


def _of_call(path: Path, call: ast.Call) -> Iterator[Found]:
    place = str(path.relative_to(ROOT))
    written = ast.unparse(call.args[0])
    flags = next((keyword.value for keyword in call.keywords if keyword.arg == "flags"), None)
    if flags is None and isinstance(call.func, ast.Attribute) and call.func.attr == "compile":
        flags = call.args[1] if len(call.args) > 1 else None
    elif flags is None:
        flags = next((a for a in call.args[1:] if ast.unparse(a).startswith("re.")), None)
    names = GIVEN.get(f"{place}: {written}")
    found = [_value(path, call.args[0])] if names is None else [_named(name) for name in names]
    for pattern in found:
        yield Found(f"{place}:{call.lineno}", re.compile(pattern, _value(path, flags) if flags else 0))


def _value(path: Path, expression: ast.expr) -> Any:
    """What an expression of names of its module is; one of literals needs no import."""
    code = compile(ast.Expression(expression), str(path), "eval")
    with suppress(NameError):
        return eval(code, {"re": re})
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return eval(code, vars(importlib.import_module(name)))


def _named(name: str) -> Any:
    module, _, constant = name.rpartition(".")
    return getattr(importlib.import_module(module), constant)


def endless(pattern: re.Pattern[Any]) -> list[str]:
    """Its repeats without a bound."""
    return [
        str(item)
        for item in _items(parser.parse(pattern.pattern, pattern.flags))
        if item[0] in _REPEATS and item[1][1] == kinds.MAXREPEAT
    ]


_REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT)


def _items(tree: Any) -> Iterator[Any]:
    for item in tree:
        yield item
        yield from _inside(item[1])


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, parser.SubPattern):
        yield from _items(value)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _inside(part)


def texts_against(pattern: re.Pattern[Any]) -> Iterator[Text]:
    """What each repeat takes, behind what leads to it; and its own signs, alone and in pairs."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    begun = [""]
    for item in tree:
        begun.append(begun[-1] + _sample([item]))
    parts = {_sample(item[1][2]) for item in _items(tree) if item[0] in _REPEATS} - {""}
    beginnings = list(dict.fromkeys(begun))[:12]
    for beginning in beginnings:
        for part in sorted(parts | {sample for sample in beginnings if sample}):
            yield Text(beginning, part)
            yield Text(beginning, part, "\x01")
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    own = dict.fromkeys(re.findall(r"[a-z0-9@:./`\"{}\\#>&?=;,$_-]", source))
    signs = list(dict.fromkeys([*list(own)[:8], "a", "0", " ", "\n"]))
    for one in signs:
        for other in ("", *signs):
            yield Text("", one + other)


def _sample(tree: Any) -> str:
    """A short text that this takes."""
    return "".join(_sample_of(kind, value) for kind, value in tree)


def _sample_of(kind: Any, value: Any) -> str:
    if kind is kinds.LITERAL:
        return chr(value)
    if kind is kinds.NOT_LITERAL or kind is kinds.ANY:
        return "b" if kind is kinds.NOT_LITERAL and value == ord("a") else "a"
    if kind is kinds.IN:
        return _one_in(value)
    if kind is kinds.BRANCH:
        return _sample(value[1][0])
    if kind is kinds.SUBPATTERN:
        return _sample(value[3])
    if kind is kinds.ATOMIC_GROUP:
        return _sample(value)
    if kind in _REPEATS:
        return _sample(value[2]) * max(1, value[0])
    return ""


def _one_in(members: Any) -> str:
    wanted = [chr(n) for n in (*range(97, 123), *range(48, 58), *range(32, 127), 10, 13)]
    return next((sign for sign in wanted if _is_in(sign, members)), "a")


def _is_in(sign: str, members: Any) -> bool:
    negated, inside = False, False
    for kind, value in members:
        if kind is kinds.NEGATE:
            negated = True
        elif kind is kinds.LITERAL:
            inside |= ord(sign) == value
        elif kind is kinds.RANGE:
            inside |= value[0] <= ord(sign) <= value[1]
        elif kind is kinds.CATEGORY:
            inside |= _in_category(sign, value)
    return inside != negated


def _in_category(sign: str, category: Any) -> bool:
    name = str(category)
    known = {"DIGIT": sign.isdigit(), "SPACE": sign.isspace(), "WORD": sign.isalnum() or sign == "_"}
    return known[name.rpartition("_")[2]] != ("NOT" in name)
