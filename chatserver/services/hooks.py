"""Asking the application around the chat before something happens: before a send, and before somebody is contacted.

It decides only by a 200 with JSON. All else is a failure, and each hook says what that means. After some failures in a
row it is left alone for a while, and that means the same. Where no hook is set, nothing of this costs anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
import structlog
from cachetools import TLRUCache
from msgspec import Meta, Struct

from chatserver import metrics, wire
from chatserver.clock import Clock
from chatserver.errors import RefusedByHost, Unavailable, Unreachable
from chatserver.guard.server_secret import ServerSecret, shown, signed_fields
from chatserver.model import Bell, HookSetting, Reply
from chatserver.ports import Bus, OutwardCalls, Stores
from chatserver.sending.feed import BELL as FEED
from chatserver.services.endpoint_urls import EndpointUrls
from chatserver.wire import Json

PRE_SEND, PRE_OPEN = "pre_send", "pre_open"
ON_FAILURE = {PRE_SEND: "allow", PRE_OPEN: "deny"}  # where the host says nothing else
AT_ONCE = 64  # and no line behind
FAILURES, WITHIN_SECS, PAUSE_SECS = 5, 10.0, 5.0
CACHED = 50_000  # allowed pairs of a person and a conversation, or of two people
CACHE_SECS = 300
REASON_CHARS, CODE_CHARS = 300, 64
READ_SECS = 5.0
MOST_SECS = 5.0  # that a hook may take
BELL = "hooks"

log = structlog.get_logger(__name__)


class Verdict(Struct):
    decision: Literal["allow", "deny", "replace"]
    text: str | None = None
    code: str | None = None
    reason: str | None = None
    cache_secs: Annotated[float, Meta(ge=0)] = 0.0


_decode = msgspec.json.Decoder(Verdict).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Asked:
    """How one hook has done lately."""

    under_way: int = 0
    paused_until: float = 0.0
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=FAILURES))


class Hooks:
    def __init__(
        self,
        stores: Stores,
        way_out: OutwardCalls,
        secret: ServerSecret | None,
        urls: EndpointUrls,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._way_out = way_out
        self._urls = urls
        self._secret = secret
        self._bus = bus
        self._clock = clock
        self._hooks: Mapping[str, HookSetting] = {}
        self._woken = asyncio.Event()
        self._asked = {point: _Asked() for point in ON_FAILURE}
        # (point, person, conversation or person) → until when it is allowed without asking; numbers of ours alone.
        self._allowed: TLRUCache[tuple[str, int, int], float] = TLRUCache(
            CACHED, ttu=lambda key, until, now: until, timer=clock.monotonic
        )

    def has(self, point: str) -> bool:
        return point in self._hooks

    async def refresh(self) -> None:
        """Raises Unavailable."""
        self._hooks = {hook.point: hook for hook in await self._stores.hooks.all()}

    async def run(self) -> None:
        """Until cancelled: which hooks there are is known before a send asks."""
        while True:
            self._woken.clear()
            try:
                await self.refresh()
            except Unavailable:
                log.info("hooks not read: the database is away")
            await self._clock.rest(self._woken, READ_SECS)

    def wake(self, others: bool) -> None:
        """There may be other ones than before."""
        if others:
            self._woken.set()

    def heard(self, bell: Bell) -> None:
        """What was allowed, to one person or to all, may not be any more."""
        self._forget(bell.body.get("user_id"))

    async def ask(self, point: str, data: Json, person: int, other: int, left_secs: float) -> Verdict | None:
        """None: nothing stands against it. Raises RefusedByHost."""
        hook = self._hooks.get(point)
        if hook is None or (point, person, other) in self._allowed:
            return None
        asked, now = self._asked[point], self._clock.monotonic()
        if now < asked.paused_until or asked.under_way >= AT_ONCE:
            metrics.HOOK_CALLS.labels(point, "not asked").inc()
            self._failed(hook)
            return None
        asked.under_way += 1
        try:
            verdict = await self._answer(hook, data, min(hook.timeout_secs, left_secs))
        except (Unreachable, ValueError) as error:
            self._note_failure(hook, asked, str(error))
            self._failed(hook)
            return None
        finally:
            asked.under_way -= 1
        metrics.HOOK_CALLS.labels(point, verdict.decision).inc()
        if verdict.decision == "deny":
            raise RefusedByHost(_cut(verdict.code, CODE_CHARS), _cut(verdict.reason, REASON_CHARS))
        if verdict.decision == "allow" and verdict.cache_secs:
            until = self._clock.monotonic() + min(verdict.cache_secs, CACHE_SECS)
            self._allowed[point, person, other] = until
        return verdict if verdict.decision == "replace" else None

    async def opening(self, user_id: int, other_id: int) -> None:
        """Before these two have a conversation. Raises RefusedByHost."""
        if not self.has(PRE_OPEN):
            return
        subs = await self._stores.users.subs([user_id, other_id])
        data = {
            "user_id": user_id,
            "sub": subs.get(user_id),
            "other_id": other_id,
            "other_sub": subs.get(other_id),
        }
        await self.ask(PRE_OPEN, data, user_id, other_id, MOST_SECS)

    async def _answer(self, hook: HookSetting, data: Json, limit_secs: float) -> Verdict:
        """Raises Unreachable, ValueError for what is no decision."""
        if self._secret is None or limit_secs <= 0:
            raise ValueError("there is no secret to sign with, or no time")
        at = self._clock.now()
        body = _encode({"type": f"hook.{hook.point}", "timestamp": wire.moment(at), "data": data})
        id = f"h_{hook.point}_{int(at.timestamp() * 1e3)}"
        fields = signed_fields(id, at, body, [self._key(hook)])
        reply: Reply = await self._way_out.post(hook.url, body, fields, limit_secs)
        if reply.status != 200 or not reply.whole:
            raise ValueError(f"status {reply.status}")
        try:
            verdict = _decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ValueError("its answer is no decision") from None
        if verdict.decision == "replace" and (hook.point != PRE_SEND or verdict.text is None):
            raise ValueError("it replaces what cannot be, or says not by what")
        return verdict

    def _note_failure(self, hook: HookSetting, asked: _Asked, reason: str) -> None:
        now = self._clock.monotonic()
        metrics.HOOK_CALLS.labels(hook.point, "failed").inc()
        asked.failures.append(now)
        if len(asked.failures) == FAILURES and now - asked.failures[0] <= WITHIN_SECS:
            asked.paused_until = now + PAUSE_SECS
            asked.failures.clear()
            log.warning("a hook fails and is left alone for a while", hook=hook.point, reason=reason)

    def _failed(self, hook: HookSetting) -> None:
        """What the host said that this means. Raises RefusedByHost."""
        if hook.on_failure == "deny":
            raise RefusedByHost(None, "The application around this chat could not be asked; try again.")

    # What the host does with them.

    async def all(self) -> list[HookSetting]:
        return await self._stores.hooks.all()

    async def put(
        self, point: str, url: str, on_failure: str | None, timeout_secs: float
    ) -> tuple[HookSetting, bool]:
        """True when it is new, and so is its secret. Raises Invalid."""
        self._signing()
        version = await self._stores.marks.next_id("hook")
        meant = on_failure or ON_FAILURE[point]
        hook = HookSetting(point, await self._urls.checked(url), meant, timeout_secs, version)
        made = await self._stores.hooks.put(hook)
        await self._changed()
        return made

    async def delete(self, point: str) -> None:
        """Repeatable."""
        await self._stores.hooks.delete(point)
        await self._changed()

    def secret(self, hook: HookSetting) -> str:
        return shown(self._key(hook))

    def _key(self, hook: HookSetting) -> bytes:
        return self._signing().derived("hook", hook.point, hook.version)

    def forget_allowed(self, user_id: int | None) -> None:
        """Of one person, or of all: they are asked for anew, on every node that hears of it."""
        self._forget(user_id)
        self._bus.publish(Bell(BELL, (), {"user_id": user_id}))

    def _forget(self, user_id: Any) -> None:
        gone = [key for key in self._allowed if user_id is None or user_id in key[1:]]
        for key in gone:
            self._allowed.pop(key, None)

    def _signing(self) -> ServerSecret:
        if self._secret is None:
            raise Unavailable(
                "This server has no secret to sign with: its operator gives it one with the setting server_secret."
            )
        return self._secret

    async def _changed(self) -> None:
        await self.refresh()
        self._forget(None)
        for asked in self._asked.values():
            asked.failures.clear()
            asked.paused_until = 0.0
        self._bus.publish(Bell(FEED, (), {"changed": True}))


def _cut(text: str | None, most: int) -> str | None:
    if not text:
        return None
    return "".join(c if c.isprintable() else " " for c in text[:most])


def hook_json(hook: HookSetting) -> Json:
    return {
        "point": hook.point,
        "url": hook.url,
        "on_failure": hook.on_failure,
        "timeout_secs": hook.timeout_secs,
    }
