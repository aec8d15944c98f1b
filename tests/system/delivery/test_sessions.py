"""Signed-in devices: each its own, each revocable at once."""

from __future__ import annotations

import pytest

from tests.support.client import Answer, Client, Device
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY


def assert_refused(answer: Answer) -> None:
    assert (answer.status, answer["code"]) == (401, "token_invalid"), answer


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_revoked_token_ends_its_held_polls_at_once_with_401(client: Client) -> None:
    ann, kept, revoked = await three_devices(client)
    polls = [await held(revoked.poll(wait=45, cursor=revoked.cursor, base=base)) for base in client.bases]
    staying = await held(kept.poll(wait=3, cursor=kept.cursor))

    ended = await ann.client.call("DELETE", f"auth/sessions/{revoked.session['id']}/", token=ann.token)
    assert ended.status in (200, 204), ended
    for answer in await in_time(together(*polls)):
        assert_refused(answer)
    for base in client.bases:
        assert_refused(await revoked.poll(base=base))
        assert_refused(await revoked.send(ann, "one more?"))
    assert (await staying).status == 200, "the other devices stay"


@EITHER_WAY
@pytest.mark.gen_test
async def test_logout_ends_this_session_everywhere_and_no_other(client: Client) -> None:
    ann, kept, leaving = await three_devices(client)
    waiting = await held(leaving.poll(wait=45, cursor=leaving.cursor, base=client.bases[-1]))
    answer = await leaving.logout()
    assert answer.status in (200, 204), answer
    assert_refused(await in_time(waiting))

    async def gone_everywhere() -> bool:
        answers = [await leaving.get("users/me/", base=base) for base in client.bases]
        return all(answer.status == 401 for answer in answers)

    await eventually(gone_everywhere)
    assert (await kept.get("users/me/")).status == 200
    assert len((await ann.get("auth/sessions/"))["sessions"]) == 2


@pytest.mark.gen_test
async def test_nobody_ends_the_session_of_somebody_else(client: Client) -> None:
    ann, eve = await client.people("ann", "eve")
    answer = await client.call("DELETE", f"auth/sessions/{ann.session['id']}/", token=eve.token)
    assert (answer.status, answer["code"]) == (404, "not_found"), answer
    assert (await ann.get("users/me/")).status == 200


async def three_devices(client: Client) -> tuple[Device, Device, Device]:
    (ann,) = await client.people("ann")
    second, third = await together(ann.another(), ann.another())
    await together(ann.here(), second.here(), third.here())
    return ann, second, third
