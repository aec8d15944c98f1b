"""Values that break parsers, databases and pages: raw JSON for bodies, text for queries, paths and headers."""

from __future__ import annotations

import itertools
import json
from urllib.parse import quote

# Refused wherever they stand, also in a field that nobody asked for: they cannot be kept and given back.
POISON = [
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9007199254740992", "-9007199254740992",
    "9223372036854775808", "18446744073709551616", "1" * 5000, "-" + "9" * 400,
    r'"\ud800"', r'"a\udc00b"', r'"\udfff\ud800"', r'"\u0000"', r'"a\u0000b"', '"\x01"', '"\t"', '"a\nb"', r'"\x41"', r'"\u00"',
    "[" * 21 + "]" * 21, '{"a":' * 21 + "1" + "}" * 21, "[" * 20_000 + "]" * 20_000,
    r'{"\ud800": 1}', r'[{"a\u0000b": 1}]', r'{"a": {"\udfff\ud800": [1]}}',
    '{"a": 1, "a": 2}', "'single'", "undefined", "nul", "True", "01", "+1", ".5", "1.", "0x10", "1_000", "[1,]", "{,}",
    '{"a" 1}', '{a: 1}', '["a" "b"]', '"open', "[1", '{"a": 1', "/* */ 1", "1 // a", "", " ",
]  # fmt: skip
OPERATORS = [
    "$gt", "$gte", "$lt", "$lte", "$ne", "$eq", "$in", "$nin", "$exists", "$type", "$regex", "$where", "$expr", "$or",
    "$and", "$not", "$nor", "$size", "$all", "$elemMatch", "$mod", "$jsonSchema", "$text", "$function", "$set", "$inc",
    "$unset", "$push", "$rename", "$lookup", "$out", "$merge", "$$ROOT", "$comment", "$natural", "$near",
]  # fmt: skip
# Objects in the place of a value, as a database would take them for an operator.
INJECTIONS = [
    *(json.dumps({operator: value}) for operator in OPERATORS for value in ("", None, [], 0)),
    '{"$where": "sleep(5000)"}', '{"$where": "while(true){}"}', '{"$regex": "^(a+)+$"}', '{"$regex": ".*", "$options": "si"}',
    '{"$ne": null, "$exists": true}', '{"$or": [{}, {"a": "a"}]}', '{"$expr": {"$function": {"body": "function(){return true}", "args": [], "lang": "js"}}}',
    '[{"$ne": 1}]', '[{"$gt": ""}]', '{"$oid": "507f1f77bcf86cd799439011"}', '{"$numberLong": "1"}', '{"$date": 0}', '{"$ref": "users"}',
    '{"$binary": {"base64": "AAAA", "subType": "00"}}', '{"$minKey": 1}', '{"a.b": 1}', '{"": 1}', '{"$": 1}', '{"_id": 1}',
    '{"__proto__": {"admin": true}}', '{"constructor": {"prototype": {"admin": true}}}',
]  # fmt: skip
WRONG = [
    "null", "true", "false", "0", "-1", "1", "1.5", "-0", "1e2", "[]", "[null]", "[[]]", "[1, 2]", "{}", '{"id": 1}', '""', '" "', '"0"',
    '"-1"', '"1"', '"null"', '"true"', '"NaN"', '"undefined"', '"[object Object]"', '"١٢٣"', '"１２３"', '"0x1"', '"1e3"', '" 1"',
    '"../../../etc/passwd"', '"%00"', '"\\\\u0000"', '"\'; drop table users; --"', '"||1==1"', '"{{7*7}}"', '"${7*7}"', '"%s%s%s%n"',
    '"<script>alert(1)</script>"', '"javascript:alert(1)"', '"\\r\\nSet-Cookie: a=b"', '"https://evil.example/"', '"data:text/html,x"',
    '"data:text/plain;base64,\u0090"', '"data:;base64,===="', '"data:a/b;base64;base64,AAAA"',
    '"' + "x" * 5000 + '"', '"' + "é" * 2500 + '"', '"\\u202e\\u2066abc"', '"\\u200b"', '"\\ufeff"', '"\\uffff"', '"\\ud83d\\ude00"',
    '"' + "a\\u0301" + "\\u0301" * 200 + '"', '"(a+)+$"', '".*"', '"^"', '"$gt"', '"$where"', '"\\u0130"', '"ﬀ"', '"ß"',
]  # fmt: skip
TEXTS = [
    "", " ", "0", "-1", "1", "1.5", "01", "+1", "1e3", "NaN", "null", "true", "[]", "{}", "9007199254740992", "9" * 400, "$gt", "[$ne]",
    '{"$gt":""}', '{"$where":"sleep(1000)"}', "(a+)+$", ".*", "^.*$", "\\", "a" * 5000, "'", '"', "<script>", "../..", "..\\..",
    "\u202e", "\u200b", "é", "١", "\U0001f600", "%00", "\x01", "\r\nSet-Cookie: a=b", "${7*7}", "%s%n", "; ls", "a,b", "a;b",
    "[" * 5000, "(" * 2000, "(?:a|a)*" * 50, "\\p{", "[[:alpha:]", "a{1,1000000}",
]  # fmt: skip
RAW_TEXTS = [
    "%00",
    "%ff",
    "%fe%ff",
    "%ed%a0%80",
    "%c0%ae",
    "%",
    "%zz",
    "%u0041",
    "a%00b",
    "%0d%0aX:1",
    "+",
    "%2e%2e%2f",
    "%25%30%30",
]
QUERY_TEXTS = [*(quote(text, safe="") for text in TEXTS), *RAW_TEXTS]
BODIES = [
    b"", b" ", b"null", b"[]", b'""', b"1", b"{} {}", b"{}x", b"\xef\xbb\xbf{}", '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32"),
    b'{"a": "\xff"}', b'{"a": "\xc0\xaf"}', b'{"a": "\xed\xa0\x80"}', b"\x00" * 100, b"{" * 30_000, b"[" * 60_000, b'{"a":' * 10_000,
    b'"' * 10_000, b"{" + b'"a":1,' * 9_000 + b'"b":1}', b"PK\x03\x04", b"<?xml version='1.0'?><a/>", b"a=b&c=d", b"\x1f\x8b\x08" + b"\x00" * 50,
]  # fmt: skip


def spoofs() -> list[str]:
    """Text that shows as something else, or as nothing; everything but NUL and half surrogates may be a message."""
    letters = [
        "a",
        "admin",
        "Ann",
        "аdmin",
        "Αnn",
        "раypal",
        "e\u0301",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f3f4\U000e0067\U000e0062",
    ]
    around = [
        "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u180e", "\u200e", "\u200f", "\u202a", "\u202b",
        "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u2028", "\u2029", "\u00a0", "\u3000", "\u2800", "\u3164",
        "\uffa0", "\u115f", "\ufff9", "\ufffc", "\ufffd", "\U000e0001", "\ufe0f", "\u0301" * 50, "\u20dd", "\u0489", "\u0e47" * 30,
    ]  # fmt: skip
    made = [
        f"{before}{letter}{after}"
        for letter, (before, after) in itertools.product(letters, itertools.pairwise(around))
    ]
    return [
        *made,
        "x" * 4000,
        "\u0301" * 4000,
        "مرحبا hello שלום",
        "\u202etxt.exe",
        "a\u202e\u2066b\u2069 \u2066c",
        "ﷺ" * 500,
    ]
