"""Who may do what: one table, and what changes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chatserver.model import PRESETS, Conversation, Member
from chatserver.services.permissions import ACTIONS, can, may, window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER, ADMIN, MODERATOR, MEMBER, SILENCED, LEFT, BANNED, INVITED = range(1, 9)
GROUP = Conversation(7, "group", policy=PRESETS["group"], owner_id=OWNER, member_count=8)
PEOPLE = {
    "owner": Member(7, OWNER),
    "admin": Member(7, ADMIN, role="admin"),
    "moderator": Member(7, MODERATOR, role="moderator"),
    "member": Member(7, MEMBER),
    "silenced": Member(7, SILENCED, silenced_until=NOW + timedelta(hours=1)),
    "stranger": None,
}
# In a group with the policy of its preset; `yes` for those who may.
TABLE = """
                owner  admin  moderator  member  silenced  stranger
read            yes    yes    yes        yes     yes       no
report          yes    yes    yes        yes     yes       no
delete_own      yes    yes    yes        yes     yes       no
send            yes    yes    yes        yes     no        no
reply           yes    yes    yes        yes     no        no
react           yes    yes    yes        yes     no        no
attach          yes    yes    yes        yes     no        no
mention         yes    yes    yes        yes     no        no
mention_all     yes    yes    yes        yes     no        no
typing          yes    yes    yes        yes     no        no
edit_own        yes    yes    yes        yes     no        no
invite          yes    yes    yes        yes     no        no
see_members     yes    yes    yes        yes     yes       no
pin             yes    yes    yes        no      no        no
edit_info       yes    yes    yes        no      no        no
delete_others   yes    yes    yes        no      no        no
silence         yes    yes    yes        no      no        no
kick            yes    yes    yes        no      no        no
ban             yes    yes    yes        no      no        no
slow_mode       yes    yes    yes        no      no        no
requests        yes    yes    yes        no      no        no
invites         yes    yes    yes        no      no        no
reports         yes    yes    yes        no      no        no
audit           yes    yes    yes        no      no        no
roles           yes    yes    no         no      no        no
policy          yes    yes    no         no      no        no
freeze          yes    yes    no         no      no        no
transfer        yes    no     no         no      no        no
close           yes    no     no         no      no        no
leave           no     yes    yes        yes     yes       no
edit_others     no     no     no         no      no        no
"""
HEADER, *ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_in_a_group_each_role_may_do_what_the_table_says(row: list[str]) -> None:
    action, *expected = row
    found = ["yes" if may(GROUP, PEOPLE[who], action, NOW).allowed else "no" for who in HEADER]
    assert found == expected


def test_the_table_names_every_action() -> None:
    assert {row[0] for row in ROWS} == set(ACTIONS)


def test_each_refusal_says_why() -> None:
    silenced = PEOPLE["silenced"]
    refusal = may(GROUP, silenced, "send", NOW)
    assert silenced is not None
    assert (refusal.code, refusal.until) == ("silenced", silenced.silenced_until)
    assert may(GROUP, silenced, "send", NOW + timedelta(hours=1)).allowed
    assert may(GROUP, PEOPLE["owner"], "leave", NOW).code == "owner_must_transfer"
    assert may(GROUP, PEOPLE["member"], "kick", NOW).code == "forbidden"
    assert may(GROUP, PEOPLE["member"], "fly", NOW).code == "forbidden"
    assert may(GROUP, None, "read", NOW).code == "not_found"
    for state, code in [("left", "not_member"), ("banned", "not_member"), ("invited", "not_found")]:
        assert may(GROUP, Member(7, LEFT, state=state), "read", NOW).code == code


@pytest.mark.parametrize(
    ("who", "action", "target", "role", "allowed"),
    [
        ("moderator", "kick", "member", "", True),
        ("moderator", "kick", "admin", "", False),
        ("admin", "kick", "owner", "", False),
        ("admin", "silence", "moderator", "", True),
        ("admin", "roles", "member", "moderator", True),
        ("admin", "roles", "member", "admin", False),
        ("owner", "roles", "member", "admin", True),
        ("admin", "roles", "admin", "member", True),
        ("moderator", "roles", "moderator", "member", True),
        ("member", "roles", "member", "admin", False),
        ("owner", "roles", "owner", "member", False),
    ],
)
def test_one_acts_on_those_below_only_and_may_lower_oneself(
    who: str, action: str, target: str, role: str, allowed: bool
) -> None:
    found = may(GROUP, PEOPLE[who], action, NOW, PEOPLE[target], role or "member")
    assert found.allowed is allowed


def test_equals_do_not_act_on_each_other() -> None:
    other = Member(7, 99, role="admin")
    assert not may(GROUP, PEOPLE["admin"], "kick", NOW, other).allowed
    assert not may(GROUP, PEOPLE["admin"], "roles", NOW, other, "member").allowed


def test_of_many_members_only_moderators_notify_all() -> None:
    large = replace(GROUP, member_count=51)
    assert not may(large, PEOPLE["member"], "mention_all", NOW).allowed
    assert may(large, PEOPLE["moderator"], "mention_all", NOW).allowed


def test_in_announcements_admins_write_and_members_react() -> None:
    news = replace(GROUP, policy=PRESETS["announcement"])
    assert not may(news, PEOPLE["moderator"], "send", NOW).allowed
    assert may(news, PEOPLE["admin"], "send", NOW).allowed
    assert may(news, PEOPLE["member"], "react", NOW).allowed
    assert not may(news, PEOPLE["member"], "see_members", NOW).allowed


def test_a_frozen_conversation_hears_admins_and_a_closed_one_nobody() -> None:
    frozen, closed = replace(GROUP, state="frozen"), replace(GROUP, state="closed")
    assert not may(frozen, PEOPLE["moderator"], "send", NOW).allowed
    assert may(frozen, PEOPLE["admin"], "send", NOW).allowed
    assert not may(closed, PEOPLE["owner"], "send", NOW).allowed
    assert may(closed, PEOPLE["member"], "read", NOW).allowed


def test_the_owner_of_what_is_closed_need_not_find_another_to_leave_it() -> None:
    assert may(replace(GROUP, state="closed"), PEOPLE["owner"], "leave", NOW).allowed
    assert not may(replace(GROUP, state="frozen"), PEOPLE["owner"], "leave", NOW).allowed


def test_two_people_can_neither_leave_nor_be_joined_nor_be_removed() -> None:
    direct = Conversation(8, "direct", (1, 2))
    one = Member(8, 1)
    refused = ("leave", "invite", "kick", "ban", "edit_info", "roles", "transfer", "close")
    assert not [action for action in refused if may(direct, one, action, NOW, Member(8, 2)).allowed]
    assert may(direct, one, "send", NOW).allowed and may(direct, one, "pin", NOW).allowed


@pytest.mark.parametrize(
    ("join", "listed", "expected"),
    [
        ("open", True, ["join"]),
        ("request", True, ["request"]),
        ("invite", True, []),
        ("open", False, []),
    ],
)
def test_strangers_come_into_what_is_listed_as_its_policy_says(
    join: str, listed: bool, expected: list[str]
) -> None:
    group = replace(GROUP, policy=replace(PRESETS["public"], join=join, listed=listed))
    assert can(group, None, NOW) == expected
    assert can(group, Member(7, LEFT, state="left"), NOW) == expected
    assert can(group, Member(7, BANNED, state="banned"), NOW) == []
    assert can(replace(group, state="closed"), None, NOW) == []


def test_the_system_may_do_what_an_admin_may_whoever_the_admin_is() -> None:
    system = Member(7, 0, role="system")
    assert may(GROUP, system, "kick", NOW, PEOPLE["admin"]).allowed
    assert may(GROUP, system, "kick", NOW, PEOPLE["owner"]).allowed


def test_the_window_begins_above_the_highest_floor() -> None:
    member = Member(7, MEMBER, floor_seq=10, cleared_seq=20)
    assert window(GROUP, member, 30) == (20, 30)
    assert window(replace(GROUP, floor_seq=25), member, 30) == (25, 30)
    assert window(GROUP, Member(7, MEMBER), 30) == (0, 30)
