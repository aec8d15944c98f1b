"""The whole URL table. Every path of the API works with and without its trailing slash, never by a redirect."""

from __future__ import annotations

from typing import Any

from chatserver.runtime import Runtime
from handlers import (
    accounts,
    attachments,
    changes,
    conversation_calls,
    conversations,
    event_streams,
    events,
    hooks,
    host,
    host_conversations,
    host_jobs,
    host_keys,
    host_messages,
    host_moderation,
    host_users,
    invites,
    members,
    messages,
    own_conversation,
    pages,
    pictures,
    presence,
    receipts,
    requests,
    search,
    server,
    webhooks,
)
from handlers.assets import Assets
from handlers.base import BaseHandler, NothingHere
from handlers.description import docs

API = "/api/v1/communication/"
ID = r"([1-9][0-9]{0,15})"
FILE = r"(.{1,512})"
# The host's own id of somebody, or of a conversation: 200 characters, each of four bytes that are written %XX.
SUB = r"([^/]{1,2400})"

API_ROUTES: list[tuple[str, type[BaseHandler]]] = [
    ("poll/events", events.EventsHandler),
    ("poll/test", events.PollTestHandler),
    ("sse/events", event_streams.EventStreamHandler),
    ("sse/test", event_streams.StreamTestHandler),
    ("poll/disconnect", presence.DisconnectHandler),
    ("chats", messages.ChatsHandler),
    ("chats/conversations", conversations.ConversationsHandler),
    (f"chats/conversation/{ID}", messages.HistoryHandler),
    ("chats/search", search.SearchHandler),
    (f"chats/message/{ID}", changes.MessageHandler),
    (f"chats/{ID}", changes.ShortMessageHandler),
    (f"chats/attachment/{ID}", attachments.AttachmentHandler),
    ("chats/mark-read", receipts.MarkReadHandler),
    ("chats/typing", presence.TypingHandler),
    ("chats/unread-count", conversations.UnreadCountHandler),
    ("chats/online-users", presence.OnlineUsersHandler),
    ("auth/register", accounts.RegisterHandler),
    ("auth/login", accounts.LoginHandler),
    ("auth/host", host.HostSignInHandler),
    ("auth/guest", host.GuestHandler),
    ("auth/poll-ticket", accounts.PollTicketHandler),
    ("auth/logout", accounts.LogoutHandler),
    ("auth/sessions", accounts.SessionsHandler),
    (f"auth/sessions/{ID}", accounts.SessionHandler),
    ("users/me/password", accounts.PasswordHandler),
    ("users/me", accounts.MeHandler),
    ("users/me/export", accounts.ExportHandler),
    ("users", accounts.UsersHandler),
    ("host/notifications", host.NotificationsHandler),
    ("host/users", host_users.UsersHandler),
    (f"host/users/{SUB}", host_users.UserHandler),
    (f"host/users/{SUB}/deactivate", host_users.DeactivateHandler),
    (f"host/users/{SUB}/activate", host_users.ActivateHandler),
    (f"host/users/{SUB}/sessions", host_users.UserSessionsHandler),
    (f"host/users/{SUB}/unread", host_users.UnreadHandler),
    ("host/unread", host_users.AllUnreadHandler),
    (f"host/conversations/{SUB}", host_conversations.ConversationHandler),
    (f"host/conversations/{SUB}/members/{SUB}", host_conversations.MemberHandler),
    (f"host/conversations/{SUB}/messages", host_messages.HistoryHandler),
    ("host/messages", host_messages.MessagesHandler),
    (f"host/messages/{ID}", host_messages.MessageHandler),
    (f"host/users/{SUB}/ban", host_moderation.BanHandler),
    ("host/audit", host_moderation.AuditHandler),
    ("host/keys", host_keys.KeysHandler),
    (f"host/keys/{ID}", host_keys.KeyHandler),
    (f"host/keys/{ID}/rotate", host_keys.RotateHandler),
    ("host/retention", host_jobs.RetentionHandler),
    ("host/jobs", host_jobs.JobsHandler),
    (f"host/jobs/{ID}", host_jobs.JobHandler),
    (f"host/jobs/{ID}/parts/{ID}", host_jobs.PartHandler),
    (f"host/jobs/{ID}/commit", host_jobs.CommitHandler),
    ("conversations", conversation_calls.ConversationsHandler),
    (f"conversations/{ID}/me", own_conversation.OwnSettingsHandler),
    (f"conversations/{ID}/me/draft", own_conversation.DraftHandler),
    (f"conversations/{ID}/read", own_conversation.ReadHandler),
    (f"conversations/{ID}/receipts", own_conversation.ReceiptsHandler),
    (f"conversations/{ID}", conversation_calls.ConversationHandler),
    ("host/webhooks", webhooks.WebhooksHandler),
    (f"host/webhooks/{ID}", webhooks.OneWebhookHandler),
    (f"host/webhooks/{ID}/test", webhooks.WebhookTestHandler),
    (f"host/webhooks/{ID}/secret/rotate", webhooks.WebhookSecretHandler),
    (f"host/webhooks/{ID}/deliveries", webhooks.DeliveriesHandler),
    (f"host/webhooks/{ID}/replay", webhooks.ReplayHandler),
    (f"host/webhooks/{ID}/events", webhooks.PullHandler),
    (f"host/webhooks/{ID}/ack", webhooks.AcknowledgeHandler),
    ("host/hooks", hooks.HooksHandler),
    ("host/hooks/pre_send", hooks.SendHookHandler),
    ("host/hooks/pre_open", hooks.OpenHookHandler),
    ("host/policies", hooks.PoliciesHandler),
    (f"conversations/{ID}/messages", conversation_calls.MessagesHandler),
    (f"conversations/{ID}/avatar", pictures.AvatarHandler),
    (f"conversations/{ID}/picture", pictures.PictureHandler),
    (f"conversations/{ID}/owner", conversation_calls.OwnerHandler),
    (f"conversations/{ID}/members", members.MembersHandler),
    (f"conversations/{ID}/members/me", members.OwnMembershipHandler),
    (f"conversations/{ID}/members/{ID}", members.MemberHandler),
    (f"conversations/{ID}/bans/{ID}", members.BanHandler),
    (f"conversations/{ID}/bans", requests.BansHandler),
    (f"conversations/{ID}/invites", invites.InvitesHandler),
    (f"conversations/{ID}/invites/{ID}", invites.InviteHandler),
    ("invites/preview", invites.PreviewHandler),
    ("invites/accept", invites.AcceptHandler),
    ("conversations/public", requests.PublicHandler),
    (f"conversations/{ID}/join", requests.JoinHandler),
    (f"conversations/{ID}/requests", requests.JoinRequestsHandler),
    (f"conversations/{ID}/requests/me", requests.OwnRequestHandler),
    (f"conversations/{ID}/requests/{ID}", requests.JoinRequestHandler),
    ("snapshot", conversations.SnapshotHandler),
    ("server", server.ServerHandler),
]
# For hosts and integrators; described like the API, without its base.
OTHER_ROUTES: list[tuple[str, type[BaseHandler]]] = [
    ("/healthz", server.HealthHandler),
    ("/readyz", server.ReadyHandler),
    ("/openapi.json", docs.DocumentHandler),
    ("/docs", docs.DocsHandler),
]


