"""What somebody may do in a conversation, and which of its messages they may see: decided here and nowhere else.

These functions are pure. Where two changes may cross, the condition that matters is repeated in the update itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chatserver.model import Conversation, Member
from chatserver.wire import SMALL_MEMBERS

OWNER, SYSTEM = "owner", "system"
RANKS = {"nobody": 6, SYSTEM: 5, OWNER: 4, "admin": 3, "moderator": 2, "member": 1}

# Everybody may notify all of so many members; of more only moderators may.
MENTION_ALL_MEMBERS = 50

# The lowest role that may. What a policy decides is named after its field.
LEAST = {
    "read": "member",
    "report": "member",
    "delete_own": "member",
    "delete_others": "moderator",
    "silence": "moderator",
    "kick": "moderator",
    "ban": "moderator",
    "slow_mode": "moderator",
    "requests": "moderator",
    "invites": "moderator",
    "reports": "moderator",
    "audit": "moderator",
    "roles": "admin",
    "policy": "admin",
    "freeze": "admin",
    "transfer": OWNER,
    "close": OWNER,
    "edit_others": SYSTEM,
}
BY_POLICY = {
    "send": "send",
    "reply": "send",
    "mention": "send",
    "typing": "send",
    "edit_own": "send",
    "attach": "attach",
    "react": "react",
    "mention_all": "mention_all",
    "pin": "pin",
    "invite": "invite",
    "edit_info": "edit_info",
    "see_members": "see_members",
    "leave": "leave",
}
ACTIONS = (*LEAST, *BY_POLICY)
SPEAKING = {"send", "reply", "mention", "typing", "edit_own", "attach", "react", "mention_all"}
CHANGING = {
    "pin",
    "invite",
    "edit_info",
    "slow_mode",
    "policy",
    "freeze",
    "requests",
    "roles",
    "silence",
    "transfer",
}
# What a silenced member is not heard with either.
MUTED = SPEAKING | {"pin", "invite", "edit_info"}
ON_PEOPLE = {"silence", "kick", "ban", "roles"}


@dataclass(frozen=True, slots=True)
class Decision:
    """`code` is empty when it is allowed; `until` says when it will be, where that is known."""

    code: str = ""
    until: datetime | None = None

    @property
    def allowed(self) -> bool:
        return not self.code


ALLOWED, FORBIDDEN = Decision(), Decision("forbidden")


def rank(conversation: Conversation, member: Member) -> int:
    """The higher one decides. The owner is whom the conversation names, whatever the member's own role says."""
    # Where nobody is the owner, that is 0, which is what the host is known by too.
    is_owner = member.user_id == conversation.owner_id and member.role != SYSTEM
    return RANKS[OWNER if is_owner else member.role]


def may(
    conversation: Conversation,
    member: Member | None,
    action: str,
    now: datetime,
    target: Member | None = None,
    role: str = "member",
) -> Decision:
    """Whether `member`, or a stranger, may do `action` now.

    `target` is whom an action on people concerns, `role` what `roles` would make of them. Codes: `not_found` for
    strangers, `not_member` for those who were members once, `forbidden`, `silenced`, `owner_must_transfer`.
    """
    if member is None or member.state != "member":
        return _from_outside(conversation, member, action, now)
    if action not in ACTIONS:
        return FORBIDDEN
    if (refusal := _refused_by_state(conversation, member, action, now)) is not None:
        return refusal
    if action == "leave" and member.user_id == conversation.owner_id and conversation.state != "closed":
        return Decision("owner_must_transfer")
    if action in ON_PEOPLE and target is not None:
        return ALLOWED if _may_to(conversation, member, action, target, role) else FORBIDDEN
    return ALLOWED if rank(conversation, member) >= _least(conversation, action) else FORBIDDEN


def window(conversation: Conversation, member: Member, head: int) -> tuple[int, int]:
    """(floor, head): the member may see messages with floor < seq <= head, in whatever way they come by them."""
    return max(member.floor_seq, member.cleared_seq, conversation.floor_seq), head


def shows_reads(conversation: Conversation) -> bool:
    """Whether members are shown how far others have read; where they are not, that is noted for nobody but the reader."""
    return conversation.policy.receipts and conversation.member_count <= SMALL_MEMBERS


def can(conversation: Conversation, member: Member | None, now: datetime) -> list[str]:
    """All that is allowed now, by name: what clients are told, so that they offer nothing else."""
    return [
        action
        for action in (*ACTIONS, "join", "request")
        if (action not in ("join", "request") or member is None or member.state != "member")
        and may(conversation, member, action, now).allowed
    ]


def _from_outside(conversation: Conversation, member: Member | None, action: str, now: datetime) -> Decision:
    """A stranger joins what is listed, or asks to; of all else they learn nothing. Who was a member knows it is there."""
    opens = {"join": "open", "request": "request"}
    listed = conversation.policy.listed and conversation.state != "closed"
    if listed and action in opens and (member is None or not member.is_banned(now)):
        return ALLOWED if conversation.policy.join == opens[action] else FORBIDDEN
    was_member = member is not None and member.state in ("left", "banned")
    return Decision("not_member" if was_member else "not_found")


def _refused_by_state(
    conversation: Conversation, member: Member, action: str, now: datetime
) -> Decision | None:
    """Of a conversation that is frozen or closed, and of a member who is silenced."""
    if conversation.state == "closed" and action in SPEAKING | CHANGING:
        return FORBIDDEN
    higher = rank(conversation, member) >= RANKS["admin"]
    if conversation.state == "frozen" and action in SPEAKING and not higher:
        return FORBIDDEN
    until = member.silenced_until
    if until is not None and now < until and action in MUTED:
        return Decision("silenced", until)
    return None


def _least(conversation: Conversation, action: str) -> int:
    """The rank that an action asks for."""
    if action in LEAST:
        return RANKS[LEAST[action]]
    least = RANKS[getattr(conversation.policy, BY_POLICY[action])]
    if action == "mention_all" and conversation.member_count > MENTION_ALL_MEMBERS:
        return max(least, RANKS["moderator"])
    return least


def _may_to(conversation: Conversation, member: Member, action: str, target: Member, role: str) -> bool:
    """Whether the target is below the actor, and stays so. Oneself one may lower, and the owner not even that."""
    mine = rank(conversation, member)
    stays_below = action != "roles" or RANKS[role] < mine
    if target.user_id == member.user_id:
        return action == "roles" and mine != RANKS[OWNER] and stays_below
    return mine >= _least(conversation, action) and rank(conversation, target) < mine and stays_below
