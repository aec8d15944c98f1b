"""Each kind of event as the document describes it; notifications, which no call makes, by what writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from chatserver import wire
from chatserver.model import Notification
from handlers.description import event_shapes
from tests.api.conftest import Pair
from tests.support import contract
from tests.support.client import API, Answer


def checked(answer: Answer) -> set[str]:
    contract.check("GET", f"{API}poll/events/", answer.status, answer.headers, answer.body)
    return {event["event"] for event in answer.events}


@pytest.mark.gen_test
async def test_events_that_happen_are_as_documented(pair: Pair) -> None:
    ann, bob = pair.ann, pair.bob
    await ann.here()
    checked(await ann.next(wait=0))
    seen = checked(await bob.poll())
    await ann.sent(bob, "one more")
    await bob.here()
    await bob.history(ann)
    await bob.mark_read(sender_id=ann.id)
    await bob.typing(ann)
    await bob.sent(ann, "read it")
    for _ in range(20):
        seen |= checked(await ann.next(wait=1))
        if {"presence", "delivery_receipt", "read_receipt", "typing", "message"} <= seen:
            break
    assert seen == {"presence", "delivery_receipt", "read_receipt", "typing", "message"}


def test_a_notification_is_as_documented() -> None:
    data = wire.notification(Notification(1, 2, "Title", "Text", "info", datetime.now(UTC)))
    assert set(data) == set(event_shapes.NotificationData.__struct_fields__)
    event = {"id": 1, "event": "notification", "data": data, "timestamp": data["timestamp"]}
    msgspec.convert(event, event_shapes.NotificationEvent)
    schema = {"$ref": "#/components/schemas/NotificationEvent"}
    assert list(contract.validator(schema).iter_errors(event)) == []
