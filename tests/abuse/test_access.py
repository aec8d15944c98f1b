"""F5: every call by everybody, compared with the table of access.py."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import pytest

from tests.abuse.access import ROLES, ROWS, Row
from tests.abuse.bench.calls import SECRET, Call, calls
from tests.abuse.bench.ledger import Row as LedgerRow
from tests.abuse.bench.victim import HOST_SECRET, Victim
from tests.api.groups import at, begin, said
from tests.support.client import Answer, Client, Device, unique

NOBODY = 1 << 50  # Taken for a message it stands in a conversation that nobody has, too.
OWN_THINGS = (
    "users/me/export/",
    "chats/search/?q=hello",
    "chats/conversations/",
    "snapshot/",
    "chats/unread-count/",
    "poll/events/?wait=0",
)


def host_token(secret: str) -> str:
    now = int(time.time())
    claims = {"sub": unique("host"), "name": "From Outside", "aud": "chatserver", "exp": now + 60}
    return jwt.encode(claims, secret, "HS256")


class Cast:
    """Ann, Bob and Eve, with fresh things of Ann's for each row: some calls destroy what they are about."""

    def __init__(
        self, victim: Victim, ann: Device, bob: Device, eve: Device, dan: Device, cid: Device
    ) -> None:
        self.people = {"owner": ann, "member": bob, "stranger": eve, "anonymous": None}
        self._tokens = {
            role: iter(victim.plant_sessions(one, 300)) for role, one in self.people.items() if one
        }
        self._dan, self._cid = dan, cid
        self.things: dict[str, Any] = {}

    async def fresh(self, row: Row) -> None:
        ann, bob = self.people["owner"], self.people["member"]
        assert ann and bob
        file = f"data:text/plain;base64,{base64.b64encode(SECRET.encode()).decode()}"
        self.things = {
            "message": (said := await ann.sent(bob, f"hello {SECRET}"))["id"],
            "conversation": said["conversation_id"],
            "file": (await ann.sent(bob, "see this", attachment=file))["id"],
            "session": (await ann.another()).session["id"] if "{session}" in row.path.values() else 0,
            "ann": ann.username,
            **{"bob": bob.id, "cid": self._cid.id, "dan": self._dan.id},
            **(await self._group(ann, bob) if row.is_of_group else {}),
            "nobody": NOBODY,
            "host_token": host_token(HOST_SECRET),
            "foreign_token": host_token("0" * 32),
        }

    async def _group(self, ann: Device, bob: Device) -> dict[str, Any]:
        group = await begin(ann, bob, self._cid)
        public = await begin(ann, preset="public", name="Hello")
        invite = await ann.post(at(group, "invites"), {})
        return {
            "group": group["id"],
            "group_message": (await said(ann, group, f"hello {SECRET}"))["id"],
            "public": public["id"],
            "invite": invite["id"],
            "code": invite["code"],
        }

    def token(self, role: str) -> str | None:
        return next(self._tokens[role]) if role in self._tokens else None

    def filled(self, value: Any, role: str) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(part, role) for name, part in value.items()}
        if isinstance(value, list):
            return [self.filled(part, role) for part in value]
        if not (isinstance(value, str) and value.startswith("{")):
            return value
        name = value.strip("{}")
        if name == "friend" and role in ("stranger", "anonymous"):
            return self._dan.id
        if name in ("other", "friend"):
            return self.people["owner" if role == "member" else "member"].id  # type: ignore[union-attr]
        return unique("new") if name == "new" else self.things[name]


async def ask(client: Client, cast: Cast, call: Call, row: Row, role: str, missing: str = "") -> Answer:
    """`missing`: the field or id of the path that is to name nothing."""
    body, path = cast.filled(row.body, role), cast.filled(row.path, role)
    if missing in path:
        path[missing] = NOBODY
    elif missing:
        body[missing] = [NOBODY] if isinstance(body[missing], list) else NOBODY
    return await client.call(
        call.method,
        call.path.format(**path),
        token=cast.token(role),
        json_body=body,
        query=cast.filled(row.query, role),
    )


def test_F5_every_call_has_a_row() -> None:
    served = {call.id for call in calls()}
    assert served - set(ROWS) == set(), "say in tests/abuse/access.py who may do this"
    assert set(ROWS) - served == set(), "rows of calls that are gone"


@pytest.mark.gen_test(timeout=300)
async def test_F5_everybody_gets_exactly_what_the_table_says(
    victim: Victim, client: Client, row: LedgerRow
) -> None:
    cast = Cast(victim, *await client.people("ann", "bob", "eve", "dan", "cid"))
    by_id = {call.id: call for call in calls()}
    for id, rows in ROWS.items():
        for expected in rows:
            await cast.fresh(expected)
            # The owner last: until then it is there to be taken.
            for role in reversed(ROLES):
                answer = await ask(client, cast, by_id[id], expected, role)
                what = f"{id} {expected.about} by {role}"
                row.saw(answer.status, what)
                if answer.status != expected.statuses[ROLES.index(role)]:
                    row.violation(f"{what}: {answer}")
                if role in ("stranger", "anonymous") and SECRET.encode() in answer.body:
                    row.leak(f"{what}: {answer}")
            for name in expected.hidden:
                await cast.fresh(expected)
                there = await ask(client, cast, by_id[id], expected, "stranger")
                not_there = await ask(client, cast, by_id[id], expected, "stranger", missing=name)
                row.saw(there.status)
                row.saw(not_there.status)
                if told(there) != told(not_there):
                    row.leak(f"{id}: a stranger learns whether it exists: {there} or {not_there}")
    eve = cast.people["stranger"]
    assert eve is not None
    for path in OWN_THINGS:
        answer = await eve.get(path)
        row.saw(answer.status, path)
        if SECRET.encode() in answer.body:
            row.leak(f"{path} shows a stranger what is not theirs: {answer}")
    row.assert_clean()


def told(answer: Answer) -> tuple[int, dict[str, Any]]:
    """All but what differs from request to request."""
    content = answer.json
    for name in ("request_id", "read_at", "timestamp"):
        content.pop(name, None)
    return answer.status, content
