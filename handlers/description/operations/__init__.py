"""Every call, described: the part of the OpenAPI document that types cannot say."""

from dataclasses import replace

from handlers.description.operations import (
    accounts,
    chats,
    doors,
    groups,
    host,
    host_conversations,
    host_jobs,
    host_messages,
    host_story,
    host_users,
    own_conversation,
    polls,
    server,
    webhooks,
)

_DESCRIBED = {
    **accounts.OPERATIONS,
    **polls.OPERATIONS,
    **chats.OPERATIONS,
    **groups.OPERATIONS,
    **own_conversation.OPERATIONS,
    **doors.OPERATIONS,
    **host.OPERATIONS,
    **host_users.OPERATIONS,
    **host_conversations.OPERATIONS,
    **host_messages.OPERATIONS,
    **host_jobs.OPERATIONS,
    **webhooks.OPERATIONS,
    **server.OPERATIONS,
}
# The calls of the host have the examples of its story.
OPERATIONS = {
    call: replace(operation, examples=host_story.of(operation.id)) if operation.by_host else operation
    for call, operation in _DESCRIBED.items()
}
# In the order in which somebody new needs them.
GROUPS = {
    accounts.SIGNING_IN: "An account, a token for each device, and what becomes of them.",
    polls.POLLING: "One request that is answered when something happens.",
    chats.MESSAGES: "Sending, reading, files and receipts.",
    chats.CONVERSATIONS: "Lists, counts, presence, and the snapshot to start from.",
    groups.GROUPS: "Conversations of several people: who is in them, and what they may do.",
    accounts.PEOPLE: "Who you are, and finding others.",
    host.HOST: "What its server calls, with a key of its own (`chatserver key create`), or signed. The examples are one "
    "story of a school: put 42, 7 and class-7b before the others, and mind those that delete.",
    webhooks.WEBHOOKS: "What the application around the chat is told, and what it is asked.",
    server.SERVER: "What this server is, and how it is.",
}
