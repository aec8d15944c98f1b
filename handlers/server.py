"""What this server is, and how it is."""

from __future__ import annotations

from tornado_prometheus import MetricsHandler as PrometheusHandler

from chatserver import __version__, wire
from chatserver.guard.rates import RATES, rate
from chatserver.runtime import Runtime
from chatserver.services.invites import MOST_INVITES
from chatserver.services.messages import MAX_PAGE
from chatserver.services.own_settings import PINNED, PINNED_LIMIT
from chatserver.services.requests import MOST_WAITING
from handlers.base import ApiHandler
from handlers.events import MAX_EVENTS


def _rate(runtime: Runtime, name: str) -> dict[str, int] | None:
    item = rate(runtime.settings, name)
    return {"amount": item.amount, "window_secs": item.get_expiry()} if item else None


class ServerHandler(ApiHandler):
    public = True

    async def get(self) -> None:
        settings = self.runtime.settings
        self.answer(
            {
                "version": __version__,
                "feature_level": wire.FEATURE_LEVEL,
                "limits": {
                    "message_chars": settings.message_chars,
                    "attachment_bytes": settings.attachment_bytes,
                    "body_bytes": settings.body_bytes,
                    "history_limit": MAX_PAGE,
                    "event_limit": MAX_EVENTS,
                    "client_id_chars": 64,
                    "person_sessions": settings.person_sessions,
                    "held_polls": settings.held_polls,
                    "conversations": _rate(self.runtime, "conversation"),
                    "groups": _rate(self.runtime, "group"),
                    "joins": _rate(self.runtime, "join"),
                    "invites": MOST_INVITES,
                    "requests": MOST_WAITING,
                    "group_members": settings.group_members,
                    "announcement_members": settings.announcement_members,
                    "person_conversations": settings.person_conversations,
                    "conversations_listed": settings.conversations_listed,
                    PINNED_LIMIT: PINNED,
                    "open_uploads": settings.open_uploads,
                    "upload_day_bytes": settings.upload_day_bytes or None,
                    "exports": 1,
                    "retention_days": settings.retention_days or None,
                    "rates": {name: _rate(self.runtime, name) for name in RATES},
                },
                "sign_in": {
                    "host": settings.host_signs,
                    "host_tokens": settings.host_signs or bool(settings.token_url),
                    "guests": settings.guests,
                    "registration": settings.who_registers,
                },
                "people": {"directory": settings.directory, "contact": settings.contact},
                "timings": {
                    "hold_secs": settings.hold_secs,
                    "max_hold_secs": settings.max_hold_secs,
                    "check_secs": settings.check_secs,
                    "typing_secs": settings.typing_secs,
                    "linger_secs": settings.linger_secs,
                },
            }
        )


class HealthHandler(ApiHandler):
    """The process runs. It looks at nothing else, so that a database away restarts no server."""

    public = True

    async def get(self) -> None:
        self.answer({"status": "ok"})


class ReadyHandler(ApiHandler):
    """503 while the database is away or the server drains; a broker that is away only degrades."""

    public = True

    async def get(self) -> None:
        parts = await self.runtime.health()
        ready = parts["database"] == "up" and parts["server"] == "up"
        if not ready:
            self.set_header("Retry-After", "2")
        self.answer({"status": "ready" if ready else "not ready", "components": parts}, 200 if ready else 503)


class MetricsHandler(PrometheusHandler):  # type: ignore[misc]
    """For the admin listener only: the public one does not know it."""

    def head(self) -> None:
        self.get()
