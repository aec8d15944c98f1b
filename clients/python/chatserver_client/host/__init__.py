"""What a server of your application does, with a key or a token that it signed."""

from chatserver_client.host import conversations, messages, users, webhooks
from chatserver_client.host.notifications import notify

__all__ = ["conversations", "messages", "notify", "users", "webhooks"]
