"""How people come into a conversation of several by themselves, and who is kept out."""

from __future__ import annotations

from handlers import invites, requests, schemas
from handlers.description import conversation_shapes, door_shapes
from handlers.description.operations import story
from handlers.description.operations.groups import GROUPS, WHICH, WHO
from handlers.description.operations.operation import Answer, Example, Operation
from handlers.description.shapes import Done

OPERATIONS: dict[tuple[type, str], Operation] = {
    (requests.PublicHandler, "GET"): Operation(
        "public_conversations",
        GROUPS,
        "Find public ones",
        {200: Answer(door_shapes.PublicConversations, "One part.")},
        "Those whose `policy.listed` is on and that have a name, the newest first; not those that you are banned from. A "
        "search finds 1,000 at most: ask for more of the name. One that has just been named is found a moment later.",
        query=schemas.PublicSearch,
        examples=(
            Example(
                "By the beginning of a word",
                {
                    "results": [
                        {
                            "id": 3,
                            "preset": "public",
                            "name": "Night Owls",
                            **story.OUTSIDE,
                            "join": "open",
                            "my_state": None,
                        }
                    ],
                    "next": None,
                },
                query={"search": "ow"},
            ),
        ),
    ),
    (requests.JoinHandler, "POST"): Operation(
        "join_conversation",
        GROUPS,
        "Join, or ask to",
        {
            201: Answer(conversation_shapes.FullConversation, "You are in it."),
            200: Answer(conversation_shapes.FullConversation, "You were already."),
            202: Answer(
                door_shapes.Asked, "You have asked. Once you are let in you get `conversation_changed`."
            ),
        },
        "One that is listed: with `policy.join` `open` at once, with `request` those decide who may (`my.can` has "
        "`requests`). Who was refused may ask again after a day; until then it is a 429. Times a person may do so: "
        "`limits.joins`; requests that may wait: `limits.requests`.",
        path=("conversation_id", "A listed conversation."),
        codes=("forbidden", "limit_reached"),
        examples=(
            Example(
                "Open to everybody",
                story.joined(3, "Night Owls", preset="public"),
                201,
                path=3,
            ),
        ),
    ),
    (requests.JoinRequestsHandler, "GET"): Operation(
        "list_requests",
        GROUPS,
        "List who asks to join",
        {200: Answer(door_shapes.JoinRequests, "One part.")},
        "For moderators. `my.request_count` says how many there are, and changes live (`my_conversation`): for up to 50 "
        "who decide, beyond 20 requests in tens.",
        query=schemas.PeoplePage,
        path=WHICH,
        codes=("forbidden",),
        examples=(
            Example(
                "Bob asks",
                {"results": [{"user": story.BOB_IN_GROUPS, "asked_at": story.TIME}], "next": None},
                path=story.READERS,
            ),
        ),
    ),
    (requests.JoinRequestHandler, "PUT"): Operation(
        "accept_request",
        GROUPS,
        "Let somebody in who asks",
        {
            201: Answer(conversation_shapes.Member, "They are in it, and see what is sent from now on."),
            200: Answer(conversation_shapes.Member, "They were already."),
        },
        "Moderators may. Who does not ask, or not any more, is a 404.",
        within=WHICH,
        path=WHO,
        codes=("forbidden", "limit_reached"),
        examples=(
            Example(
                "Bob",
                story.member(story.BOB_IN_GROUPS, "member", 7, added_by=story.ANN_IN_GROUPS),
                201,
                path=2,
                within=story.READERS,
            ),
        ),
    ),
    (requests.JoinRequestHandler, "DELETE"): Operation(
        "refuse_request",
        GROUPS,
        "Refuse somebody who asks",
        {200: Answer(Done, "They may ask again after a day.")},
        "Moderators may. They are not told. Your own id: you take it back.",
        within=WHICH,
        path=WHO,
        codes=("forbidden",),
        examples=(Example("Bob", story.DONE, path=2, within=story.READERS),),
    ),
    (requests.OwnRequestHandler, "DELETE"): Operation(
        "take_back_request",
        GROUPS,
        "Take back that you asked",
        {200: Answer(Done, "You do not ask any more, and may again at once.")},
        "It may be repeated by whoever may ask.",
        path=("conversation_id", "A listed conversation."),
        codes=("forbidden",),
        examples=(Example("Ann, of a group of Bob's", story.DONE, path=5),),
    ),
    (invites.InvitesHandler, "POST"): Operation(
        "make_invite",
        GROUPS,
        "Make an invite",
        {
            201: Answer(door_shapes.Invite, "Made. Whoever has the code comes in."),
            200: Answer(door_shapes.Invite, "A repeat with the same `client_id`."),
        },
        "For whoever `policy.invite` lets. An invite ends with its time, its uses and the conversation, and with what "
        "gave its maker the right: one who leaves, is removed or banned loses theirs for good; one who may not invite "
        "for now, or is silenced, until they may again. A conversation has at most 50 (`limits.invites`); where there is "
        "no room, those make it that let nobody in any more. The body may be left out.",
        body=schemas.NewInvite,
        path=WHICH,
        codes=("forbidden", "silenced", "limit_reached"),
        examples=(
            Example(
                "For ten people and a day",
                story.invite(1, 10),
                201,
                {"max_age_secs": 86400, "uses": 10, "client_id": "5f0c1a52-3"},
                path=story.READERS,
            ),
        ),
    ),
    (invites.InvitesHandler, "GET"): Operation(
        "list_invites",
        GROUPS,
        "List its invites",
        {200: Answer(door_shapes.Invites, "All that are good, with their codes.")},
        "Moderators see all (`my.can` has `invites`), others their own.",
        path=WHICH,
        examples=(Example("One", {"results": [story.invite(1, 10)], "next": None}, path=story.READERS),),
    ),
    (invites.InviteHandler, "DELETE"): Operation(
        "take_back_invite",
        GROUPS,
        "Take an invite back",
        {200: Answer(Done, "It lets nobody in any more. Who came by it stays.")},
        "One of your own; moderators any.",
        within=WHICH,
        path=("invite_id", "The invite."),
        codes=("forbidden",),
        examples=(Example("The only one", story.DONE, path=1, within=story.READERS),),
    ),
    (invites.PreviewHandler, "POST"): Operation(
        "preview_invite",
        GROUPS,
        "Look at what a code opens",
        {200: Answer(door_shapes.Preview, "What it lets you into.")},
        "Whatever is wrong with a code is the same 404: that there is none, that its time or its uses are over, that you "
        "are banned. Wrong ones are counted by person and by address (`limits.rates.invite`, `.invite_address`).",
        body=schemas.InviteCode,
        codes=("not_found",),
        examples=(
            Example(
                "A group of Bob's",
                {
                    "conversation_id": None,
                    "is_member": False,
                    "preset": "group",
                    "name": "Early Birds",
                    **story.OUTSIDE,
                },
                body={"code": story.CODE},
            ),
        ),
    ),
    (invites.AcceptHandler, "POST"): Operation(
        "accept_invite",
        GROUPS,
        "Come in with a code",
        {
            201: Answer(conversation_shapes.FullConversation, "You are in it."),
            200: Answer(conversation_shapes.FullConversation, "You were already."),
        },
        "Whatever `policy.join` says. May be repeated: a use is counted once for each person, also where there is no "
        "place just then.",
        body=schemas.InviteCode,
        codes=("not_found", "limit_reached"),
        examples=(
            Example(
                "A group of Bob's",
                story.joined(4, "Early Birds"),
                201,
                {"code": story.CODE},
            ),
        ),
    ),
    (requests.BansHandler, "GET"): Operation(
        "list_bans",
        GROUPS,
        "List who is banned",
        {200: Answer(door_shapes.Bans, "One part.")},
        "For moderators.",
        query=schemas.PeoplePage,
        path=WHICH,
        codes=("forbidden",),
        examples=(
            Example(
                "Bob",
                {
                    "results": [
                        {
                            "user": story.BOB_IN_GROUPS,
                            "banned_by": story.ANN_IN_GROUPS,
                            "until": None,
                            "reason": "Too loud for a library",
                        }
                    ],
                    "next": None,
                },
                path=story.READERS,
            ),
        ),
    ),
}
