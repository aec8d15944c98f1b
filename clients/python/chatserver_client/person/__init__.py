"""What a person does, with the token of a session or a JWT that your server signed for them."""

from chatserver_client.person import conversations, messages
from chatserver_client.person.sessions import sign_in, sign_out, snapshot

__all__ = ["conversations", "messages", "sign_in", "sign_out", "snapshot"]
