"""Every index beside `_id`, each with the query that needs it. Creating one that exists is free."""

from __future__ import annotations

from chatserver.storage.audit import KEPT_SECS
from chatserver.storage.conversations import MEMBERS_INDEX
from chatserver.storage.driver import Collection


async def create_indexes(collections: dict[str, Collection], session_days: int) -> None:
    messages, members = collections["messages"], collections["members"]
    # Sending: refuses the same send twice, and finds the first one.
    await messages.create_index([("sender_id", 1), ("client_id", 1)], unique=True)
    # The sweeper: what was appended since, without touching a document.
    await messages.create_index([("created_at", 1), ("_id", 1)])
    # The sweeper: changes whose fan-out is not finished.
    await messages.create_index([("pending", 1)], partialFilterExpression={"pending": {"$exists": True}})
    # The sweeper: files that no message names.
    await messages.create_index(
        [("attachment.id", 1)], partialFilterExpression={"attachment.id": {"$exists": True}}
    )
    # A person's list of deleted messages: few among many.
    await messages.create_index(
        [("_id", 1), ("deleted_at", 1)], partialFilterExpression={"deleted_at": {"$exists": True}}
    )
    # Search, within conversations: what others wrote elsewhere costs nothing.
    await collections["pages"].create_index([("c", 1), ("words", 1)])
    # Members of groups, by state: a large one is read from here alone.
    await members.create_index(list(MEMBERS_INDEX))
    # The sweeper: changes of groups and of their members that are not told yet.
    for collection in (collections["conversations"], members):
        await collection.create_index(
            [("pending", 1)], partialFilterExpression={"pending": {"$exists": True}}
        )
    # Making a group: refuses the same one twice, and finds the first.
    await collections["conversations"].create_index(
        [("creator_id", 1), ("client_id", 1)],
        unique=True,
        partialFilterExpression={"client_id": {"$exists": True}},
    )
    # Public conversations, the newest first, and by the beginnings of words of their names.
    await collections["conversations"].create_index([("listed.id", -1)], sparse=True)
    await collections["conversations"].create_index([("listed.words", 1)], sparse=True)
    # Invites: by their codes; of a conversation, each with a place of its own.
    await collections["invites"].create_index([("key", 1)], unique=True)
    await collections["invites"].create_index([("c", 1), ("slot", 1)], unique=True)
    # The host's own ids of conversations: one each, however many calls make it at once.
    await collections["conversations"].create_index(
        [("external_id", 1)], unique=True, partialFilterExpression={"external_id": {"$exists": True}}
    )
    # The sweeper: reads whose fan-out is not finished.
    await members.create_index(
        [("pending_reads.t", 1)], partialFilterExpression={"pending_reads.t": {"$gt": 0}}
    )
    # The sweeper: what people who were banned wrote, and is still to go.
    await members.create_index([("wipe.since", 1)], partialFilterExpression={"wipe.since": {"$exists": True}})
    # A person's own settings, where they have set any: few of their conversations.
    await members.create_index([("_id.u", 1)], partialFilterExpression={"own_rev": {"$gt": 0}})
    # The sweeper: own settings that the person's other devices may not know yet.
    await members.create_index(
        [("own_pending", 1)], partialFilterExpression={"own_pending": {"$exists": True}}
    )
    # Two first messages at the same moment meet in one conversation.
    await collections["conversations"].create_index(
        [("pair", 1)], unique=True, partialFilterExpression={"pair": {"$exists": True}}
    )
    # Sign-in, and the first people by username.
    await collections["users"].create_index([("username_key", 1)], unique=True)
    # The search for people, by the beginnings of words.
    await collections["users"].create_index([("name_words", 1)])
    # Users of the host application: one account each, however many sign-ins come at once.
    await collections["users"].create_index(
        [("host_sub", 1)], unique=True, partialFilterExpression={"host_sub": {"$exists": True}}
    )
    # Every request that is not answered from the session cache; a person's own list of sessions.
    await collections["sessions"].create_index([("token_hash", 1)], unique=True)
    await collections["sessions"].create_index([("user_id", 1), ("last_used_at", -1)])
    await collections["sessions"].create_index([("last_used_at", 1)], expireAfterSeconds=session_days * 86400)
    # Sessions that end with a token of the host.
    await collections["sessions"].create_index(
        [("expires_at", 1)],
        expireAfterSeconds=0,
        partialFilterExpression={"expires_at": {"$exists": True}},
    )
    # Those that a token of the host was exchanged for: once one was ended it is exchanged no more.
    await collections["sessions"].create_index(
        [("exchanged.key", 1)], partialFilterExpression={"exchanged.key": {"$exists": True}}
    )
    # Files: their pieces, in order.
    await collections["fs.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True)
    # Nobody asks for these: they are let go of when their time is over.
    await collections["tickets"].create_index([("expires_at", 1)], expireAfterSeconds=0)
    await collections["rates"].create_index([("expires_at", 1)], expireAfterSeconds=0)
    await collections["attempts"].create_index([("expires_at", 1)], expireAfterSeconds=0)
    await collections["quotas"].create_index([("expires_at", 1)], expireAfterSeconds=0)
    await collections["known_callers"].create_index([("expires_at", 1)], expireAfterSeconds=0)
    await collections["invites"].create_index([("expires_at", 1)], expireAfterSeconds=0)
    # The sweeper: notifications whose fan-out is not finished.
    await collections["notifications"].create_index(
        [("pending", 1)], partialFilterExpression={"pending": {"$exists": True}}
    )
    # The host's repeats.
    await collections["notifications"].create_index(
        [("client_id", 1)], unique=True, partialFilterExpression={"client_id": {"$exists": True}}
    )
    # What the host did, of one target; and all of it is let go of after a year.
    await collections["audit"].create_index([("target", 1), ("_id", -1)])
    await collections["audit"].create_index([("at", 1)], expireAfterSeconds=KEPT_SECS)
    # Conversations whose messages are kept as long as the host said of them.
    await collections["conversations"].create_index(
        [("retention_days", 1)], partialFilterExpression={"retention_days": {"$gt": 0}}
    )
    # What a job of the host has begun and not opened yet.
    await collections["conversations"].create_index(
        [("importing", 1)], partialFilterExpression={"importing": {"$exists": True}}
    )
    # What was given for a job goes by itself, should the job not have ended it.
    await collections["job_parts"].create_index([("ends_at", 1)], expireAfterSeconds=0)
    tasks, waiting = collections["tasks"], {"state": "waiting"}
    # What is due of an endpoint, and the list of its deliveries.
    await tasks.create_index([("key", 1), ("state", 1), ("due_at", 1)])
    # What goes before in its conversation.
    await tasks.create_index([("key", 1), ("line", 1), ("place", 1)], partialFilterExpression=waiting)
    await tasks.create_index([("ends_at", 1)], expireAfterSeconds=0)
    # Jobs: the host's repeats.
    await tasks.create_index(
        [("about.client_id", 1)],
        unique=True,
        partialFilterExpression={"about.client_id": {"$exists": True}},
    )
    # The host's repeats.
    await collections["webhooks"].create_index(
        [("client_id", 1)], unique=True, partialFilterExpression={"client_id": {"$exists": True}}
    )
