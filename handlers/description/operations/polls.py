"""The poll and what belongs to it."""

from __future__ import annotations

from handlers import event_streams, events, presence, schemas
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
        "one with `superseded`. Whoever gets that stops polling. Tabs that share a token and give neither `client` nor "
        "`cursor` share one place: each event reaches at least one of them. Where every tab is to have all, give both, "
        "or follow events as a stream (`sse/events/`). One process holds "
        "at most `limits.held_polls` of a person (12): one more, and the oldest is answered at once, empty.\n\n"
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
    (event_streams.EventStreamHandler, "GET"): Operation(
        "event_stream",
        POLLING,
        "Follow events",
        {
            200: Answer(
                None, "The events, each as it happens, until either side ends it.", media=event_streams.MEDIA
            )
        },
        "The same events by Server-Sent Events, for browsers' `EventSource` and its like; nothing that a poll promises "
        "is lost by it. A poll passes through more proxies.\n\n"
        '**What comes.** First `event: connected` with `{"status": "connected", "user_id": 2}`; then each event '
        "under its name, with the same `data` as in a poll; every 15 seconds `event: heartbeat` with "
        '`{"timestamp": …}`, seconds since 1970. Whoever has heard nothing for 40 seconds connects again.\n\n'
        "**With a cursor** (new clients). Give `cursor` as of the snapshot. The `id` is the cursor after the events so "
        "far; a browser that connects again sends the last one as `Last-Event-ID`, which counts more than `cursor`. "
        "Some events may come twice then: know messages by their `id` and `rev`. An `id` without an event moves the "
        'place past what is not for this session. `event: cursor_expired` with `{"cursor": …}` means that the place '
        "was too old: load the snapshot again and show the `notifications` in it; the stream goes on from that "
        "cursor.\n\n"
        "**Without one** (existing clients). It begins at the place that the server keeps for the session, and the place "
        "moves with what was written to an open connection. Two tabs of one token both get everything while both are "
        "connected. No `id` is sent.\n\n"
        "**How it ends.** `EventSource` connects again by itself, after as long as the last `retry` said: this is how a "
        "server that stops, is too busy or has lost its database sends clients away for a little, with status 200, since "
        'browsers give up at any other. `event: error` with `{"error": "Unauthorized"}`, with status 200 too: the '
        "token is not good, or the session has ended; close it and sign in. `event: superseded`: a newer stream or poll "
        "has the same `client`; close it. Streams count as held polls (`limits.held_polls`) and are not held by HEAD.\n\n"
        "**In the address** a token is easily seen: take a poll ticket. It has to be good when the stream begins, not "
        "longer.",
        query=schemas.Stream,
        headers=("Last-Event-ID",),
        codes=("cursor_invalid",),
        told_inside=True,
    ),
    (event_streams.StreamTestHandler, "GET"): Operation(
        "event_stream_test",
        POLLING,
        "Try the connection for streams",
        {200: Answer(shapes.PollTest, "This address can be reached from where you are.")},
        examples=(
            Example(
                "Reachable",
                {"status": "ok", "message": "Streams of events work here.", "timestamp": story.TIMESTAMP},
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
