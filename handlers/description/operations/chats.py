"""Messages, conversations, and who is there."""

from __future__ import annotations

from handlers import attachments, changes, conversations, messages, presence, receipts, schemas, search
from handlers.description import conversation_shapes, shapes
from handlers.description.operations import story
from handlers.description.operations.operation import Answer, Example, Operation

MESSAGES = "Messages"
CONVERSATIONS = "Conversations"
PARTS = (
    "At most `limits.conversations_listed` of the server call. Where there are more, `Link` is the address of the next "
    'part, with `rel="next"`; its `after` is opaque.'
)

OPERATIONS: dict[tuple[type, str], Operation] = {
    (messages.ChatsHandler, "POST"): Operation(
        "send_message",
        MESSAGES,
        "Send a message",
        {
            201: Answer(shapes.Message, "Stored, for good, and on its way."),
            200: Answer(
                shapes.Message, "A repeat: the message that the first send became.", ("Idempotency-Replayed",)
            ),
        },
        "The conversation begins with its first message. The answer comes when the message is safely stored.\n\n"
        "**Repeat safely.** Give each message a `client_id` of its own (or the header `Idempotency-Key`). When no "
        "answer comes, or a 503, send the same again: it is stored once, and the answer to a repeat is a 200 with "
        "the first message. The same key with another content is a 422.\n\n"
        "**Files.** Send multipart/form-data with the same fields and the file as `attachment`; its size limit is "
        "`limits.attachment_bytes` of the server call. In JSON a small file may be a `data:` URL. Names stay as they are "
        "but for paths, control and direction characters; a text keeps the type you declare, all else is what its bytes "
        "say; an empty file is stored like any other. A person may send so many at once and so much a day, and begin so "
        "many conversations an hour; beyond is a 409 that names the limit. To a deleted account nothing is sent "
        "(`not_found`).",
        body=schemas.Send,
        form=True,
        headers=("Idempotency-Key",),
        codes=(
            "not_found",
            "limit_reached",
            "idempotency_conflict",
            "silenced",
            "slow_mode",
            "contact_refused",
            "refused_by_host",
        ),
        examples=(
            Example(
                "A text",
                story.QUESTION,
                201,
                {"receiver_id": 2, "message": story.QUESTION["message"], "client_id": story.CLIENT_ID},
            ),
            Example(
                "The same again",
                story.QUESTION,
                200,
                {"receiver_id": 2, "message": story.QUESTION["message"], "client_id": story.CLIENT_ID},
            ),
            Example(
                "A small file",
                story.message(
                    3,
                    story.ANN,
                    "",
                    attachment=story.LINK,
                    attachment_url=story.LINK,
                    attachment_type="image/png",
                    attachment_name="file",
                    attachment_size=70,
                ),
                201,
                {"receiver_id": 2, "attachment": story.PNG},
            ),
        ),
    ),
    (messages.ChatsHandler, "GET"): Operation(
        "list_messages",
        MESSAGES,
        "List your messages",
        {200: Answer(shapes.MessagePage, "One page.")},
        "All that you sent to people, or they to you, for clients that are used to pages. At most the first 1,000 are "
        "counted and listed; older ones are in the histories, which page without shifting (`before_id`). A page beyond "
        "the last one is a 404. `next` and `previous` are links without a token. Whatever is new on a page counts as "
        "delivered. A list that takes too long is a 503: name a person.",
        query=schemas.MessagePage,
        codes=("not_found",),
        examples=(
            Example(
                "The newest",
                {
                    "count": 2,
                    "next": "http://127.0.0.1:8888/api/v1/communication/chats/?ordering=-timestamp&page=2&page_size=1",
                    "previous": None,
                    "results": [story.REPLY],
                },
                query={"page_size": 1},
            ),
        ),
    ),
    (changes.MessageHandler, "GET"): Operation(
        "get_message",
        MESSAGES,
        "Look at a message",
        {200: Answer(shapes.Message, "As it is now; empty, with `is_active` false, once deleted.")},
        "For members of its conversation. If it is new it counts as delivered.",
        path=("message_id", "The message."),
        examples=(Example("A reply", story.REPLY, path=8388610),),
    ),
    (changes.ShortMessageHandler, "GET"): Operation(
        "get_chat",
        MESSAGES,
        "Look at a message, by its old address",
        {200: Answer(shapes.Message, "As `chats/message/{message_id}/` answers.")},
        path=("message_id", "The message."),
    ),
    (changes.ShortMessageHandler, "PATCH"): Operation(
        "edit_chat",
        MESSAGES,
        "Edit a message, by its old address",
        {200: Answer(shapes.Message, "As `chats/message/{message_id}/` answers.")},
        body=schemas.Edit,
        codes=("forbidden", "silenced"),
        path=("message_id", "One of your own messages."),
    ),
    (changes.ShortMessageHandler, "DELETE"): Operation(
        "delete_chat",
        MESSAGES,
        "Delete a message, by its old address",
        {200: Answer(shapes.Message, "As `chats/message/{message_id}/` answers.")},
        codes=("forbidden",),
        path=("message_id", "One of your own messages."),
    ),
    (changes.MessageHandler, "PATCH"): Operation(
        "edit_message",
        MESSAGES,
        "Edit a message",
        {
            200: Answer(
                shapes.Message, "The message as it is now. Sending the same text again changes nothing."
            )
        },
        "Only its sender may; a deleted message stays deleted. Everybody in the conversation gets a "
        "`message_changed` event, and a `message` event that is yet to come shows the new text. Reading, counting "
        "and the place in the conversation stay as they were.",
        body=schemas.Edit,
        codes=("forbidden", "silenced"),
        path=("message_id", "One of your own messages."),
        examples=(
            Example("Another text", story.EDITED, body={"message": story.EDITED["message"]}, path=8388609),
        ),
    ),
    (changes.MessageHandler, "DELETE"): Operation(
        "delete_message",
        MESSAGES,
        "Delete a message",
        {200: Answer(shapes.Message, "What is left of it; the same when it was deleted before.")},
        "Its sender may, and in a group a moderator (`deleted_by`). Text and file are gone for good; an empty message "
        "with `is_active` false keeps the place, because numbers have no gaps, and still counts where it was unread. "
        "Everybody in the conversation gets a `message_changed` event.",
        codes=("forbidden",),
        path=("message_id", "One of your own messages, or of a group that you moderate."),
        examples=(
            Example(
                "A picture",
                story.message(3, story.ANN, "", rev=1, is_active=False),
                path=8388611,
            ),
        ),
    ),
    (messages.HistoryHandler, "GET"): Operation(
        "history",
        MESSAGES,
        "Read the history",
        {200: Answer(shapes.History, "One page, newest first.")},
        "Page with `before_id`, the id of the oldest message you have, until `has_more` is false. At most one of "
        "`before_id`, `after_id` and `around_id`. Whatever of it is new counts as delivered.",
        query=schemas.History,
        path=("user_id", "The other person."),
        examples=(
            Example(
                "The newest",
                {
                    "conversation_id": 1,
                    "other_user": story.BOB_THERE,
                    "messages": [story.REPLY],
                    "has_more": True,
                },
                path=2,
                query={"limit": 1},
            ),
        ),
    ),
    (search.SearchHandler, "GET"): Operation(
        "search_messages",
        MESSAGES,
        "Search your conversations",
        {200: Answer(shapes.Found, "One page, newest first.")},
        "Words are whole, and nothing in `q` has a meaning of its own: no wildcards, quotes or minus signs. Languages "
        "written without spaces are found by what stands between two spaces or signs; of a message with more than 512 "
        "different words the first count. Deleted messages are never "
        "found. Page with `before_id`, the id of the last one. A search that takes too long is a 503: name a person.",
        query=schemas.TextSearch,
        codes=("not_found",),
        examples=(
            Example("A word", {"messages": [story.EDITED], "has_more": False}, query={"q": "LIBRARY"}),
        ),
    ),
    (attachments.AttachmentHandler, "GET"): Operation(
        "attachment",
        MESSAGES,
        "Get a file",
        {
            200: Answer(
                None,
                "The file, byte for byte. Only images are shown inline.",
                ("ETag", "Accept-Ranges"),
                media="*/*",
            ),
            206: Answer(None, "The part of it.", ("ETag", "Accept-Ranges", "Content-Range"), media="*/*"),
            304: Answer(None, "You have it.", ("ETag", "Accept-Ranges"), media=""),
        },
        "For members of the conversation, and for an hour for whoever has a link to it: each `attachment_url` is one, to "
        "be opened as it is, by a page of any origin too. Its first part is the setting `public_url`, or the address "
        "that you asked. A link that is over still works with a token. What a file holds never changes, until its "
        "message is deleted, and the file and all links with it: a broken download goes on with `Range` and `If-Range`.",
        headers=("Range", "If-Range", "If-None-Match"),
        codes=("range_not_satisfiable",),
        path=("message_id", "The message it hangs on."),
        examples=(Example("A picture", None, path=8388611),),
    ),
    (receipts.MarkReadHandler, "POST"): Operation(
        "mark_read",
        MESSAGES,
        "Mark as read",
        {200: Answer(shapes.MarkedRead, "Marked. Repeating it changes nothing.")},
        "Reading only moves forward: it goes up to the highest id given, and all before that is read too. Each "
        "sender learns it by `read_receipt` events.",
        body=schemas.MarkRead,
        codes=("not_found",),
        examples=(
            Example(
                "All of a conversation",
                {**story.DONE, "marked_count": 1, "marked_read": 1, "read_at": story.TIME},
                body={"conversation_id": 1},
            ),
        ),
    ),
    (presence.TypingHandler, "POST"): Operation(
        "typing",
        MESSAGES,
        "Say that you are typing",
        {200: Answer(shapes.Done, "Told to whoever is there; never stored.")},
        "A signal lasts `timings.typing_secs` of the server call: repeat it while they type, and send false when "
        "they stop. Sending the message ends it by itself. In a group of more than 100 nobody is told.",
        body=schemas.Typing,
        codes=("not_found", "silenced"),
        examples=(Example("Writing to Bob", story.DONE, body={"receiver_id": 2, "is_typing": True}),),
    ),
    (conversations.ConversationsHandler, "GET"): Operation(
        "list_conversations",
        CONVERSATIONS,
        "List your conversations",
        {
            200: Answer(
                list[shapes.Conversation],
                "Those of two people that have a message, the one with the newest message first.",
                ("Link",),
            )
        },
        PARTS,
        query=schemas.Listing,
        codes=("not_found",),
        examples=(Example("One", [story.CONVERSATION]),),
    ),
    (conversations.UnreadCountHandler, "GET"): Operation(
        "unread_count",
        CONVERSATIONS,
        "Count what is unread",
        {200: Answer(shapes.Unread, "In all, by conversation and by sender.", ("Link",))},
        f"Of conversations of two people. `total_unread` counts all. {PARTS}",
        query=schemas.Listing,
        codes=("not_found",),
        examples=(Example("One message", story.UNREAD),),
    ),
    (conversations.SnapshotHandler, "GET"): Operation(
        "snapshot",
        CONVERSATIONS,
        "Everything a client starts from",
        {200: Answer(conversation_shapes.Snapshot, "As of the moment that `cursor` names.")},
        "Begin here, then poll with its `cursor`: nothing is missed and nothing is told twice. Come back here "
        "after a `cursor_expired`. Where `next` is not null there are older conversations: list them with it as `after`.",
        query=schemas.Listing,
        codes=("not_found",),
        examples=(
            Example(
                "Ann",
                {
                    "user": story.ANN,
                    "conversations": [story.CONVERSATION],
                    "next": None,
                    "unread": story.UNREAD,
                    "groups": {"results": [], "next": None},
                    "total_unread": 1,
                    "notifications": [],
                    "cursor": "2f9a61c0:2",
                },
            ),
        ),
    ),
    (presence.OnlineUsersHandler, "GET"): Operation(
        "online_users",
        CONVERSATIONS,
        "Who is there",
        {200: Answer(shapes.OnlineUsers, "People you share a conversation with, you left out.")},
        codes=("not_found",),
        examples=(Example("Bob", {"online_users": [2]}),),
    ),
}
