"""`my.can` is the whole truth: what it names is answered, what it does not name is refused, for every role and state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.api.groups import at, begin, call, look, said
from tests.support.client import Answer, Client, Device, unique

FILE = "data:text/plain;base64,aGVsbG8="
ROLES = ("owner", "admin", "moderator", "member", "silenced")
Call = Callable[[Device, dict[str, Any], dict[str, int]], Awaitable[Answer]]
# One call for each action, which leaves everything as it was for the others.
CALLS: dict[str, Call] = {
    "read": lambda who, group, ids: who.get(at(group, "messages")),
    "send": lambda who, group, ids: who.post("chats/", {"conversation_id": group["id"], "message": "hello"}),
    "attach": lambda who, group, ids: who.post(
        "chats/", {"conversation_id": group["id"], "message": "see", "attachment": FILE}
    ),
    "typing": lambda who, group, ids: who.post("chats/typing/", {"conversation_id": group["id"]}),
    "edit_own": lambda who, group, ids: call(
        who, "PATCH", f"chats/message/{ids['own']}/", {"message": unique()}
    ),
    "delete_own": lambda who, group, ids: call(who, "DELETE", f"chats/message/{ids['own']}/"),
    "delete_others": lambda who, group, ids: call(who, "DELETE", f"chats/message/{ids['other']}/"),
    "see_members": lambda who, group, ids: who.get(at(group, "members")),
    "edit_info": lambda who, group, ids: call(who, "PATCH", at(group), {"about": unique()}),
    "slow_mode": lambda who, group, ids: call(who, "PATCH", at(group), {"slow_secs": 0}),
    "policy": lambda who, group, ids: call(who, "PATCH", at(group), {"policy": {"listed": False}}),
    "freeze": lambda who, group, ids: call(who, "PATCH", at(group), {"state": group["state"]}),
    "invite": lambda who, group, ids: who.post(at(group, "invites"), {}),
    "requests": lambda who, group, ids: who.get(at(group, "requests")),
    "ban": lambda who, group, ids: who.get(at(group, "bans")),
    "kick": lambda who, group, ids: call(who, "DELETE", at(group, "members", ids["outside"])),
    "silence": lambda who, group, ids: call(
        who, "PATCH", at(group, "members", ids["dan"]), {"silenced_until": ""}
    ),
    "roles": lambda who, group, ids: call(who, "PATCH", at(group, "members", ids["dan"]), {"role": "member"}),
    "transfer": lambda who, group, ids: who.post(at(group, "owner"), {"user_id": ids["outside"]}),
}
# They are there to be shown, and lead to no call of their own, or end the test.
NO_CALL = {
    "reply",
    "react",
    "mention",
    "mention_all",
    "pin",
    "report",
    "reports",
    "audit",
    "invites",
    "leave",
    "close",
}


@pytest.mark.parametrize(
    ("preset", "state"),
    [
        ("group", "open"),
        ("announcement", "open"),
        ("public", "open"),
        ("group", "frozen"),
        ("group", "closed"),
    ],
)
@pytest.mark.gen_test(timeout=120)
async def test_what_my_can_names_is_answered_and_all_else_is_refused(
    client: Client, preset: str, state: str
) -> None:
    cast = dict(zip(ROLES, await client.people(*ROLES), strict=True))
    dan, outside = await client.people("dan", "outside")
    owner = cast["owner"]
    everybody = {"policy": {"send": "member"}}
    group = await begin(owner, *(cast[role] for role in ROLES[1:]), dan, preset=preset, name="x", **everybody)
    own = {role: (await said(one, group, role))["id"] for role, one in cast.items()}
    other = (await said(dan, group, "of a member"))["id"]
    for role in ("admin", "moderator"):
        made = await call(owner, "PATCH", at(group, "members", cast[role].id), {"role": role})
        assert made.status == 200, made
    until = {"silenced_until": "2999-01-01T00:00:00Z"}
    assert (await call(owner, "PATCH", at(group, "members", cast["silenced"].id), until)).status == 200
    if preset == "announcement":
        await call(owner, "PATCH", at(group), {"policy": {"send": "admin"}})
    if state == "frozen":
        await call(owner, "PATCH", at(group), {"state": "frozen"})
    if state == "closed":
        await call(owner, "DELETE", at(group))
    wrong = []
    for role, who in cast.items():
        shown = (await look(who, group)).json
        can = set(shown["my"]["can"])
        assert can <= CALLS.keys() | NO_CALL
        for action, do in CALLS.items():
            ids = {"own": own[role], "other": other, "dan": dan.id, "outside": outside.id}
            answer = await do(who, {**shown, "state": "frozen" if state == "frozen" else "open"}, ids)
            is_allowed = action in can and (action != "attach" or "send" in can)
            # 404 is an answer, too: who gives it away names somebody who is not in it.
            if (answer.status != 403) is not is_allowed or answer.status >= 500:
                wrong.append(f"{role} {action}: {answer}")
    assert wrong == []
