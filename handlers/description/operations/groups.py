"""Conversations of several people, and what is the same for those of two."""

from __future__ import annotations

from handlers import conversation_calls, members, pictures, schemas
from handlers.description import conversation_shapes as shapes
from handlers.description.operations import story
from handlers.description.operations.chats import CONVERSATIONS
from handlers.description.operations.operation import Answer, Example, Operation
from handlers.description.shapes import Done

GROUPS = "Groups"
WHICH = ("conversation_id", "A conversation that you are in, of two or of many.")
WHO = ("user_id", "The person.")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (conversation_calls.ConversationsHandler, "POST"): Operation(
        "begin_conversation",
        GROUPS,
        "Begin a conversation",
        {
            201: Answer(shapes.BegunConversation, "Begun. You are its owner."),
            200: Answer(
                shapes.BegunConversation, "A repeat, or the direct conversation that you have already."
            ),
        },
        "A `group`, an `announcement` that only admins write in, or a `public` one. Everybody in it gets a "
        "`conversation_changed` event. `refused` names those who could not be added, and why. `direct` opens the "
        "conversation with one other person without a message.\n\n"
        "**Repeat safely.** Give it a `client_id`: the same again is the same conversation (200), the same key with "
        "another content a 422. A person may begin so many a day and be in so many (`limits.groups`, "
        "`limits.person_conversations` of the server call).",
        body=schemas.Begin,
        codes=("limit_reached", "idempotency_conflict", "not_found", "contact_refused"),
        examples=(
            Example(
                "A group",
                {**story.READERS_BEGUN, "refused": []},
                201,
                {"preset": "group", "name": "Readers", "member_ids": [2], "client_id": "5f0c1a52-2"},
            ),
        ),
    ),
    (conversation_calls.ConversationHandler, "GET"): Operation(
        "get_conversation",
        CONVERSATIONS,
        "Look at a conversation",
        {200: Answer(shapes.FullConversation, "As it is now, and what is your own about it.")},
        "Of two people or of many. `my.can` names all that you may do there: offer nothing else. For who is no member, "
        "or not any more, it does not exist.",
        path=WHICH,
    ),
    (conversation_calls.ConversationHandler, "PATCH"): Operation(
        "change_conversation",
        GROUPS,
        "Change a group",
        {200: Answer(shapes.FullConversation, "As it is now.")},
        "Name, picture and what it is about: whoever `policy.edit_info` lets; policy and `state`: admins; `slow_secs`: "
        "moderators. All members get a `conversation_changed` event. With `rev` it is changed only if it is still at "
        "that one.",
        body=schemas.ConversationChange,
        path=WHICH,
        codes=("forbidden", "silenced", "revision_conflict"),
        examples=(
            Example(
                "Found by everybody, and joined by asking",
                None,
                body={"policy": {"listed": True, "join": "request"}},
                path=story.READERS,
            ),
        ),
    ),
    (pictures.AvatarHandler, "PUT"): Operation(
        "choose_picture",
        GROUPS,
        "Choose a group’s picture",
        {200: Answer(shapes.FullConversation, "As it is now.")},
        "For whoever `policy.edit_info` lets. The server keeps it, and `avatar` is its address, a path on this server, "
        "until another picture takes its place or `avatar` is changed. It is shown as it was sent: make it small, "
        "and without what a camera writes into it.",
        body=schemas.ChosenPicture,
        path=WHICH,
        codes=("forbidden", "silenced", "revision_conflict"),
        examples=(Example("A picture", None, body={"picture": story.PNG}, path=story.READERS),),
    ),
    (pictures.PictureHandler, "GET"): Operation(
        "picture",
        GROUPS,
        "Get a group’s picture",
        {200: Answer(None, "The picture, as it was chosen.", media="image/png")},
        "By the address that `avatar` gives, without a token: whoever has it may see it, as long as it is the group’s.",
        query=schemas.PictureLink,
        path=("conversation_id", "The group."),
        codes=("not_found",),
    ),
    (conversation_calls.ConversationHandler, "DELETE"): Operation(
        "close_conversation",
        GROUPS,
        "Close a group",
        {
            200: Answer(
                shapes.FullConversation, "Closed: its members can read it, and nobody writes any more."
            )
        },
        "Its owner may. It cannot be opened again.",
        path=WHICH,
        codes=("forbidden", "revision_conflict"),
    ),
    (conversation_calls.OwnerHandler, "POST"): Operation(
        "give_conversation",
        GROUPS,
        "Make somebody else the owner",
        {200: Answer(shapes.FullConversation, "As it is now.")},
        "The owner may, to another member. An owner who is deleted has an heir: whoever has the highest role, and of "
        "these who joined first.",
        body=schemas.Owner,
        path=WHICH,
        codes=("forbidden", "revision_conflict"),
    ),
    (conversation_calls.MessagesHandler, "GET"): Operation(
        "conversation_messages",
        CONVERSATIONS,
        "Read a conversation",
        {200: Answer(shapes.ConversationMessages, "One page.")},
        "Of two people or of many, from where on you may see it. At most one of `before_id`, `after_id` and `around_id`.",
        query=schemas.Messages,
        path=WHICH,
    ),
    (members.MembersHandler, "GET"): Operation(
        "list_members",
        GROUPS,
        "List its members",
        {200: Answer(shapes.Members, "One part.")},
        "For whoever `policy.see_members` lets. With `search` a part may be short and still have a `next`.",
        query=schemas.Members,
        path=WHICH,
        codes=("forbidden",),
        examples=(
            Example(
                "Both",
                {
                    "results": [
                        story.member(story.ANN_IN_GROUPS, "owner", 1),
                        story.member(story.BOB_IN_GROUPS, "member", 1, added_by=story.ANN_IN_GROUPS),
                    ],
                    "next": None,
                },
                path=story.READERS,
            ),
        ),
    ),
    (members.MemberHandler, "PUT"): Operation(
        "add_member",
        GROUPS,
        "Add somebody",
        {
            201: Answer(shapes.Member, "They are in it, and see what is sent from now on."),
            200: Answer(shapes.Member, "They were already."),
        },
        "For whoever `policy.invite` lets. Whoever is banned cannot be added. How many may be in one stands at "
        "`limits.group_members` and `limits.announcement_members` of the server call.",
        within=WHICH,
        path=WHO,
        codes=("forbidden", "silenced", "limit_reached", "contact_refused"),
        examples=(
            Example(
                "Bob",
                story.member(story.BOB_IN_GROUPS, "member", 4, added_by=story.ANN_IN_GROUPS),
                201,
                path=2,
                within=story.READERS,
            ),
        ),
    ),
    (members.MemberHandler, "PATCH"): Operation(
        "change_member",
        GROUPS,
        "Change a role, or silence somebody",
        {200: Answer(shapes.Member, "As they are now.")},
        "Of whoever has a lower role than you: admins give roles below their own, moderators silence. You may lower "
        "yourself.",
        body=schemas.MemberChange,
        within=WHICH,
        path=WHO,
        codes=("forbidden",),
        examples=(
            Example(
                "A moderator",
                story.member(story.BOB_IN_GROUPS, "moderator", 2, added_by=story.ANN_IN_GROUPS),
                body={"role": "moderator"},
                path=2,
                within=story.READERS,
            ),
        ),
    ),
    (members.MemberHandler, "DELETE"): Operation(
        "remove_member",
        GROUPS,
        "Remove somebody",
        {200: Answer(Done, "They are out: nothing sent from now on reaches them.")},
        "Moderators may, whoever has a lower role. Who is out already stays so: it may be repeated. Your own id: you "
        "leave, and whoever has left is answered like a stranger.",
        within=WHICH,
        path=WHO,
        codes=("forbidden", "owner_must_transfer"),
        examples=(Example("Bob", story.DONE, path=2, within=story.READERS),),
    ),
    (members.OwnMembershipHandler, "DELETE"): Operation(
        "leave_conversation",
        GROUPS,
        "Leave",
        {200: Answer(Done, "You are out: nothing sent from now on reaches you.")},
        "The owner makes somebody else the owner first. A conversation of two cannot be left.",
        path=WHICH,
        codes=("forbidden", "owner_must_transfer"),
        examples=(Example("A group of Bob's", story.DONE, path=4),),
    ),
    (members.BanHandler, "PUT"): Operation(
        "ban_member",
        GROUPS,
        "Ban somebody",
        {200: Answer(shapes.Member, "They are out, and nobody can add them before it is over.")},
        "Moderators may, whoever has a lower role or is not in it. With `delete_messages_secs` what they wrote goes too, "
        "as if each message was deleted: the newest before the answer, long stretches within the next minutes. The body "
        "may be left out.",
        body=schemas.Ban,
        within=WHICH,
        path=WHO,
        codes=("forbidden",),
        examples=(
            Example(
                "Bob",
                story.member(story.BOB_IN_GROUPS, "member", 8, state="banned", added_by=story.ANN_IN_GROUPS),
                body={"reason": "Too loud for a library"},
                path=2,
                within=story.READERS,
            ),
        ),
    ),
    (members.BanHandler, "DELETE"): Operation(
        "unban_member",
        GROUPS,
        "Lift a ban",
        {200: Answer(Done, "They can be added again; they are not in it by this.")},
        within=WHICH,
        path=WHO,
        codes=("forbidden",),
    ),
}
