"""What somebody may not do, as they are told it."""

from __future__ import annotations

from datetime import datetime

from chatserver.errors import ChatError, Forbidden, NotFound, OwnerMustTransfer, Silenced
from chatserver.model import Conversation, Member
from chatserver.services.permissions import Decision, may
from chatserver.wire import moment

NO_CONVERSATION = "There is no such conversation."
REFUSED = "You may not do this in this conversation."


def demand(
    conversation: Conversation,
    member: Member | None,
    action: str,
    now: datetime,
    target: Member | None = None,
    role: str = "member",
) -> None:
    """Raises what a client is told unless `may` allows it: NotFound, Forbidden, Silenced, OwnerMustTransfer."""
    decision = may(conversation, member, action, now, target, role)
    if not decision.allowed:
        raise _refusal(decision)


def _refusal(decision: Decision) -> ChatError:
    """Who was a member once is told the same as a stranger."""
    if decision.code in ("not_found", "not_member"):
        return NotFound(NO_CONVERSATION)
    if decision.code == "silenced":
        return Silenced(moment(decision.until))
    return OwnerMustTransfer() if decision.code == "owner_must_transfer" else Forbidden(REFUSED)
