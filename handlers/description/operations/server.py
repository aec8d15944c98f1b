"""What the server says about itself."""

from __future__ import annotations

from typing import Any

from chatserver import __version__, wire
from handlers import server
from handlers.description import docs
from handlers.description import server_shapes as shapes
from handlers.description.operations.operation import Answer, Example, Operation

SERVER = "Server"

OPERATIONS: dict[tuple[type, str], Operation] = {
    (server.ServerHandler, "GET"): Operation(
        "server",
        SERVER,
        "Version, limits and timings",
        {200: Answer(shapes.Server, "As this server is set.")},
        examples=(
            Example(
                "As it comes",
                {
                    "version": __version__,
                    "feature_level": wire.FEATURE_LEVEL,
                    "limits": {
                        "message_chars": 4000,
                        "attachment_bytes": 10485760,
                        "body_bytes": 65536,
                        "history_limit": 200,
                        "event_limit": 200,
                        "client_id_chars": 64,
                        "person_sessions": 1000,
                        "held_polls": 12,
                        "conversations": {"amount": 500, "window_secs": 3600},
                        "groups": {"amount": 50, "window_secs": 86400},
                        "joins": {"amount": 60, "window_secs": 3600},
                        "invites": 50,
                        "requests": 200,
                        "group_members": 1000,
                        "announcement_members": 10000,
                        "person_conversations": 1000,
                        "conversations_listed": 500,
                        "pinned_conversations": 20,
                        "open_uploads": 10,
                        "upload_day_bytes": 2147483648,
                        "exports": 1,
                        "retention_days": None,
                        "rates": {
                            "send": {"amount": 3000, "window_secs": 60},
                            "upload": {"amount": 300, "window_secs": 60},
                            "typing": {"amount": 600, "window_secs": 60},
                            "receipts": {"amount": 3000, "window_secs": 60},
                            "history": {"amount": 3000, "window_secs": 60},
                            "poll": {"amount": 6000, "window_secs": 60},
                            "account": {"amount": 600, "window_secs": 60},
                            "host": {"amount": 60, "window_secs": 60},
                            "host_address": {"amount": 3000, "window_secs": 60},
                            "login": {"amount": 10, "window_secs": 300},
                            "login_account": {"amount": 100, "window_secs": 300},
                            "login_address": {"amount": 300, "window_secs": 300},
                            "register": {"amount": 100, "window_secs": 3600},
                            "register_site": {"amount": 300, "window_secs": 3600},
                            "register_provider": {"amount": 1000, "window_secs": 3600},
                            "register_total": {"amount": 3000, "window_secs": 3600},
                            "invite": {"amount": 10, "window_secs": 60},
                            "invite_address": {"amount": 10, "window_secs": 60},
                        },
                    },
                    "sign_in": {"host": False, "host_tokens": False, "guests": False, "registration": "open"},
                    "people": {"directory": "everyone", "contact": "everyone"},
                    "timings": {
                        "hold_secs": 5.5,
                        "max_hold_secs": 50.0,
                        "check_secs": 0.3,
                        "typing_secs": 6.0,
                        "linger_secs": 60.0,
                    },
                },
            ),
        ),
    ),
    (server.HealthHandler, "GET"): Operation(
        "healthz",
        SERVER,
        "Whether the process runs",
        {200: Answer(shapes.Health, "It runs. Nothing else was looked at.")},
        shielded=False,
        examples=(Example("Alive", {"status": "ok"}),),
    ),
    (server.ReadyHandler, "GET"): Operation(
        "readyz",
        SERVER,
        "Whether to send requests here",
        {
            200: Answer(shapes.Readiness, "Yes. A broker that is away only degrades."),
            503: Answer(shapes.Readiness, "The database is away, or the server drains.", ("Retry-After",)),
        },
        shielded=False,
        examples=(
            Example(
                "Ready",
                {"status": "ready", "components": {"database": "up", "bus": "up", "server": "up"}},
            ),
        ),
    ),
    (docs.DocumentHandler, "GET"): Operation(
        "openapi",
        SERVER,
        "This document",
        {200: Answer(dict[str, Any], "OpenAPI 3.1.")},
        shielded=False,
    ),
    (docs.DocsHandler, "GET"): Operation(
        "docs",
        SERVER,
        "This page",
        {200: Answer(None, "A page.", media="text/html")},
        shielded=False,
    ),
}
