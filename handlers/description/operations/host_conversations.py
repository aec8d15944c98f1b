"""What the servers of the application around the chat do with its conversations."""

from __future__ import annotations

from handlers import host_conversations, schemas
from handlers.description import host_conversation_shapes as host_shapes
from handlers.description import shapes
from handlers.description.operations.host import HOST, scope
from handlers.description.operations.host_users import SUB
from handlers.description.operations.operation import Answer, Operation

EXTERNAL = (
    "external_id",
    "Your own id of the conversation, percent-encoded; or `-`, and the id as `?external_id=`.",
)
READ, WRITE = scope("conversations:read"), scope("conversations:write")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (host_conversations.ConversationHandler, "GET"): Operation(
        "get_host_conversation",
        HOST,
        "Look at one of your conversations",
        {200: Answer(host_shapes.HostConversationWithMembers, "As it is now, and who is in it.")},
        f"{READ} The members come by 1,000.",
        query=schemas.HostMembersPage,
        path=EXTERNAL,
        by_host=True,
    ),
    (host_conversations.ConversationHandler, "PUT"): Operation(
        "put_host_conversation",
        HOST,
        "Make or change one of your conversations",
        {
            201: Answer(
                host_shapes.ChangedHostConversation, "A new one, which belongs to you and to nobody in it."
            ),
            200: Answer(host_shapes.ChangedHostConversation, "The one that was there, as it is now."),
        },
        f"{WRITE} What is left out stays as it is. `members` are taken in; with `exact` they are all who are in it when "
        "this is answered, whoever joins or leaves meanwhile, and who is not named gets nothing that is said after "
        "that. Nobody has to have signed in, but you must have put them: else it is a 404 that names one, and nothing "
        "is done. Who joins sees what is said from then on, unless `policy.history` is `all`. Repeat it as often as you "
        "like: what is so already is told to nobody. A closed one is a 403.\n\n"
        "A conversation is made with all of them at once. Later each newcomer is a step of its own: a long list takes "
        "long, and a call that is cut is gone on with by the next.",
        query=schemas.ExternalQuery,
        body=schemas.PutConversation,
        path=EXTERNAL,
        codes=("not_found", "revision_conflict"),
        by_host=True,
    ),
    (host_conversations.ConversationHandler, "DELETE"): Operation(
        "close_host_conversation",
        HOST,
        "Close one of your conversations",
        {
            200: Answer(
                host_shapes.HostConversation, "Closed: its members can read it, and nobody writes any more."
            )
        },
        f"{WRITE} It cannot be opened again.",
        query=schemas.ExternalQuery,
        path=EXTERNAL,
        codes=("revision_conflict",),
        by_host=True,
    ),
    (host_conversations.MemberHandler, "PUT"): Operation(
        "put_host_member",
        HOST,
        "Take somebody in",
        {
            201: Answer(host_shapes.HostMember, "They came by this call."),
            200: Answer(host_shapes.HostMember, "They were in it; as they are now."),
        },
        f"{WRITE} A 403 for who is banned there, and for a closed conversation.",
        query=schemas.MemberQuery,
        body=schemas.PutMember,
        within=EXTERNAL,
        path=SUB,
        codes=("limit_reached",),
        by_host=True,
    ),
    (host_conversations.MemberHandler, "DELETE"): Operation(
        "remove_host_member",
        HOST,
        "Take somebody out",
        {200: Answer(shapes.Done, "They are not in it, and nothing that is said from now on reaches them.")},
        WRITE,
        query=schemas.MemberQuery,
        within=EXTERNAL,
        path=SUB,
        by_host=True,
    ),
}
