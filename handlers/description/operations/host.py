"""What the server of the application around the chat calls."""

from __future__ import annotations

from handlers import host, host_keys, schemas
from handlers.description import shapes
from handlers.description.operations.operation import Answer, Operation

HOST = "The application around the chat"


def scope(name: str) -> str:
    return f"Takes the scope `{name}`."


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
        "it stands in the snapshot too, whatever else is written to the receiver. With a `client_id` it may be repeated "
        f"until there is an answer. {scope('notifications')}",
        body=schemas.Notify,
        codes=("not_found", "idempotency_conflict"),
        by_host=True,
    ),
    (host_keys.KeysHandler, "GET"): Operation(
        "list_keys",
        HOST,
        "List the keys",
        {200: Answer(shapes.Keys, "Without the keys themselves, of which only hashes are kept.")},
        scope("keys"),
        by_host=True,
    ),
    (host_keys.KeysHandler, "POST"): Operation(
        "create_key",
        HOST,
        "Make a key",
        {201: Answer(shapes.MadeKey, "The key, shown this once.")},
        f"{scope('keys')} A key has no scope that the one which asks has not. It cannot be repeated: revoke the key of "
        "an answer that never came. The first key is made by the operator: `chatserver key create`.",
        body=schemas.NewKey,
        codes=("limit_reached",),
        by_host=True,
    ),
    (host_keys.KeyHandler, "DELETE"): Operation(
        "revoke_key",
        HOST,
        "Revoke a key",
        {200: Answer(shapes.Done, "Worth nothing any more; on other nodes within 5 seconds.")},
        f"{scope('keys')} Only of keys with no scope that the one which asks has not.",
        path=("key_id", "One of the keys."),
        by_host=True,
    ),
    (host_keys.RotateHandler, "POST"): Operation(
        "rotate_key",
        HOST,
        "Give a key a new secret",
        {200: Answer(shapes.MadeKey, "The same key with its new secret, shown this once.")},
        f"{scope('keys')} The former secret is good for `overlap_secs` more, the one before it no longer.",
        path=("key_id", "One of the keys."),
        body=schemas.Rotate,
        by_host=True,
    ),
}
