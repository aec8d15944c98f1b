"""What the servers of the application around the chat do with its people."""

from __future__ import annotations

from handlers import host_users, schemas
from handlers.description import host_shapes, job_shapes, shapes
from handlers.description.operations.host import HOST, scope
from handlers.description.operations.operation import Answer, Operation

SUB = ("sub", "Your own id of the person, percent-encoded; or `-`, and the id as `?sub=`.")
READ, WRITE = scope("users:read"), scope("users:write")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (host_users.UserHandler, "GET"): Operation(
        "get_host_user",
        HOST,
        "Look at one of your people",
        {200: Answer(host_shapes.HostUser, "With all that you said of them.")},
        READ,
        query=schemas.SubQuery,
        path=SUB,
        by_host=True,
    ),
    (host_users.UserHandler, "PUT"): Operation(
        "put_host_user",
        HOST,
        "Make or change one of your people",
        {
            201: Answer(host_shapes.HostUser, "Somebody new: they can be written to and found from now on."),
            200: Answer(host_shapes.HostUser, "Whoever was there, as they are now."),
        },
        f"{WRITE} They need not have signed in. What is left out stays as it is, null clears it. Repeat it as often as "
        "you like; of many at once one makes the account.",
        query=schemas.SubQuery,
        body=schemas.HostProfile,
        path=SUB,
        headers=("If-None-Match: *",),
        by_host=True,
    ),
    (host_users.UserHandler, "DELETE"): Operation(
        "delete_host_user",
        HOST,
        "Delete one of your people",
        {
            200: Answer(shapes.Done, "There is nobody by that id, any more or ever."),
            202: Answer(job_shapes.Job, "With `messages=erase`: gone as well, and what they wrote is going."),
        },
        f"{WRITE} All sessions end, the name and all that you said of them is forgotten; what they wrote stays, from "
        "nobody. With `messages=erase`, which also takes the scope `erase`, it becomes tombstones, their groups get an "
        "heir, and the job tells when that is done. The same id put again is somebody new.",
        query=schemas.DeletePerson,
        path=SUB,
        by_host=True,
    ),
    (host_users.UsersHandler, "POST"): Operation(
        "put_host_users",
        HOST,
        "Make or change many of your people",
        {200: Answer(host_shapes.PutResults, "What became of each.")},
        f"{WRITE} At most 100, each as by itself: one that cannot be is refused alone.",
        body=schemas.HostPeople,
        by_host=True,
    ),
    (host_users.DeactivateHandler, "POST"): Operation(
        "deactivate_host_user",
        HOST,
        "Switch one of your people off",
        {200: Answer(host_shapes.SwitchedUser, "Off; how many sessions ended.")},
        f"{WRITE} They can neither sign in nor be written to (403), by whatever token; what was written stays. Other "
        "nodes may take a message for them up to a minute longer.",
        query=schemas.SubQuery,
        path=SUB,
        by_host=True,
    ),
    (host_users.ActivateHandler, "POST"): Operation(
        "activate_host_user",
        HOST,
        "Switch one of your people on again",
        {200: Answer(host_shapes.SwitchedUser, "On.")},
        WRITE,
        query=schemas.SubQuery,
        path=SUB,
        by_host=True,
    ),
    (host_users.UserSessionsHandler, "POST"): Operation(
        "begin_host_session",
        HOST,
        "Begin a session for one of your people",
        {201: Answer(shapes.SignedIn, "The session, and its token, shown this once.")},
        f"{WRITE} For what acts as them and has no JWT of yours.",
        query=schemas.SubQuery,
        body=schemas.NewSession,
        path=SUB,
        by_host=True,
    ),
    (host_users.UserSessionsHandler, "DELETE"): Operation(
        "end_host_sessions",
        HOST,
        "Sign one of your people out",
        {200: Answer(shapes.PasswordChanged, "How many sessions ended.")},
        f"{WRITE} Everywhere, at once; held polls end with a 401. Tokens of yours that began a session begin no second "
        "one; one that was never used still does until its `exp`: deactivate them where that matters.",
        query=schemas.EndSessions,
        path=SUB,
        by_host=True,
    ),
    (host_users.UnreadHandler, "GET"): Operation(
        "host_unread",
        HOST,
        "What one of your people has not read",
        {
            200: Answer(host_shapes.HostUnread, "In all, and by conversation.", ("ETag",)),
            304: Answer(None, "Nothing changed since the `ETag` you have.", ("ETag",), media=""),
        },
        f"{READ} For a number in your pages: ask with `If-None-Match`.",
        query=schemas.SubQuery,
        path=SUB,
        headers=("If-None-Match",),
        by_host=True,
    ),
    (host_users.AllUnreadHandler, "POST"): Operation(
        "host_unread_of_all",
        HOST,
        "What many of your people have not read",
        {200: Answer(host_shapes.HostUnreads, "Of those that there are, in the order asked.")},
        f"{READ} At most 100.",
        body=schemas.Subs,
        by_host=True,
    ),
}
