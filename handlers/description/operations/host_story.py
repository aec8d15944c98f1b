"""A school makes a class, writes to it and is told of it: the examples of the host's calls, in the order of a story.

Ann, sub 42, is a pupil and Bob, sub 7, a teacher; on a fresh server they are the first two people.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatserver.model import PRESETS, message_id
from handlers.description.operations import story
from handlers.description.operations.operation import Example

CLASS, ANN, BOB = "class-7b", "42", "7"
URL = "https://school.example.org/chat"
SECRET = "whsec_OZVZSPfeDOdRDQ1803LXqMvlr1xWIjUzx17jWynIBNs="
_NOBODY = {"id": 0, "full_name": "", "username": "", "avatar": None}


def _person(id: int, sub: str, name: str, role: str, **more: Any) -> dict[str, Any]:
    unsaid = dict.fromkeys(("avatar", "email", "locale", "tz", "may_contact"))
    known = {"id": id, "sub": sub, "username": f"host:{id}", "name": name, "role": role, "data": {}}
    return {**known, **unsaid, "state": "active", "created_at": story.TIME, **more}


def _class(rev: int, count: int = 2, **more: Any) -> dict[str, Any]:
    known = {
        "id": 1,
        "external_id": CLASS,
        "title": "Class 7b",
        "preset": "group",
        "data": {},
        "state": "open",
    }
    return {**known, "policy": asdict(PRESETS["group"]), "member_count": count, "rev": rev, **more}


def _member(user_id: int, sub: str, role: str) -> dict[str, Any]:
    return {"user_id": user_id, "sub": sub, "role": role, "joined_at": story.TIME}


def _message(seq: int, sender: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    to_nobody = {f"receiver{key}": None for key in ("", "_id", "_name", "_username", "_avatar", "_sub")}
    return story.message(seq, sender, text, **{**to_nobody, "sender_sub": None, **more})


def _unread(sub: str, count: int) -> dict[str, Any]:
    by_conversation = [{"conversation_id": 1, "external_id": CLASS, "unread_count": count}] if count else []
    return {"sub": sub, "total_unread": count, "conversations": by_conversation}


def _delivery(id: str, state: str) -> dict[str, Any]:
    times = {"timestamp": story.TIME, "due_at": story.TIME}
    return {
        "id": id,
        "type": "message.created",
        "state": state,
        "poison": False,
        **times,
        "attempts": 0,
        "tries": [],
    }


_ANN = _person(1, ANN, "Ann Arden", "pupil", locale="en-GB")
_BOB = {"id": 2, "username": "host:2", "full_name": "Bob Berg", "avatar": None}
_ATLAS = _message(2, _BOB, "Bring your atlas tomorrow.", sender_sub=BOB, client_id="lesson-1")
_SAID = {"kind": "system", "system": {"type": "said", "actor_id": None, "user_ids": [], "value": None}}
_LESSON = _message(3, _NOBODY, "Lesson 4 begins at eleven.", client_id="plan-4", **_SAID)
_CORRECTED = {**_LESSON, "message": "Lesson 4 begins at ten.", "edited_at": story.TIME, "rev": 1}
_WEBHOOK = {
    "id": 1, "kind": "pull", "url": None, "events": ["message.created"], "detail": "ids", "order": False,
    "state": "active", "reason": None, "failing_since": None, "retry_at": None, "created_at": story.TIME,
}  # fmt: skip
_PUSHED = {**_WEBHOOK, "id": 2, "kind": "push", "url": f"{URL}/events", "detail": "full"}
_EVENT_ID = f"m_{_ATLAS['id']}_0"
_EVENT = {
    "id": _EVENT_ID,
    "type": "message.created",
    "timestamp": story.TIME,
    "data": {
        "id": _ATLAS["id"], "conversation_id": 1, "external_id": CLASS, "seq": 2, "rev": 0, "sender_id": 2,
        "sender_sub": BOB,
    },
}  # fmt: skip
_JOB = {
    "id": 1, "kind": "import", "state": "open", "phase": None, "done": 0, "total": 0, "parts": 0, "error_count": 0,
    "errors": [], "detail": None, "created_at": story.TIME, "client_id": "old-chat",
}  # fmt: skip
_KEY = {
    "id": 1, "name": "Timetable", "scopes": ["users:read", "messages:write"], "created_at": story.TIME,
    "expires_at": None, "last_used_at": None, "former_until": None, "networks": [],
}  # fmt: skip
_SECRET_KEY = "ck_1_WEkXFSpMy25-beTYkrBkdFjEXfI5yGhS9Abw7PuAP2g"
_NOTIFICATION = {"title": "A mark", "message": "Your essay was marked.", "client_id": "essay-1"}
_SEND_HOOK = {"point": "pre_send", "url": f"{URL}/before-send", "on_failure": "allow", "timeout_secs": 1.0}
_OPEN_HOOK = {"point": "pre_open", "url": f"{URL}/before-contact", "on_failure": "deny", "timeout_secs": 1.5}

STORY: tuple[tuple[str, Example], ...] = (
    (
        "put_host_user",
        Example(
            "A pupil", _ANN, 201, body={"name": "Ann Arden", "role": "pupil", "locale": "en-GB"}, path=ANN
        ),
    ),
    (
        "put_host_users",
        Example(
            "A teacher, and a pupil who is there",
            {
                "results": [
                    {"sub": BOB, "status": 201, "id": 2, "code": None, "detail": None},
                    {"sub": ANN, "status": 200, "id": 1, "code": None, "detail": None},
                ]
            },
            body={
                "users": [{"sub": BOB, "name": "Bob Berg", "role": "teacher"}, {"sub": ANN, "role": "pupil"}]
            },
        ),
    ),
    ("get_host_user", Example("A pupil", _ANN, path=ANN)),
    (
        "put_host_conversation",
        Example(
            "A class",
            _class(1, added=2, removed=0, refused=[]),
            201,
            body={"title": "Class 7b", "members": [BOB, ANN], "mode": "exact"},
            path=CLASS,
        ),
    ),
    (
        "put_host_member",
        Example(
            "A moderator", _member(2, BOB, "moderator"), body={"role": "moderator"}, within=CLASS, path=BOB
        ),
    ),
    (
        "get_host_conversation",
        Example(
            "A class",
            _class(1, members=[_member(1, ANN, "member"), _member(2, BOB, "moderator")], next=None),
            path=CLASS,
        ),
    ),
    (
        "create_webhook",
        Example(
            "To be asked for",
            {**_WEBHOOK, "secret": None},
            201,
            body={"kind": "pull", "events": ["message.created"], "detail": "ids", "client_id": "mails"},
        ),
    ),
    ("list_webhooks", Example("One", {"results": [_WEBHOOK], "next": None})),
    ("get_webhook", Example("The first", _WEBHOOK, path=1)),
    (
        "host_post_message",
        Example(
            "As a teacher",
            _ATLAS,
            201,
            body={
                "as": {"sub": BOB},
                "conversation": CLASS,
                "message": "Bring your atlas tomorrow.",
                "client_id": "lesson-1",
            },
        ),
    ),
    ("host_unread", Example("A pupil", _unread(ANN, 1), path=ANN)),
    (
        "host_unread_of_all",
        Example("Two people", {"results": [_unread(ANN, 1), _unread(BOB, 0)]}, body={"subs": [ANN, BOB]}),
    ),
    ("pull_events", Example("A message", {"results": [_EVENT]}, path=1, query={"wait": 25})),
    ("acknowledge_events", Example("It", {"count": 1}, path=1, body={"ids": [_EVENT_ID]})),
    (
        "list_deliveries",
        Example("Taken", {"results": [_delivery(_EVENT_ID, "done")], "next": None}, path=1),
    ),
    (
        "replay_deliveries",
        Example(
            "Of one day",
            {"count": 0, "next_since": None},
            202,
            body={"since": "2026-05-04T00:00:00Z", "until": "2026-05-05T00:00:00Z"},
            path=1,
        ),
    ),
    (
        "change_webhook",
        Example(
            "Changes too",
            {**_WEBHOOK, "events": ["message.created", "message.updated"]},
            body={"events": ["message.created", "message.updated"]},
            path=1,
        ),
    ),
    ("delete_webhook", Example("The first", story.DONE, path=1)),
    (
        "create_webhook",
        Example(
            "To be told",
            {**_PUSHED, "secret": SECRET},
            201,
            body={"url": f"{URL}/events", "events": ["message.created"]},
        ),
    ),
    (
        "rotate_webhook_secret",
        Example("Within a day", {**_PUSHED, "secret": SECRET}, body={"overlap_secs": 86400}, path=2),
    ),
    (
        "host_post_message",
        Example(
            "As nobody",
            _LESSON,
            201,
            body={
                "as": "system",
                "conversation": CLASS,
                "message": "Lesson 4 begins at eleven.",
                "client_id": "plan-4",
            },
        ),
    ),
    (
        "host_conversation_messages",
        Example("The last", {"messages": [_LESSON], "has_more": False}, path=CLASS, query={"after_seq": 2}),
    ),
    (
        "host_change_message",
        Example(
            "A correction",
            _CORRECTED,
            body={"message": "Lesson 4 begins at ten.", "reason": "The plan was wrong."},
            path=message_id(1, 3),
        ),
    ),
    (
        "host_delete_message",
        Example(
            "What is not true",
            {**_CORRECTED, "message": "", "is_active": False, "rev": 2},
            body={"reason": "The lesson does not take place."},
            path=message_id(1, 3),
        ),
    ),
    (
        "notify",
        Example(
            "A mark",
            {
                "id": 1,
                **_NOTIFICATION,
                "notification_type": "info",
                "timestamp": story.TIME,
                "receiver_id": 1,
            },
            201,
            body={"receiver_sub": ANN, **_NOTIFICATION},
        ),
    ),
    (
        "ban_host_user",
        Example(
            "From a class",
            {"sub": ANN, "until": None, "conversations": [CLASS], "sessions_ended": 0},
            body={"conversations": [CLASS]},
            path=ANN,
        ),
    ),
    ("unban_host_user", Example("From a class", story.DONE, body={"conversations": [CLASS]}, path=ANN)),
    ("remove_host_member", Example("A teacher", story.DONE, within=CLASS, path=BOB)),
    (
        "begin_host_session",
        Example(
            "A timetable",
            {
                "token": story.TOKEN,
                "user": {"id": 1, "username": "host:1", "full_name": "Ann Arden", "avatar": None},
                "session": {**story.SESSION, "name": "Timetable"},
            },
            201,
            body={"device": "Timetable"},
            path=ANN,
        ),
    ),
    ("end_host_sessions", Example("Everywhere", {**story.DONE, "sessions_ended": 1}, path=ANN)),
    (
        "deactivate_host_user",
        Example("A pupil", {**_ANN, "state": "disabled", "sessions_ended": 0}, path=ANN),
    ),
    ("activate_host_user", Example("A pupil", {**_ANN, "sessions_ended": 0}, path=ANN)),
    (
        "keep_messages",
        Example(
            "For a year",
            {"conversation_id": 1, "days": 365, "hold": False},
            body={"external_id": CLASS, "days": 365},
        ),
    ),
    ("create_job", Example("An import", _JOB, 201, body={"kind": "import", "client_id": "old-chat"})),
    ("get_job", Example("An import", _JOB, path=1)),
    ("cancel_job", Example("An import", {**_JOB, "state": "cancelling"}, path=1)),
    (
        "put_send_hook",
        Example(
            "Answered within a second",
            {**_SEND_HOOK, "secret": SECRET},
            201,
            body={"url": _SEND_HOOK["url"], "timeout_secs": 1},
        ),
    ),
    (
        "put_open_hook",
        Example("As usual", {**_OPEN_HOOK, "secret": SECRET}, 201, body={"url": _OPEN_HOOK["url"]}),
    ),
    ("list_hooks", Example("Both", {"results": [_OPEN_HOOK, _SEND_HOOK], "next": None})),
    ("forget_policies", Example("Of one person", story.DONE, query={"sub": ANN})),
    ("delete_send_hook", Example("It", story.DONE)),
    ("delete_open_hook", Example("It", story.DONE)),
    (
        "create_key",
        Example(
            "For a timetable",
            {**_KEY, "key": _SECRET_KEY},
            201,
            body={"name": "Timetable", "scopes": ["messages:write", "users:read"]},
        ),
    ),
    ("list_keys", Example("One", {"results": [_KEY]})),
    (
        "rotate_key",
        Example(
            "Within a day",
            {**_KEY, "former_until": story.TIME, "key": _SECRET_KEY},
            body={"overlap_secs": 86400},
            path=1,
        ),
    ),
    ("revoke_key", Example("The first", story.DONE, path=1)),
    (
        "host_audit",
        Example(
            "The newest",
            {
                "results": [
                    {
                        "id": "6b0da858087e79474f7933bc",
                        "at": story.TIME,
                        "by": "signed",
                        "action": "key.revoke",
                        "target": "key 1",
                        "reason": None,
                    }
                ],
                "next": "6b0da858087e79474f7933bc",
            },
            query={"limit": 1},
        ),
    ),
    ("close_host_conversation", Example("A class", _class(4, 0, state="closed"), path=CLASS)),
    ("delete_host_user", Example("A pupil", story.DONE, path=ANN)),
)


def of(id: str) -> tuple[Example, ...]:
    return tuple(example for called, example in STORY if called == id)
