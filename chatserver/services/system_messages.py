"""What has changed in a group, as a message in its log that nobody wrote.

Each has a key made of what it tells of, so that one that comes twice, after a crash, is stored once.
"""

from __future__ import annotations

from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict
from chatserver.model import SYSTEM_SENDER, Conversation, Pending, System
from chatserver.sending.send import Send
from chatserver.sending.writer import Writer
from chatserver.services.accounts import Accounts

# Who comes and goes in a large group is not news to everybody.
COMINGS_MEMBERS = 50
COMINGS = {"joined", "added", "left", "removed"}
# For clients that do not know a type, and for people who search.
TEXTS = {
    "created": "{actor} began this group.",
    "joined": "{people} joined.",
    "added": "{actor} added {people}.",
    "left": "{people} left.",
    "removed": "{actor} removed {people}.",
    "owner": "{people} is the owner now.",
    "renamed": "{actor} called this group {value}.",
    "avatar": "{actor} changed the picture.",
    "about": "{actor} changed what this group is about.",
    "policy": "{actor} changed what members may do.",
    "frozen": "{actor} froze this group: only admins can write.",
    "opened": "{actor} opened this group again.",
    "closed": "This group was closed.",
}
# What nobody in it did: the host, or it came about by itself.
BY_NOBODY = {
    "created": "This group was begun.",
    "added": "{people} joined.",
    "removed": "{people} was removed.",
    "renamed": "This group is called {value} now.",
    "avatar": "The picture was changed.",
    "about": "What this group is about was changed.",
    "policy": "What members may do was changed.",
    "frozen": "This group was frozen: only admins can write.",
    "opened": "This group was opened again.",
}


class SystemMessages:
    def __init__(self, writer: Writer, accounts: Accounts, clock: Clock, deadline_secs: float) -> None:
        self._writer = writer
        self._accounts = accounts
        self._clock = clock
        self._deadline_secs = deadline_secs

    async def tell(self, conversation: Conversation, pending: Pending, key: str) -> None:
        """Repeatable. Nothing for what is no news to everybody. Raises Unavailable."""
        coming = pending.type in COMINGS and conversation.member_count > COMINGS_MEMBERS
        if coming or pending.type not in TEXTS:
            return
        system = System(pending.type, pending.actor_id, pending.user_ids, pending.value)
        send = Send(
            conversation=conversation,
            sender_id=SYSTEM_SENDER.id,
            session_id=0,
            client_id=key,
            text=await self._text(system),
            attachment=None,
            created_at=self._clock.now(),
            deadline=self._clock.monotonic() + self._deadline_secs,
            system=system,
        )
        try:
            await self._writer.post(send)
        except IdempotencyConflict:  # It was told before, when somebody still had another name.
            return

    async def _text(self, system: System) -> str:
        wanted = {system.actor_id} if system.type == "created" else {system.actor_id, *system.user_ids}
        users = await self._accounts.users(wanted - {SYSTEM_SENDER.id})
        names = [_isolated(users[id].full_name) for id in system.user_ids if id in users]
        actor = users.get(system.actor_id)
        text = TEXTS[system.type] if system.actor_id else BY_NOBODY.get(system.type, TEXTS[system.type])
        return text.format(
            actor=_isolated(actor.full_name) if actor is not None else "Somebody",
            people=", ".join(names),
            value=_isolated(str(system.value or "")),
        )


def _isolated(name: str) -> str:
    """A name may be read from right to left in a sentence that is not."""
    return f"\u2068{name}\u2069"
