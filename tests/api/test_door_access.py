"""Who may do what at the doors of a group: everybody who is no plain member of it, and each call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.groups import at, begin, call
from tests.support.client import Client, unique

# The group is listed, and those who want to join ask. The last two calls change who somebody is.
TABLE = """
                          stranger  left  banned  requested  silenced  elsewhere
GET requests/             404       404   404     404        403       404
PUT requests/asker/       404       404   404     404        403       404
DELETE requests/asker/    404       404   404     404        403       404
GET bans/                 404       404   404     404        403       404
GET invites/              404       404   404     404        200       404
POST invites/             404       404   404     404        403       404
DELETE invites/ann's/     404       404   404     404        403       404
GET public/               1         1     0       1          1         1
POST preview/             200       200   404     200        200       200
POST join/                202       202   404     202        200       202
POST accept/              201       201   404     201        200       201
"""
HEADER, *ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.gen_test
async def test_at_the_doors_of_a_group_everybody_gets_what_the_table_says(client: Client) -> None:
    ann, asker, *people = await client.people("ann", "asker", *HEADER)
    cast = dict(zip(HEADER, people, strict=True))
    name = unique("doors")
    members = [cast["left"], cast["banned"], cast["silenced"]]
    group = await begin(ann, *members, name=name, policy={"join": "request", "listed": True})
    await begin(cast["elsewhere"], ann)
    assert (await call(cast["left"], "DELETE", at(group, "members", "me"))).status == 200
    assert (await call(ann, "PUT", at(group, "bans", cast["banned"].id))).status == 200
    until = {"silenced_until": "2999-01-01T00:00:00Z"}
    assert (await call(ann, "PATCH", at(group, "members", cast["silenced"].id), until)).status == 200
    for one in (asker, cast["requested"]):
        assert (await one.post(at(group, "join"))).status == 202
    made = (await ann.post(at(group, "invites"), {})).json
    paths = {"asker": str(asker.id), "ann's": str(made["id"])}
    found: dict[str, dict[str, int]] = {}
    for method, what, *_ in ROWS:
        for who, device in cast.items():
            if what in ("preview/", "accept/"):
                answer = await device.post(f"invites/{what}", {"code": made["code"]})
            elif what == "public/":
                answer = await device.get("conversations/public/", query={"search": name})
            else:
                parts: list[Any] = [paths.get(part, part) for part in what.strip("/").split("/")]
                answer = await call(device, method, at(group, *parts))
            seen = len(answer["results"]) if what == "public/" else answer.status
            found.setdefault(f"{method} {what}", {})[who] = seen
    wanted = {
        f"{method} {what}": dict(zip(HEADER, map(int, statuses), strict=True))
        for method, what, *statuses in ROWS
    }
    assert found == wanted
