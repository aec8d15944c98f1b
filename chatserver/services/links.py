"""Links that open one file by themselves, for an hour: for clients that show a file by its bare address.

A link is signed and not stored: it names the message and when it ends, no person and no session. Whoever has it reads
that one file until then, or until the message is deleted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from chatserver.clock import Clock
from chatserver.model import Actor, Message
from chatserver.wire import ATTACHMENT_PATH

LASTS_MS = 3600 * 1000
PARAMETER = "link"
_LINK = re.compile(r"([1-9][0-9]{0,15})\.([A-Za-z0-9_-]{43})", re.ASCII)


class Links:
    def __init__(self, key: bytes, clock: Clock) -> None:
        """`key` is good for this alone."""
        self._key = key
        self._clock = clock

    def to_file(self, actor: Actor, message: Message) -> str | None:
        """A new one each time, under the address by which the actor came. None for a message without a file."""
        if message.attachment is None:
            return None
        ends = self._now_ms() + LASTS_MS
        signed = f"{ends}.{self._signature(message.id, ends)}"
        return f"{actor.base_url}{ATTACHMENT_PATH}{message.id}/?{PARAMETER}={signed}"

    def opens(self, message_id: int, given: str) -> bool:
        """Whether what was `given` as a link is one of ours to this message's file, and not over."""
        found = _LINK.fullmatch(given)
        if found is None:
            return False
        ends = int(found[1])
        genuine = hmac.compare_digest(found[2], self._signature(message_id, ends))
        return genuine and ends > self._now_ms()

    def _signature(self, message_id: int, ends_ms: int) -> str:
        digest = hmac.digest(self._key, b"file %d until %d" % (message_id, ends_ms), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _now_ms(self) -> int:
        return round(self._clock.now().timestamp() * 1000)
