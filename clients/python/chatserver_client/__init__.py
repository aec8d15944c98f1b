"""A client of chatserver: `Chat(url, token).do(call)`, or `await AsyncChat(url, token).do(call)`.

Calls are made by the functions in `host` (what your server does) and `person` (what one of your people does).
"""

from chatserver_client import host, person, tokens, webhooks
from chatserver_client.chat import AsyncChat, Chat
from chatserver_client.core import Answer, Call, Core, Patience, Pause, Request
from chatserver_client.errors import ChatError, Refused, Unreachable
from chatserver_client.polls import Poll
from chatserver_client.tokens import Signer
from chatserver_client.webhooks import NotTheChat

__all__ = [
    "Answer",
    "AsyncChat",
    "Call",
    "Chat",
    "ChatError",
    "Core",
    "NotTheChat",
    "Patience",
    "Pause",
    "Poll",
    "Refused",
    "Request",
    "Signer",
    "Unreachable",
    "host",
    "person",
    "tokens",
    "webhooks",
]
