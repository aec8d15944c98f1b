"""Poll tickets: good for polls and disconnect only, for some minutes, so that a URL need not hold the token itself.

Stored, and only as hashes, rather than signed: a key for signing would have to lie in the database beside the hashes
of the tokens, and whoever reads one backup of it could make tickets for everybody. A ticket names a token's hash, so it
lives no longer than its session, by the same look that the token itself gets.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cachetools import LRUCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import TokenInvalid
from chatserver.guard.credentials import TICKET_PREFIX, new_ticket, token_hash
from chatserver.model import Actor
from chatserver.ports import TicketStore

KNOWN = 100_000


class Tickets:
    def __init__(self, tickets: TicketStore, clock: Clock, lasts_secs: float) -> None:
        self._tickets = tickets
        self._clock = clock
        self._lasts = timedelta(seconds=lasts_secs)
        self._by_hash = BatchedCalls(tickets.by_hashes, clock)
        self._known: LRUCache[bytes, tuple[bytes, datetime]] = LRUCache(
            KNOWN
        )  # what a ticket stands for never changes

    async def issue(self, actor: Actor) -> tuple[str, datetime]:
        """A new ticket and when it ends. Raises TokenInvalid when the session is over."""
        ticket, expires_at = new_ticket(), self._clock.now() + self._lasts
        if not await self._tickets.create(token_hash(ticket), actor.session_id, expires_at):
            raise TokenInvalid("The session is over.")
        return ticket, expires_at

    async def key(self, token: str, polling: bool) -> bytes:
        """What the session is known by: the hash of the token, or of the one that a ticket stands for.

        Raises TokenInvalid for a ticket that is over, or given where only a token is good.
        """
        key = token_hash(token)
        if not token.startswith(TICKET_PREFIX):
            return key
        if not polling:
            raise TokenInvalid("A poll ticket is good for polls and disconnect only; send the token.")
        ticket = self._known.get(key)
        if ticket is None and (ticket := await self._by_hash.get(key)) is not None:
            self._known[key] = ticket
        if ticket is None or ticket[1] <= self._clock.now():
            raise TokenInvalid("The poll ticket is unknown or over; ask for a new one.")
        return ticket[0]

    async def close(self) -> None:
        await self._by_hash.close()
