"""Pictures of groups that the server keeps: chosen by who may change the group, seen by whoever has the address."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import at, begin, call, told
from tests.support.client import Answer, Client, Device
from tests.support.pictures import png


def as_url(data: bytes, type: str = "image/png") -> str:
    return f"data:{type};base64,{base64.b64encode(data).decode()}"


async def choose(device: Device, group: dict[str, Any], picture: str) -> Answer:
    return await call(device, "PUT", at(group, "avatar"), {"picture": picture})


async def seen(client: Client, address: str) -> Answer:
    """Without a token."""
    parts = urlsplit(address)
    path = parts.path.removeprefix("/api/v1/communication/")
    return await client.call("GET", path, query=dict([parts.query.split("=")]))


@pytest.mark.gen_test
async def test_a_chosen_picture_is_told_to_all_and_seen_by_its_address_until_another_takes_its_place(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    await bob.here()
    first = await choose(ann, group, as_url(png()))
    assert first.status == 200, first
    (event,) = await bob.until(1, "conversation_changed")
    assert event["conversation"]["avatar"] == first["avatar"]
    answer = await seen(client, first["avatar"])
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, png(), "image/png")
    second = await choose(ann, group, as_url(png(color=9)))
    assert_problem(await seen(client, first["avatar"]), 404, "not_found")
    assert (await seen(client, second["avatar"])).body == png(color=9)
    other = await begin(ann)
    elsewhere = second["avatar"].replace(f"/{group['id']}/", f"/{other['id']}/")
    assert_problem(await seen(client, elsewhere), 404, "not_found")
    assert (await call(ann, "PATCH", at(group), {"avatar": ""}))["avatar"] is None
    assert_problem(await seen(client, second["avatar"]), 404, "not_found")
    assert await told(bob, group) == ["created", "avatar", "avatar", "avatar"]


@pytest.mark.gen_test
async def test_only_a_small_png_is_a_picture_and_only_who_may_change_the_group_chooses_it(
    client: Client,
) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    for wrong in (
        as_url(png(width=257)),
        as_url(png(height=0)),
        as_url(png(more=45_000)),
        as_url(b"\xff\xd8\xff\xe0" + bytes(60)),
        as_url(png()[:15]),
        as_url(png(), "image/jpeg"),
        as_url(png()).replace("i", "?"),
        "https://example.com/picture.png",
    ):
        assert_problem(await choose(ann, group, wrong), 400, "validation_error", "picture")
    assert_problem(await choose(bob, group, as_url(png())), 403, "forbidden")
    assert_problem(await choose(eve, group, as_url(png())), 404, "not_found")
    direct = {"id": (await ann.sent(bob, "hello"))["conversation_id"]}
    assert_problem(await choose(ann, direct, as_url(png())), 403, "forbidden")
    assert (await call(ann, "GET", at(group)))["avatar"] is None
    assert (await choose(ann, group, as_url(png(256, 256)))).status == 200
