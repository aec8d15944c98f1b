"""Every call, described: the part of the OpenAPI document that types cannot say."""

from handlers.description.operations import accounts, chats, doors, groups, host, polls, server

OPERATIONS = {
    **accounts.OPERATIONS,
    **polls.OPERATIONS,
    **chats.OPERATIONS,
    **groups.OPERATIONS,
    **doors.OPERATIONS,
    **host.OPERATIONS,
    **server.OPERATIONS,
}
# In the order in which somebody new needs them.
GROUPS = {
    accounts.SIGNING_IN: "An account, a token for each device, and what becomes of them.",
    polls.POLLING: "One request that is answered when something happens.",
    chats.MESSAGES: "Sending, reading, files and receipts.",
    chats.CONVERSATIONS: "Lists, counts, presence, and the snapshot to start from.",
    groups.GROUPS: "Conversations of several people: who is in them, and what they may do.",
    accounts.PEOPLE: "Who you are, and finding others.",
    host.HOST: "What its server calls, signed with the key both sides know.",
    server.SERVER: "What this server is, and how it is.",
}
