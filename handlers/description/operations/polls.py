"""The poll and what belongs to it."""

from __future__ import annotations

from handlers import events, presence, schemas
from handlers.description import event_shapes, shapes
from handlers.description.operations import story
from handlers.description.operations.operation import Answer, Example, Operation

POLLING = "Polling"

OPERATIONS: dict[tuple[type, str], Operation] = {
    (events.EventsHandler, "GET"): Operation(
        "poll",
        POLLING,
        "Wait for events",
        {
            200: Answer(
                (event_shapes.EventsAtCursor, event_shapes.Events),
                "The events since your place, oldest first; none when the time was up.",
            )
        },
        "Ask, and the server answers as soon as there is something; when nothing comes it answers with no events "
        "after a while. Then ask again, at once. One held poll is all a client needs.\n\n"
        "**With a cursor** (new clients). Take `cursor` from the snapshot, give it here, and go on with the one "
        "each answer holds. The same cursor gives the same events with the same ids, so an answer that was lost "
        "on the way is simply asked for again. With `more` there is more already. A 410 `cursor_expired` means "
        "that the place is too old: its `cursor` is a fresh one; load the snapshot again, show the `notifications` "
        "in it, and go on.\n\n"
        "**Without one** (the original clients). The server keeps the place of each session: everything since "
        "login comes first, then everything since the last answer that got through; before both, notifications "
        "of the application around the chat that none of your devices has yet. An answer counts as through "
        "when it was written to an open connection, so after a broken one some events may come twice, with the "
        "same ids.\n\n"
        "**How long.** 5.5 seconds, or `wait` up to 50; idle ends differ by up to 10 % from the `wait` asked for, "
        "so that clients which came together do not come back together. Give your HTTP client ten seconds more. "
        "Zero looks and does not wait.\n\n"
        "**Tabs.** `client` names a tab or device within a session: a newer poll of the same name ends the older "
        "one with `superseded`. Whoever gets that stops polling. One process holds "
        "at most `limits.held_polls` of a person (12): one more, and the oldest is answered at once, empty.\n\n"
        "**Two tabs with one token** that name neither `client` nor `cursor` share the place of their session: each "
        "event reaches at least one of them, and which one is chance. The cure is a `client` and a `cursor` of each tab's own, "
        "or an event stream (`sse/events/`): then each gets everything.\n\n"
        "A session's own messages do not come back to it. After an error wait before asking again: as long as "
        "`Retry-After` says, else a second, doubling up to half a minute.",
        query=schemas.Poll,
        codes=("cursor_invalid", "cursor_expired"),
        examples=(
            Example(
                "An original client", {"events": [story.REPLY_EVENT], "timestamp": story.TIMESTAMP}, query={}
            ),
            Example(
                "With a cursor, not waiting",
                {
                    "events": [],
                    "timestamp": story.TIMESTAMP,
                    "cursor": "2f9a61c0:2",
                    "more": False,
                    "wait": 0.0,
                    "superseded": False,
                },
                query={"cursor": "2f9a61c0:2", "wait": 0, "client": "tab-1"},
            ),
        ),
    ),
    (events.PollTestHandler, "GET"): Operation(
        "poll_test",
        POLLING,
        "Try the connection",
        {200: Answer(shapes.PollTest, "This address can be reached from where you are.")},
        examples=(
            Example(
                "Reachable",
                {"status": "ok", "message": "Long polling works here.", "timestamp": story.TIMESTAMP},
            ),
        ),
    ),
    (presence.DisconnectHandler, "POST"): Operation(
        "disconnect",
        POLLING,
        "Be offline now",
        {200: Answer(shapes.Disconnected, "Offline, on all devices, until the next poll.")},
        "For the moment a page is closed; `navigator.sendBeacon` can call it, with `?token=`.",
        examples=(Example("Ann leaves", {"status": "disconnected", "user_id": 1}),),
    ),
}
