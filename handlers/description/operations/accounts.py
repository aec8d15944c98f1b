"""Registering, signing in and out, and people."""

from __future__ import annotations

from handlers import accounts, host, schemas
from handlers.description import people_shapes, shapes
from handlers.description.operations import story
from handlers.description.operations.operation import Answer, Example, Operation

SIGNING_IN = "Signing in"
PEOPLE = "People"

OPERATIONS: dict[tuple[type, str], Operation] = {
    (accounts.RegisterHandler, "POST"): Operation(
        "register",
        SIGNING_IN,
        "Make an account",
        {201: Answer(shapes.UserAnswer, "The account. Sign in next.")},
        "Where people may: `sign_in.registration` of the server call tells. Unless it is `open`, this is a 403.",
        body=schemas.Register,
        codes=("forbidden",),
        examples=(
            Example(
                "Ann",
                {"user": story.ANN},
                201,
                {"username": "ann", "password": story.PASSWORD, "full_name": "Ann Arden"},
            ),
        ),
    ),
    (accounts.LoginHandler, "POST"): Operation(
        "login",
        SIGNING_IN,
        "Sign in",
        {200: Answer(shapes.SignedIn, "A new session, and its token.")},
        "Each sign-in is a session of its own, with a token of its own. What happens from this moment on is kept "
        "for its first poll. A browser on a page of this server gets a cookie beside, `chat_device_…`, to show at the "
        "next sign-in: whoever guesses at this account elsewhere then keeps this browser from nothing. An address that "
        "signed in before is known without.",
        body=schemas.Login,
        codes=("token_invalid", "forbidden"),
        examples=(
            Example(
                "Ann",
                {"token": story.TOKEN, "user": story.ANN, "session": story.SESSION},
                body={"username": "ann", "password": story.PASSWORD},
            ),
        ),
    ),
    (host.HostSignInHandler, "POST"): Operation(
        "host_sign_in",
        SIGNING_IN,
        "Sign in by the application around this chat",
        {200: Answer(shapes.SignedIn, "A new session, and its token.")},
        "For a chat that is embedded in an application with users of its own; `sign_in.host` of the server call "
        "tells whether it is switched on. The application's server signs a JWT: HS256 with the key in the setting "
        "`host_secret`, or with one of `host_keys`, which its `kid` names, by the algorithm bound to that one. "
        "`sub` is its own id of the user; `aud`, `chatserver`; `exp`, at most 24 hours ahead. The first such "
        "sign-in makes the account, each later one finds it. Perhaps `name`, `avatar`, `email`, `locale`, `role`, "
        "`may_contact`: they become the user's profile, which nobody else changes; left out is unchanged, null "
        "cleared. These accounts have no password. A token with any scope of the host's own calls signs nobody "
        "in.",
        body=schemas.HostSignIn,
        codes=("token_invalid", "forbidden"),
    ),
    (host.GuestHandler, "POST"): Operation(
        "guest_sign_in",
        SIGNING_IN,
        "Come in as a guest",
        {201: Answer(shapes.SignedIn, "A new account, a session, and its token.")},
        "Switched on by the setting `guests`; `sign_in.guests` of the server call tells. Each call makes somebody new: "
        "whoever loses the token is somebody else from then on.",
        body=schemas.Guest,
        codes=("forbidden",),
    ),
    (accounts.PollTicketHandler, "POST"): Operation(
        "poll_ticket",
        SIGNING_IN,
        "Get a poll ticket",
        {200: Answer(shapes.PollTicket, "A ticket for some minutes, and when it ends.")},
        "For clients that cannot send headers: a ticket instead of the token in `?token=`. It is good for polls and "
        "disconnect only, cannot send or change anything, and ends with its session. Ask for the next one before it "
        "is over; both work meanwhile.",
        examples=(Example("For ten minutes", {"ticket": story.TICKET, "expires_at": story.TIME}),),
    ),
    (accounts.LogoutHandler, "POST"): Operation(
        "logout",
        SIGNING_IN,
        "Sign out",
        {200: Answer(shapes.Done, "The session is over and its token worth nothing.")},
        "Polls that the session still holds end at once, with a 401.",
        codes=("not_found",),
        examples=(Example("This device", story.DONE),),
    ),
    (accounts.SessionsHandler, "GET"): Operation(
        "list_sessions",
        SIGNING_IN,
        "List your sessions",
        {200: Answer(shapes.Sessions, "The one used last comes first.")},
        examples=(Example("One device", {"sessions": [story.SESSION]}),),
    ),
    (accounts.SessionHandler, "DELETE"): Operation(
        "end_session",
        SIGNING_IN,
        "End a session",
        {200: Answer(shapes.Done, "That device is signed out.")},
        path=("session_id", "One of your own sessions."),
        examples=(Example("A lost device", story.DONE, path=3),),
    ),
    (accounts.MeHandler, "GET"): Operation(
        "me",
        PEOPLE,
        "Who you are",
        {200: Answer(shapes.UserAnswer, "You.")},
        codes=("not_found",),
        examples=(Example("Ann", {"user": story.ANN}),),
    ),
    (accounts.MeHandler, "PATCH"): Operation(
        "update_me",
        PEOPLE,
        "Change your name or picture",
        {200: Answer(shapes.UserAnswer, "You, as changed.")},
        "Of an account that the application around this chat made, only the application changes them: a 403 that names "
        "the field.",
        body=schemas.Profile,
        codes=("not_found",),
        examples=(
            Example(
                "A new name", {"user": {**story.ANN, "full_name": "Ann B."}}, body={"full_name": "Ann B."}
            ),
        ),
    ),
    (accounts.PasswordHandler, "POST"): Operation(
        "change_password",
        SIGNING_IN,
        "Change your password",
        {200: Answer(shapes.PasswordChanged, "Changed; every other device is signed out.")},
        "Polls that the other sessions still hold end at once, with a 401. Wrong present passwords count like failed "
        "sign-ins.",
        body=schemas.NewPassword,
        codes=("not_found",),
        examples=(
            Example(
                "A better one",
                {"success": True, "status": "success", "sessions_ended": 0},
                body={"password": story.PASSWORD, "new_password": story.NEXT_PASSWORD},
            ),
        ),
    ),
    (accounts.MeHandler, "DELETE"): Operation(
        "delete_account",
        PEOPLE,
        "Delete your account",
        {200: Answer(shapes.Done, "Deleted. This token is worth nothing any more.")},
        "For ever: all your devices are signed out, nobody can sign in, your username is free for others, and your name "
        "becomes `Deleted user`, with a username that begins with `-deleted-`; other nodes notice within a minute. "
        "Messages you sent stay with those you sent them to: "
        "delete those first that should go. Users of the host application begin anew with their next sign-in.",
        body=schemas.Leave,
        codes=("not_found",),
    ),
    (accounts.ExportHandler, "GET"): Operation(
        "export",
        PEOPLE,
        "Take your data along",
        {200: Answer(shapes.Exported, "Your profile and a part of your messages.")},
        "All conversations, at most 5,000 messages at a time: go on with `after_id` until `next_after_id` is null. Files "
        "are named by their `attachment_url`. One at a time for a person.",
        query=schemas.Export,
        codes=("not_found", "limit_reached"),
    ),
    (accounts.UsersHandler, "GET"): Operation(
        "search_users",
        PEOPLE,
        "Find people",
        {200: Answer(people_shapes.Users, "Those who are meant.")},
        "By the beginnings of words of their names (`search`), without wildcards; or the one person whom `username` or "
        "`sub` names exactly, however many others are called like that. Without any of these the first people by name.",
        query=schemas.Search,
        examples=(
            Example(
                "By the beginning of a name",
                {"users": [{**story.BOB_THERE, "sub": None}]},
                query={"search": "bo"},
            ),
        ),
    ),
}
