"""Groups over HTTP, for the tests of them."""

from __future__ import annotations

from typing import Any

from tests.support.client import Answer, Device, unique


async def call(device: Device, method: str, path: str, body: Any = None) -> Answer:
    return await device.client.call(method, path, token=device.token, json_body=body)


async def begin(device: Device, *others: Device, preset: str = "group", **more: Any) -> dict[str, Any]:
    """A group of these that must come about."""
    body = {"preset": preset, "member_ids": [one.id for one in others], "client_id": unique("group"), **more}
    answer = await device.post("conversations/", body)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.json
    return found


async def say(device: Device, group: dict[str, Any], text: str, **more: Any) -> Answer:
    return await device.post("chats/", {"conversation_id": group["id"], "message": text, **more})


async def said(device: Device, group: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    answer = await say(device, group, text, **more)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.json
    return found


def at(group: dict[str, Any], *parts: Any) -> str:
    return "/".join(("conversations", str(group["id"]), *map(str, parts))) + "/"


async def texts(device: Device, group: dict[str, Any], **query: Any) -> list[str]:
    """What people said there, oldest first, without what nobody wrote."""
    answer = await device.get(at(group, "messages"), query=query)
    assert answer.status == 200, answer
    return [m["message"] for m in reversed(answer["messages"]) if m["kind"] == "message"]


async def told(device: Device, group: dict[str, Any]) -> list[str]:
    """What has changed there, by type, oldest first."""
    answer = await device.get(at(group, "messages"))
    return [m["system"]["type"] for m in reversed(answer["messages"]) if m["kind"] == "system"]


async def look(device: Device, group: dict[str, Any]) -> Answer:
    return await device.get(at(group))
