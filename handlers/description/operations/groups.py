"""Conversations of several people, and what is the same for those of two."""

from __future__ import annotations

from handlers import conversation_calls
from handlers.description import conversation_shapes as shapes
from handlers.description.operations.chats import CONVERSATIONS
from handlers.description.operations.operation import Answer, Operation

WHICH = ("conversation_id", "A conversation that you are in, of two or of many.")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (conversation_calls.ConversationHandler, "GET"): Operation(
        "get_conversation",
        CONVERSATIONS,
        "Look at a conversation",
        {200: Answer(shapes.FullConversation, "As it is now, and what is your own about it.")},
        "Of two people or of many. `my.can` names all that you may do there: offer nothing else. For who is no member, "
        "or not any more, it does not exist.",
        path=WHICH,
    ),
}
