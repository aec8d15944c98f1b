"""Every call of the API as the OpenAPI document describes it, ready to be made by somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from tests.abuse.bench.victim import Victim
from tests.support import contract
from tests.support.client import Client, Device, unique

JSON = {"Content-Type": "application/json"}
SECRET = "between-ann-and-bob-only"
PLANTED = 1000  # sessions at a time
ENDLESS = (
    "event_stream",
)  # its answer does not end: tests/api/test_event_streams.py and tests/system try it


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    id: str
    query: tuple[str, ...]
    headers: tuple[str, ...]
    places: tuple[str, ...]  # names of the ids in the path
    fields: tuple[str, ...]
    example: dict[str, Any] | None
    signed_in: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def calls() -> list[Call]:
    found = []
    for path, methods in contract.document()["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in ENDLESS:
                continue
            names: dict[str, list[str]] = {"query": [], "header": [], "path": []}
            for parameter in operation.get("parameters", []):
                parameter = _resolved(parameter)
                names[parameter["in"]].append(parameter["name"])
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            fields, example = _body(content)
            found.append(
                Call(
                    method.upper(), path, operation["operationId"], tuple(names["query"]), tuple(names["header"]),
                    tuple(names["path"]), fields, example, bool(operation["security"]),
                )
            )  # fmt: skip
    return found


def _body(content: dict[str, Any] | None) -> tuple[tuple[str, ...], dict[str, Any] | None]:
    if content is None:
        return (), None
    examples = [example["value"] for example in content.get("examples", {}).values()]
    return tuple(_resolved(content["schema"])["properties"]), dict(examples[0] if examples else {})


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        found: Any = contract.document()
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)
    return part


@dataclass
class Scene:
    """Ann and Bob have talked, with a file; ids by the names that calls give them."""

    client: Client
    victim: Victim
    ann: Device
    bob: Device
    ids: dict[str, Any]
    tokens: Iterator[str]

    def path(self, call: Call, **instead: Any) -> str:
        return call.path.format(**{name: instead.get(name, self.ids[name]) for name in call.places})

    def body(self, call: Call) -> dict[str, Any] | None:
        """The document's example, about these people; a name that is free where one is made."""
        if call.example is None:
            return None
        made = {name: self.ids.get(name, value) for name, value in call.example.items()}
        if "client_id" in call.fields:
            made["client_id"] = unique("case")
        if "password" in call.fields and call.signed_in:
            made["password"] = "not the present one, so that nothing is over"
        if call.id == "register":
            made["username"] = unique("case")
        return made

    def query(self, call: Call) -> dict[str, str]:
        return {"wait": "0"} if "wait" in call.query else {}

    def token(self, call: Call) -> str | None:
        """A session of Ann's that no earlier call has ended."""
        return next(self.tokens) if call.signed_in else None


async def scene(client: Client, victim: Victim) -> Scene:
    ann, bob = await client.people("ann", "bob")
    said = await ann.sent(bob, f"hello {SECRET}")
    file = await ann.sent(bob, f"a file {SECRET}", attachment="data:text/plain;base64,aGVsbG8=")
    other = await ann.another()
    ids = {
        "user_id": bob.id,
        "receiver_id": bob.id,
        "receiver": bob.id,
        "sender_id": bob.id,
        "message_id": file["id"],
        "conversation_id": said["conversation_id"],
        "session_id": other.session["id"],
        "key_id": 1,
        "webhook_id": 1,
        "job_id": 1,
        "part": 1,
        "invite_id": 1,
        "sub": "42",
        "external_id": "5b",
    }
    tokens = chain.from_iterable(victim.plant_sessions(ann, PLANTED) for _ in count())
    return Scene(client, victim, ann, bob, ids, tokens)


def with_raw(good: dict[str, Any], name: str, raw: str) -> str:
    """The good body with one field written as given."""
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in good.items() if key != name]
    return "{" + ", ".join([*parts, f"{json.dumps(name)}: {raw}"]) + "}"


def strictly(text: bytes) -> Any:
    """Parsed as JSON that any parser takes. Raises ValueError."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text.decode("utf-8"), parse_constant=refuse)
