"""What a member has for themselves in a conversation."""

from __future__ import annotations

from handlers import conversation_calls, own_conversation, schemas
from handlers.description import conversation_shapes, shapes
from handlers.description.operations.chats import CONVERSATIONS
from handlers.description.operations.groups import WHICH
from handlers.description.operations.operation import Answer, Operation

OPERATIONS: dict[tuple[type, str], Operation] = {
    (conversation_calls.ConversationsHandler, "GET"): Operation(
        "list_all_conversations",
        CONVERSATIONS,
        "List your conversations and groups",
        {200: Answer(conversation_shapes.ConversationPage, "One part.")},
        "Pinned ones first, and of each part the newest activity first; those in which nothing was said come last. "
        "Hidden ones come back with their next message. Go on with `next` as `after` until it is null.",
        query=schemas.ConversationPage,
        codes=("not_found",),
    ),
    (own_conversation.OwnSettingsHandler, "PATCH"): Operation(
        "change_own_settings",
        CONVERSATIONS,
        "Change what is your own about a conversation",
        {200: Answer(conversation_shapes.FullConversation, "As you see it now.")},
        "Nobody else sees any of it; your other devices get a `my_conversation` event. Muted and archived conversations "
        "do not count in `total_unread` of the snapshot. Calling one unread takes back nothing that others were told of "
        "your reading.",
        body=schemas.OwnSettings,
        codes=("limit_reached",),
        path=WHICH,
    ),
    (own_conversation.DraftHandler, "PUT"): Operation(
        "keep_draft",
        CONVERSATIONS,
        "Keep a draft",
        {200: Answer(conversation_shapes.Draft, "As it is kept; the same again when it was kept before.")},
        "For your other devices, which get a `draft` event if they are there; later ones find it in `my`. Name the `rev` "
        "that you knew: if another device has kept another text meanwhile, the answer is a 409 with that one, and "
        "nothing is lost. A send that names it (`draft_rev`) puts it away. Never put it into a field that somebody is "
        "writing in.",
        body=schemas.KeepDraft,
        codes=("revision_conflict",),
        path=WHICH,
    ),
    (own_conversation.ReadHandler, "POST"): Operation(
        "read_up_to",
        CONVERSATIONS,
        "Mark as read up to a message",
        {200: Answer(shapes.MarkedRead, "Marked. Repeating it changes nothing.")},
        "In groups of at most 100 members whose policy shows `receipts`, the others are told by `receipts` events; in "
        "larger ones it counts for yourself alone, as it does with `private`.",
        body=schemas.Read,
        path=WHICH,
    ),
    (own_conversation.ReceiptsHandler, "GET"): Operation(
        "seen_by",
        CONVERSATIONS,
        "Who has read a message of yours",
        {200: Answer(conversation_shapes.Receipts, "Those who have, yourself left out.")},
        "As of at most two seconds ago. Nobody is told where the policy has no `receipts`, nor above 100 members.",
        query=schemas.ReceiptsOf,
        path=WHICH,
    ),
}
