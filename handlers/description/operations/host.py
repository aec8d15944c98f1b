"""What the server of the application around the chat calls."""

from __future__ import annotations

from handlers import host, schemas
from handlers.description import shapes
from handlers.description.operations.operation import Answer, Operation

HOST = "The application around the chat"

OPERATIONS: dict[tuple[type, str], Operation] = {
    (host.NotificationsHandler, "POST"): Operation(
        "notify",
        HOST,
        "Tell somebody something",
        {
            201: Answer(shapes.HostNotification, "Stored, and on its way to all devices of the receiver."),
            200: Answer(
                shapes.HostNotification, "A repeat: what the first one became.", ("Idempotency-Replayed",)
            ),
        },
        "Arrives as a `notification` event, at once or with the next poll, and is owed until a device has it: until then "
        "it stands in the snapshot too, whatever else is written to the receiver. Sign a JWT with the key in the setting "
        "`host_secret`: HS256, `aud` is `chatserver`, `exp` at most 24 hours ahead, `scope` is `notifications`. With "
        "a `client_id` it may be repeated until there is an answer.",
        body=schemas.Notify,
        codes=("token_missing", "token_invalid", "forbidden", "not_found", "idempotency_conflict"),
        by_host=True,
    ),
}
