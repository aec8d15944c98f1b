"""Editing and deleting: who may, what comes back, and what becomes of the file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.multipart import multipart
from tests.api.shapes import EVENT_OF_MESSAGE, MESSAGE
from tests.support.client import Answer, Client, Device
from tests.support.waiting import eventually


async def edit(device: Device, id: int, text: str) -> Answer:
    return await device.client.call(
        "PATCH", f"chats/message/{id}/", token=device.token, json_body={"message": text}
    )


async def delete(device: Device, id: int) -> Answer:
    return await device.client.call("DELETE", f"chats/message/{id}/", token=device.token)


@pytest.mark.gen_test
async def test_both_answer_the_complete_message_and_its_event_has_one_shape(pair: Pair) -> None:
    id = pair.messages[0]["id"]
    await pair.bob.here()
    for answer, rev in ((await edit(pair.ann, id, "héllo 👋"), 1), (await delete(pair.ann, id), 2)):
        assert (answer.status, set(answer.json), answer["rev"]) == (200, MESSAGE, rev)
    for event in await pair.bob.until(2, "message_changed"):
        assert set(event) == EVENT_OF_MESSAGE


@pytest.mark.gen_test
async def test_only_the_sender_may_and_a_stranger_learns_nothing(pair: Pair, client: Client) -> None:
    (eve,) = await client.people("eve")
    id = pair.messages[0]["id"]
    for device, status, code in ((pair.bob, 403, "forbidden"), (eve, 404, "not_found")):
        assert_problem(await edit(device, id, "mine now"), status, code)
        assert_problem(await delete(device, id), status, code)
    for unknown in (id + 100, 1, 2**52, 9999999999999999):
        assert_problem(await edit(pair.ann, unknown, "nobody's"), 404, "not_found")
        assert_problem(await delete(pair.ann, unknown), 404, "not_found")
    texts = [m["message"] for m in (await pair.bob.history(pair.ann))["messages"]]
    assert texts == ["yes", "are you there?", "hello"]


@pytest.mark.gen_test
async def test_a_deleted_message_cannot_be_edited_and_an_edit_to_the_same_changes_nothing(pair: Pair) -> None:
    first, second, _ = (m["id"] for m in pair.messages)
    same = await edit(pair.ann, first, "hello")
    assert (same.status, same["rev"], same["edited_at"]) == (200, 0, None)
    await delete(pair.ann, second)
    assert_problem(await edit(pair.ann, second, "back again"), 404, "not_found")
    assert_problem(await edit(pair.ann, second, ""), 404, "not_found")
    assert (await delete(pair.ann, second))["is_active"] is False


@pytest.mark.gen_test
async def test_the_text_beside_a_file_may_be_emptied_and_a_deleted_file_is_gone(pair: Pair) -> None:
    form = multipart({"receiver_id": str(pair.bob.id), "message": "look"}, ("a.txt", b"secret", "text/plain"))
    sent = await pair.ann.post("chats/", **form)
    assert sent.status == 201, sent
    path = urlsplit(sent["attachment_url"]).path
    emptied = await edit(pair.ann, sent["id"], "")
    assert (emptied.status, emptied["message"]) == (200, "")
    assert urlsplit(emptied["attachment_url"]).path == path
    assert (await pair.bob.get(path)).body == b"secret"
    tombstone = await delete(pair.ann, sent["id"])
    files = ("attachment", "attachment_url", "attachment_type", "attachment_name", "attachment_size")
    assert [tombstone[name] for name in files] == [None] * 5

    async def gone() -> Any:
        return (await pair.bob.get(path)).status == 404

    await eventually(gone)
    assert (await pair.bob.conversation_with(pair.ann))["last_message"] == ""
