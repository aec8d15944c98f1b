"""What comes back from BSON is plain."""

from __future__ import annotations

from datetime import UTC, datetime

import bson

from chatserver.model import Message, message_id
from chatserver.storage import records


def test_a_message_id_beyond_32_bits_comes_back_as_a_plain_integer() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    stored = Message(message_id(300, 7), 300, 7, 1, 2, "key", "hello", None, now)
    options = bson.CodecOptions(tz_aware=True, tzinfo=UTC)
    found = records.message(bson.decode(bson.encode(records.message_document(stored)), options))
    assert found == stored
    assert type(found.id) is type(found.conversation_id) is int


def test_a_key_that_the_server_made_up_comes_back_as_a_plain_integer() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    stored = Message(message_id(3, 7), 3, 7, 1, 2, 1 << 61, "hello", None, now)
    options = bson.CodecOptions(tz_aware=True, tzinfo=UTC)
    found = records.message(bson.decode(bson.encode(records.message_document(stored)), options))
    assert type(found.client_id) is int and found == stored
