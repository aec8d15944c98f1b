"""What may go wrong between a stored message and its readers, without anything being broken."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.faults.bench.load import Load
from tests.faults.bench.town import Town
from tests.faults.bench.verdict import Verdict, delays, percentile
from tests.faults.bench.wire import Line, Reply, Tally
from tests.support.waiting import together


async def race_cursors(town: Town, load: Load, sends: int) -> Verdict:
    """Everyone writes to everyone on every process while all read: a cursor that can overtake a write loses it."""
    await load.pump(sends, mouths=24)
    town.say(f"{sends} sends raced")
    return await town.conclude(load)


async def crowd_one_conversation(town: Town, load: Load, sends: int) -> tuple[Verdict, float]:
    """Both members on ten mouths and every process; the verdict, and sends a second."""
    begun = load.oracle.note("crowding")
    await load.pump(sends, mouths=10, pair=(0, 1))
    rate = sends / (load.oracle.note("crowded") - begun)
    town.show(f"{sends} sends into one conversation, {rate:.0f}/s")
    return await town.conclude(load), rate


async def repeat_at_once(town: Town, load: Load, ids: int, times: int = 20) -> Verdict:
    """The same send `times` times at the same moment, everywhere; then its `client_id` for something else."""
    lines = [Line(town.bases, Tally(), number) for number in range(times)]
    created: Counter[int] = Counter()
    try:
        for number in range(ids):
            sender, receiver, third = load.three()
            client_id, text = f"{town.seed}-same-{number}", f"said {number}"
            load.oracle.intend(client_id, sender.id, receiver.id, text)
            body = {"receiver_id": receiver.id, "message": text, "client_id": client_id}
            replies = await together(*(line.call("POST", "chats/", sender.token, body) for line in lines))
            created[sum(reply.status == 201 for reply in replies)] += 1
            assert {reply.status for reply in replies} <= {200, 201}, [reply.status for reply in replies]
            assert len({reply.json["id"] for reply in replies}) == 1
            for reply in replies:
                load.oracle.acknowledge(client_id, reply.status, reply.json, 1)
            other_text = await lines[0].call("POST", "chats/", sender.token, {**body, "message": "other"})
            elsewhere = await lines[1].call("POST", "chats/", sender.token, {**body, "receiver_id": third.id})
            assert_conflict(other_text)
            assert_conflict(elsewhere)
            of_another = f"{town.seed}-same-{number}-third"
            load.oracle.intend(of_another, third.id, receiver.id, text)
            own = {**body, "client_id": of_another}
            reply = await lines[2].call("POST", "chats/", third.token, own)
            assert reply.status == 201, reply
            load.oracle.acknowledge(of_another, reply.status, reply.json, 1)
    finally:
        for line in lines:
            line.close()
    town.show(f"{ids} ids sent {times} times each; answers of 201 per id: {dict(created)}")
    assert set(created) == {1}, created
    return await town.conclude(load)


async def race_wake_ups(town: Town, load: Load, rounds: int, window_secs: float) -> list[float]:
    """Every poll dawdles between its look and its wait (a failpoint), and messages fall into just that gap.

    Seconds from accepted to received. A wake-up lost there would show as a wait for the check or the end of the hold.
    """
    for _ in range(rounds):
        await load.pump(1, mouths=1)
        await load.delivered()
        await asyncio.sleep(load.random.uniform(0, 1.5 * window_secs))
    (await town.conclude(load)).assert_clean(least=rounds)
    found = delays(load.oracle.records())
    town.show(
        f"{rounds} messages into the gap, p99 {percentile(found, 99):.3f} s, longest {max(found):.3f} s"
    )
    return found


async def away_too_long(town: Town, load: Load, sends: int) -> Verdict:
    """A device is not there for more events than any ring keeps, and comes back with its old cursor."""
    await load.pump(1, mouths=1)
    await load.delivered()
    load.pause_readers()
    await load.pump(sends, mouths=2, pair=(0, 1))
    load.resume_readers()
    return await town.conclude(load)


def assert_conflict(reply: Reply) -> None:
    assert (reply.status, reply.json["code"]) == (422, "idempotency_conflict"), reply