def worker_routes(runtime: Runtime) -> list[tuple[Any, ...]]:
    """Of a node that only works at tasks: how it is, and nothing else."""
    with_runtime = {"runtime": runtime}
    return [
        (r"/healthz/?", server.HealthHandler, with_runtime),
        (r"/readyz/?", server.ReadyHandler, with_runtime),
    ]


def routes(runtime: Runtime, assets: Assets) -> list[tuple[Any, ...]]:
    with_runtime = {"runtime": runtime}
    with_docs = {**with_runtime, "docs": docs.Docs(assets)}
    root = str(assets.root)
    return [
        *[(rf"{API}{path}/?", handler, with_runtime) for path, handler in API_ROUTES],
        (r"/healthz/?", server.HealthHandler, with_runtime),
        (r"/readyz/?", server.ReadyHandler, with_runtime),
        (r"/openapi\.json/?", docs.DocumentHandler, with_docs),
        (r"/docs/?", docs.DocsHandler, with_docs),
        (r"/api/.{0,16384}", NothingHere, with_runtime),
        (r"/", pages.ChatPageHandler, {**with_runtime, "assets": assets}),
        (r"/embed\.js", pages.EmbedScriptHandler, {**with_runtime, "assets": assets}),
        (r"/embed/?", pages.EmbedPageHandler, {**with_runtime, "assets": assets}),
        (r"/(sw\.js)", pages.StaticHandler, {"path": root}),
        (r"/(favicon\.svg)", pages.StaticHandler, {"path": root}),
        (rf"/static/v-{assets.version}/{FILE}", pages.StaticHandler, {"path": root, "versions": assets}),
        # With another version before them: a page of the last release fetches some of its parts when first wanted.
        (rf"/static/(?:v-[0-9a-f]{{1,64}}/)?{FILE}", pages.StaticHandler, {"path": root}),
    ]
