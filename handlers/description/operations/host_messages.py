"""What the servers of the application around the chat write, read and change, whom they keep out, and the audit."""

from __future__ import annotations

from handlers import host_messages, host_moderation, schemas
from handlers.description import host_conversation_shapes as host_shapes
from handlers.description import shapes
from handlers.description.operations.host import HOST, scope
from handlers.description.operations.host_conversations import EXTERNAL
from handlers.description.operations.host_users import SUB
from handlers.description.operations.operation import Answer, Operation

MESSAGE = ("message_id", "A message of anybody.")
MODERATION = scope("moderation")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (host_messages.MessagesHandler, "POST"): Operation(
        "host_post_message",
        HOST,
        "Write as one of your people, a bot, or nobody",
        {
            201: Answer(host_shapes.HostMessage, "Stored, and on its way to everybody there."),
            200: Answer(
                host_shapes.HostMessage, "A repeat: what the first one became.", ("Idempotency-Replayed",)
            ),
        },
        f"{scope('messages:write')} Repeat it with the same `client_id` until there is an answer: it is stored once, and "
        "the same key with another content is a 422. One of your people writes where they are (else a 403 that names "
        "them), a bot and `system` anywhere that is not closed. Your own hook before sends is not asked, nor is the "
        "contact policy: a conversation of two is begun by it. `client_id` is theirs too where you write as somebody.",
        body=schemas.HostSend,
        codes=("not_found", "idempotency_conflict"),
        by_host=True,
    ),
    (host_messages.MessageHandler, "PATCH"): Operation(
        "host_change_message",
        HOST,
        "Change what somebody wrote",
        {
            200: Answer(
                host_shapes.HostMessage, "As it is now; everybody there gets a `message_changed` event."
            )
        },
        f"{MODERATION} Saying the same again changes nothing. The reason is for the audit alone.",
        body=schemas.HostEdit,
        path=MESSAGE,
        by_host=True,
    ),
    (host_messages.MessageHandler, "DELETE"): Operation(
        "host_delete_message",
        HOST,
        "Delete what somebody wrote",
        {200: Answer(host_shapes.HostMessage, "What is left of it: its place, and no text.")},
        f"{MODERATION} Repeatable. The reason is for the audit alone.",
        body=schemas.Reason,
        path=MESSAGE,
        by_host=True,
    ),
    (host_messages.HistoryHandler, "GET"): Operation(
        "host_conversation_messages",
        HOST,
        "Read one of your conversations",
        {200: Answer(host_shapes.HostMessages, "Oldest first, from above `after_seq` on.")},
        f"{scope('messages:read')} Nothing counts as delivered or read by it.",
        query=schemas.HostHistory,
        path=EXTERNAL,
        by_host=True,
    ),
    (host_moderation.BanHandler, "POST"): Operation(
        "ban_host_user",
        HOST,
        "Keep one of your people out",
        {200: Answer(host_shapes.Banned, "Out.")},
        f"{MODERATION} Of these conversations, where nobody can take them in again; else of everything, as `deactivate` "
        "does: all their sessions end, and until they first sign in after `until` they cannot be written to either.",
        query=schemas.SubQuery,
        body=schemas.HostBan,
        path=SUB,
        by_host=True,
    ),
    (host_moderation.BanHandler, "DELETE"): Operation(
        "unban_host_user",
        HOST,
        "Let one of your people in again",
        {
            200: Answer(
                shapes.Done,
                "They may come again; they are in no conversation by it that they were taken out of.",
            )
        },
        f"{MODERATION} Repeatable.",
        query=schemas.SubQuery,
        body=schemas.HostUnban,
        path=SUB,
        by_host=True,
    ),
    (host_moderation.AuditHandler, "GET"): Operation(
        "host_audit",
        HOST,
        "What your servers did",
        {200: Answer(host_shapes.AuditPage, "Newest first.")},
        f"{MODERATION} An entry for each action, whatever key it came with: nobody can change or delete one, and each is "
        "kept for a year. What was only looked at has none.",
        query=schemas.AuditPage,
        by_host=True,
    ),
}
