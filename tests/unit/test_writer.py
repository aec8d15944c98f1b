"""Group commit: one numbered log whatever collides, and one true answer for every send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.errors import IdempotencyConflict, Unavailable
from chatserver.model import Advance, Bell, Flushed, Outcome
from chatserver.sending.heads import SHARED_SECS, Heads
from chatserver.sending.waiting_sends import WaitingSends
from chatserver.sending.writer import MAX_FLUSH, PATIENCE_SECS
from chatserver.storage import cover as covers
from chatserver.storage import messages as message_store
from chatserver.storage import script
from chatserver.wire import message_hint
from tests.support.clock import MovedClock
from tests.support.commands import intercept
from tests.support.waiting import GENEROUS_SECS, eventually, in_time, together

pytestmark = pytest.mark.usefixtures("trips", "patient_covers")


@pytest.fixture
def patient_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, no fan-out comes too late to cover unless a test wants it to."""
    monkeypatch.setattr(covers, "COVER_SECS", GENEROUS_SECS / 2)


async def sends_of(chat: Any, count: int) -> list[Any]:
    """One in each of so many conversations."""
    pairs = [await chat.pair() for _ in range(count)]
    return [chat.send(ann, conversation, "a") for ann, _, conversation in pairs]


def hold_appends(chat: Any, monkeypatch: pytest.MonkeyPatch, most: int) -> tuple[list[int], asyncio.Event]:
    """The first `most` appends wait for the event. The list gets the size of each as it begins."""
    append, begun, go_on = chat.storage.flushes.append_and_advance, [], asyncio.Event()

    async def held(messages: Any, *more: Any) -> Flushed:
        begun.append(len(messages))
        if len(begun) <= most:
            await in_time(go_on.wait())
        return await append(messages, *more)

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", held)
    return begun, go_on


def outcomes_of(chat: Any, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Of all messages that this node tries to append, in their order."""
    append, outcomes = chat.storage.flushes.append_and_advance, []

    async def noted(*flush: Any) -> Flushed:
        found = await append(*flush)
        outcomes.extend(found.outcomes)
        return found

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", noted)
    return outcomes


def look_ups_of(chat: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The heads from which this node looks further, read by read."""
    heads_above, reads = chat.storage.messages.heads_above, []

    async def noted(seqs: Any) -> Any:
        reads.append(seqs)
        return await heads_above(seqs)

    monkeypatch.setattr(chat.storage.messages, "heads_above", noted)
    return reads


def fan_out_apart(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No fan-out goes out behind its messages."""
    append = chat.storage.flushes.append_and_advance

    async def apart(messages: Any, *_: Any) -> Flushed:
        return await append(messages)

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", apart)


def append_by_another_primary(monkeypatch: pytest.MonkeyPatch, kept: bool) -> list[Any]:
    """Covered appends are of a term that the fan-out's is not, and `kept` or rolled back. Returns the `w` of each."""
    concerns = []

    def by_another(command: Any) -> Any:
        if command.get("insert") != "messages":
            return (yield command)
        concern = command["writeConcern"]["w"]
        concerns.append(concern)
        if concern == "majority":
            return (yield command)
        reply = (yield command) if kept else {"n": len(command["documents"])}
        return {**reply, "opTime": {"t": 99}}

    intercept(monkeypatch, by_another)
    return concerns


@pytest.mark.gen_test
async def test_two_writers_that_race_for_one_conversation_leave_one_log_without_a_hole(chats: Any) -> None:
    one, two = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    await together(
        *(
            node.say(actor, conversation, f"{node.node}: {number}")
            for number in range(40)
            for node, actor in ((one, ann), (two, bob))
        )
    )
    log = await one.log(conversation)
    for node in (one, two):
        mine = [text for text in log if text.startswith(node.node)]
        assert mine == [f"{node.node}: {number}" for number in range(40)]
    for actor in (ann, bob):
        inbox = await one.inbox(actor)
        assert inbox.heads[conversation.id] == 80
        assert inbox.unread(conversation.id) == 40


@pytest.mark.gen_test
async def test_a_run_with_a_repeat_in_its_middle_leaves_no_hole(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    first = chat.send(ann, conversation, "first")
    await chat.writer.post(first)
    again = chat.send(ann, conversation, "first", client_id=first.client_id)
    sends = [chat.send(ann, conversation, "a"), again, chat.send(ann, conversation, "b")]
    answers = await together(*map(chat.writer.post, sends))
    assert [created for _, created in answers] == [True, False, True]
    key = ann.user_id, first.client_id
    assert answers[1][0] == (await chat.storage.messages.by_client_ids([key]))[key]
    assert await chat.log(conversation) == ["first", "a", "b"]


@pytest.mark.gen_test
@pytest.mark.parametrize("covered", [True, False], ids=["covered", "by itself"])
async def test_a_refused_message_stops_what_follows_it_in_its_own_conversation_only(
    chat: Any, covered: bool
) -> None:
    ann, _, taken = await chat.pair()
    bob, _, free = await chat.pair()
    await chat.append_only(ann, taken, "from another node")
    messages = [
        chat.send(who, conversation, text).at(seq)
        for who, conversation, text, seq in [
            (bob, free, "one", 1),
            (ann, taken, "refused", 1),
            (bob, free, "two", 2),
            (ann, taken, "would be above a hole", 2),
            (bob, free, "three", 3),
        ]
    ]
    advances = [
        Advance(free.id, 1, 3, free.member_ids, {bob.user_id: 3}, is_direct=True),
        Advance(taken.id, 1, 2, taken.member_ids, {ann.user_id: 2}, is_direct=True),
    ]
    flushed = await chat.storage.flushes.append_and_advance(messages, advances if covered else [])
    stored = Outcome.STORED
    assert flushed.outcomes == [stored, Outcome.TAKEN, stored, Outcome.SKIPPED, stored]
    assert list(flushed.advances) == advances[: int(covered)]
    await chat.append_only(ann, taken, "later")
    assert await chat.log(free) == ["one", "two", "three"]
    assert await chat.log(taken) == ["from another node", "later"]


@pytest.mark.gen_test
async def test_a_repeat_with_other_text_is_a_conflict_and_takes_no_number(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    first = chat.send(ann, conversation, "first")
    await chat.writer.post(first)
    with pytest.raises(IdempotencyConflict):
        await chat.writer.post(chat.send(ann, conversation, "other", client_id=first.client_id))
    await chat.say(ann, conversation, "second")
    assert await chat.log(conversation) == ["first", "second"]


@pytest.mark.gen_test
@pytest.mark.parametrize("arrived", [True, False], ids=["it was stored", "it was not stored"])
async def test_an_unknown_outcome_is_tried_again_and_stored_once(
    chat: Any, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    ann, bob, conversation = await chat.pair()
    append, tries = chat.storage.flushes.append_and_advance, 0

    async def unsure(messages: Any, *more: Any) -> Flushed:
        nonlocal tries
        tries += 1
        if tries > 1:
            return await append(messages, *more)
        if arrived:
            await append(messages)
        return Flushed([Outcome.UNKNOWN] * len(messages))

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", unsure)
    answers = await together(*(chat.writer.post(chat.send(ann, conversation, t)) for t in "abc"))
    assert [(message.seq, created) for message, created in answers] == [(1, True), (2, True), (3, True)]
    assert await chat.log(conversation) == ["a", "b", "c"]
    assert (await chat.inbox(bob)).unread(conversation.id) == 3


@pytest.mark.gen_test
async def test_a_repeat_of_what_no_majority_has_yet_is_still_a_repeat(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, conversation = await chat.pair()
    first = chat.send(ann, conversation, "first")
    await chat.writer.post(first)
    by_client_ids, looks = chat.storage.messages.by_client_ids, 0

    async def late(keys: Any) -> Any:
        nonlocal looks
        looks += 1
        return await by_client_ids(keys) if looks > 1 else {}

    monkeypatch.setattr(chat.storage.messages, "by_client_ids", late)
    again = chat.send(ann, conversation, "first", client_id=first.client_id)
    message, created = await chat.writer.post(again)
    assert (message.seq, created) == (1, False)


@pytest.mark.gen_test
async def test_a_send_whose_fan_out_half_fails_is_answered_and_fanned_out_later(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, conversation = await chat.pair()
    failed = []

    def half_failing(command: Any) -> Any:
        """What a failover leaves of a command: errors of single writes, not of the call."""
        if failed or command.get("update") != "inboxes":
            return (yield command)
        failed.append(True)
        return {"n": 0, "writeErrors": [{"index": 0, "code": 189, "errmsg": "primary stepped down"}]}

    intercept(monkeypatch, half_failing)
    assert (await chat.say(ann, conversation, "hello")).seq == 1
    assert failed == [True]

    async def arrived() -> bool:
        return (await chat.inbox(bob)).unread(conversation.id) == 1

    await eventually(arrived)


@pytest.mark.gen_test
async def test_a_second_flush_goes_beside_the_first_only_with_as_many_messages(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = await sends_of(chat, 7)
    begun, go_on = hold_appends(chat, monkeypatch, most=2)
    for send in sends[:3]:
        chat.writer.put(send)
    await eventually(lambda: begun == [3])
    for number, send in enumerate(sends[3:6], 1):
        chat.writer.put(send)
        for _ in range(10):
            await asyncio.sleep(0)
        assert begun == [3] or number == 3
    await eventually(lambda: begun == [3, 3])
    chat.writer.put(sends[6])
    go_on.set()

    answers = await together(*(send.answer for send in sends))
    assert all(created for _, created in answers) and begun == [3, 3, 1]


@pytest.mark.gen_test
async def test_behind_a_flush_that_hangs_others_are_stored_after_a_moment(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = await sends_of(chat, 4)
    begun, go_on = hold_appends(chat, monkeypatch, most=1)
    for send in sends[:2]:
        chat.writer.put(send)
    await eventually(lambda: begun == [2])
    chat.writer.put(sends[2])
    chat.clock.skip(PATIENCE_SECS)
    await asyncio.sleep(0)
    assert begun == [2]

    chat.writer.put(sends[3])
    await together(sends[2].answer, sends[3].answer)
    go_on.set()
    await together(*(send.answer for send in sends))


@pytest.mark.gen_test
async def test_a_send_whose_client_goes_away_while_it_waits_is_stored(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, conversation = await chat.pair()
    begun, go_on = hold_appends(chat, monkeypatch, 1)
    first = asyncio.ensure_future(chat.say(ann, conversation, "first"))
    await eventually(lambda: begun)
    abandoned = asyncio.ensure_future(chat.say(bob, conversation, "abandoned"))
    too_late = asyncio.ensure_future(
        chat.writer.post(chat.send(bob, conversation, "too late", deadline=chat.clock.monotonic()))
    )
    await asyncio.sleep(0)
    abandoned.cancel()
    too_late.cancel()
    go_on.set()
    await first
    await chat.writer.close()
    assert await chat.log(conversation) == ["first", "abandoned"]


@pytest.mark.gen_test
async def test_sends_behind_a_crowd_whose_time_is_over_are_stored(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    line = WaitingSends(chat.clock)
    crowd = [chat.send(ann, conversation, str(number)) for number in range(2 * MAX_FLUSH)]
    alive = chat.send(ann, conversation, "alive")
    for send in (*crowd, alive):
        line.add(send)
    for send in crowd:
        send.expire()
    assert line.take(MAX_FLUSH) == {conversation.id: [alive]} and len(line) == 0
    line.close()


@pytest.mark.gen_test
@pytest.mark.parametrize("step", ["append_and_advance", "advance"])
async def test_a_surprise_in_one_flush_does_not_stop_the_next(
    chat: Any, monkeypatch: pytest.MonkeyPatch, trips: str, step: str
) -> None:
    if step == "advance":
        fan_out_apart(chat, monkeypatch)
    ann, bob, conversation = await chat.pair()
    store = chat.storage.flushes if step == "append_and_advance" else chat.storage.inboxes
    real, calls, go_on = getattr(store, step), [], asyncio.Event()

    async def surprising(*arguments: Any, **options: Any) -> Any:
        calls.append(True)
        if len(calls) == 1:
            await in_time(go_on.wait())
            raise RuntimeError("nobody thought of this")
        return await real(*arguments, **options)

    monkeypatch.setattr(store, step, surprising)
    first = asyncio.create_task(chat.writer.post(chat.send(ann, conversation, "first")))
    await eventually(lambda: calls)
    second = asyncio.create_task(chat.say(ann, conversation, "second"))
    await asyncio.sleep(0)
    go_on.set()
    await second
    if step == "append_and_advance":
        with pytest.raises(RuntimeError):
            await first
    else:
        assert (await first)[0].text == "first"  # it is stored: that is what was asked

    async def arrived() -> bool:
        return (await chat.inbox(bob)).unread(conversation.id) == len(await chat.log(conversation))

    await eventually(arrived)


@pytest.mark.gen_test
async def test_what_is_stored_is_answered_in_time_however_long_its_fan_out_takes(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, conversation = await chat.pair()
    fan_out_apart(chat, monkeypatch)
    advance = chat.storage.inboxes.advance
    late: list[int] = []
    answered = asyncio.Event()

    async def slow(*advances: Any) -> int:
        chat.clock.skip(2 * GENEROUS_SECS)
        await in_time(answered.wait())
        late.append(await advance(*advances))
        return late[-1]

    monkeypatch.setattr(chat.storage.inboxes, "advance", slow)
    message, created = await chat.writer.post(chat.send(ann, conversation, "hello"))
    assert (message.seq, created) == (1, True)
    assert not late
    answered.set()
    await eventually(lambda: late)


@pytest.mark.gen_test
@pytest.mark.parametrize("kept", [True, False], ids=["it was kept", "it was rolled back"])
async def test_an_append_of_another_primary_than_its_fan_out_is_made_sure_and_stored_once(
    chat: Any, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    ann, bob, conversation = await chat.pair()
    concerns = append_by_another_primary(monkeypatch, kept)
    answers = await together(*(chat.writer.post(chat.send(ann, conversation, t)) for t in "ab"))

    assert [(message.seq, created) for message, created in answers] == [(1, True), (2, True)]
    assert await chat.log(conversation) == ["a", "b"]
    for actor, unread in ((ann, 0), (bob, 2)):
        inbox = await chat.inbox(actor)
        assert (inbox.heads[conversation.id], inbox.unread(conversation.id)) == (2, unread)
    assert concerns == [1, "majority"]
    await chat.say(ann, conversation, "c")
    assert concerns[-1] == "majority", "for a while nothing is taken on trust"


@pytest.mark.gen_test
async def test_what_an_inbox_may_name_is_stored_though_nobody_waits_for_it_any_more(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, conversation = await chat.pair()
    append_by_another_primary(monkeypatch, kept=False)
    send = chat.send(ann, conversation, "late")
    append = chat.storage.flushes.append_and_advance

    async def too_late(*flush: Any) -> Any:
        flushed = await append(*flush)
        send.expire()
        return flushed

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", too_late)
    with pytest.raises(Unavailable):
        await chat.writer.post(send)

    async def stored() -> bool:
        return bool(await chat.log(conversation) == ["late"])

    await eventually(stored)
    assert (await chat.inbox(bob)).heads[conversation.id] == 1


@pytest.mark.gen_test
async def test_a_fan_out_that_comes_late_is_not_even_tried_as_a_cover(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, conversation = await chat.pair()
    chat.writer.found_at(conversation.id, 0)
    sent = []

    def slow(command: Any) -> Any:
        if "writeConcern" in command:  # else it looks whether it is stored, or how far the log goes
            sent.append((next(iter(command)), command["writeConcern"]["w"]))
        reply = yield command
        if sent == [("insert", 1)]:
            chat.clock.run_ahead(covers.COVER_SECS)
        return reply

    intercept(monkeypatch, slow)
    message, created = await chat.writer.post(chat.send(ann, conversation, "hello"))
    assert (message.seq, created) == (1, True)
    # As often as it takes until a majority has it, and only then the fan-out.
    assert (sent[0], sent[-1]) == (("insert", 1), ("update", "majority"))
    assert set(sent[1:-1]) == {("insert", "majority")}
    assert await chat.log(conversation) == ["hello"]


@pytest.mark.gen_test
async def test_a_flush_of_direct_messages_is_two_commands(
    chat: Any, monkeypatch: pytest.MonkeyPatch, trips: str
) -> None:
    sends, sent, scripts = await sends_of(chat, 5), [], []
    for send in sends:
        chat.writer.found_at(send.conversation.id, 0)

    def seen(command: Any) -> Any:
        sent.append((next(iter(command)), command["writeConcern"]["w"]))
        return (yield command)

    intercept(monkeypatch, seen)
    run = script.run
    monkeypatch.setattr(script, "run", lambda *args: [scripts.append(1), run(*args)][1])
    await together(*map(chat.writer.post, sends))
    assert sent == [("insert", 1), ("update", "majority")]
    assert len(scripts) == (1 if trips == "one trip" else 2)


@pytest.mark.gen_test
async def test_a_surprise_behind_the_messages_leaves_them_in_doubt_and_stored_once(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, conversation = await chat.pair()
    failed = []

    def surprising(command: Any) -> Any:
        reply = yield command
        if command.get("update") == "inboxes" and not failed:
            failed.append(True)
            raise RuntimeError("nobody thought of this")
        return reply

    intercept(monkeypatch, surprising)
    assert (await chat.say(ann, conversation, "hello")).seq == 1
    assert await chat.log(conversation) == ["hello"]
    assert (await chat.inbox(bob)).unread(conversation.id) == 1


@pytest.mark.gen_test
async def test_in_a_flush_with_a_contested_run_and_a_repeat_everyone_gets_their_own_answer(chat: Any) -> None:
    ann, bob, contested = await chat.pair()
    await chat.say(ann, contested, "first")
    await chat.append_only(bob, contested, "of another node")
    cat, _, repeated = await chat.pair()
    known = chat.send(cat, repeated, "known")
    await chat.writer.post(known)
    sends = [
        *await sends_of(chat, 2),
        chat.send(ann, contested, "second"),
        chat.send(cat, repeated, "known", client_id=known.client_id),
        chat.send(ann, contested, "third"),
        *await sends_of(chat, 2),
    ]
    answers = await together(*map(chat.writer.post, sends))
    found = [(message.text, message.seq, created) for message, created in answers]
    alone = ("a", 1, True)
    assert found[:2] == found[5:] == [alone, alone]
    assert found[2:5] == [("second", 3, True), ("known", 1, False), ("third", 4, True)]
    assert await chat.log(contested) == ["first", "of another node", "second", "third"]
    assert (await chat.inbox(bob)).unread(contested.id) == 3
    assert await chat.log(repeated) == ["known"]


@pytest.mark.gen_test
async def test_a_fan_out_behind_a_message_that_was_not_stored_is_not_sent(chat: Any, trips: str) -> None:
    ann, bob, conversation = await chat.pair()
    await chat.say(ann, conversation, "first")
    await chat.append_only(bob, conversation, "of another node")
    others = await sends_of(chat, 3)
    sends = [chat.send(ann, conversation, "second"), *others]
    answers = await together(*map(chat.writer.post, sends))
    assert [(message.seq, created) for message, created in answers] == [(3, True)] + 3 * [(1, True)]
    assert await chat.log(conversation) == ["first", "of another node", "second"]
    inbox = await chat.inbox(bob)
    assert (inbox.heads[conversation.id], inbox.unread(conversation.id)) == (3, 2)


@pytest.mark.gen_test
async def test_a_send_that_cannot_be_stored_is_refused_at_its_deadline(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, conversation = await chat.pair()

    async def away(messages: Any, *_: Any) -> Flushed:
        await asyncio.sleep(0.05)
        return Flushed([Outcome.UNKNOWN] * len(messages))

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", away)
    with pytest.raises(Unavailable):
        await chat.writer.post(chat.send(ann, conversation, "x", deadline=chat.clock.monotonic() + 0.2))


@pytest.mark.gen_test
async def test_closing_waits_for_the_fan_out_of_what_is_still_being_appended(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    sends = [asyncio.create_task(chat.writer.post(chat.send(ann, conversation, t))) for t in "abc"]
    await asyncio.sleep(0)
    await chat.writer.close()
    assert (await chat.inbox(bob)).unread(conversation.id) == 3
    assert [(await send)[0].seq for send in sends] == [1, 2, 3]


@pytest.mark.gen_test
async def test_who_heard_of_another_nodes_message_does_not_try_its_number(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    one.hub.enter(ann, None)  # for the bells of those who are not here are not heard
    await one.say(ann, conversation, "first")
    second = await two.say(bob, conversation, "second")
    one.bus.ring(Bell("message", conversation.member_ids, message_hint(second)))

    tries, looks = outcomes_of(one, monkeypatch), look_ups_of(one, monkeypatch)
    for text in ("third", "fourth"):
        await one.say(ann, conversation, text)
    assert len(tries) == 2
    assert looks == [{conversation.id: 1}]
    assert await one.log(conversation) == ["first", "second", "third", "fourth"]


@pytest.mark.gen_test
async def test_numbers_that_another_node_has_taken_are_looked_up_in_one_read(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await chats(), await chats()
    pairs = [await one.pair() for _ in range(5)]
    for ann, bob, conversation in pairs:
        await one.say(ann, conversation, "first")
        for text in ("second", "third"):
            await two.say(bob, conversation, text)

    reads = look_ups_of(one, monkeypatch)
    monkeypatch.setattr(one.storage.messages, "head", None)
    answers = await together(*(one.writer.post(one.send(ann, c, "fourth")) for ann, _, c in pairs))
    assert [message.seq for message, _ in answers] == [4] * 5
    assert reads == [{conversation.id: 1 for _, _, conversation in pairs}]


@pytest.mark.gen_test
async def test_where_another_node_writes_as_well_a_number_is_taken_once_and_then_looked_up_first(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    outcomes = outcomes_of(one, monkeypatch)
    for number in range(4):
        await one.say(ann, conversation, f"one {number}")
        await two.say(bob, conversation, f"two {number}")
    assert outcomes == [Outcome.STORED, Outcome.TAKEN, *[Outcome.STORED] * 3]
    assert await one.log(conversation) == [f"{who} {number}" for number in range(4) for who in ("one", "two")]


@pytest.mark.gen_test
async def test_a_minute_after_another_nodes_last_message_a_head_of_our_own_is_trusted_again(
    chat: Any,
) -> None:
    ann, _, conversation = await chat.pair()
    clock = MovedClock()
    heads = Heads(chat.storage.messages, clock)
    heads.passed(conversation.id)
    heads.move(conversation.id, 0)
    clock.passed = SHARED_SECS / 2
    await chat.say(ann, conversation, "of another node")
    await heads.learn([conversation.id])
    assert heads.get(conversation.id) == 1

    clock.passed = SHARED_SECS
    heads.move(conversation.id, 2)
    assert heads.get(conversation.id) is None
    clock.passed = SHARED_SECS * 1.5
    heads.move(conversation.id, 3)
    assert heads.get(conversation.id) == 3


@pytest.mark.gen_test
async def test_heads_that_cannot_be_looked_up_together_are_not_looked_up_one_by_one(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "first")
    heads = Heads(chat.storage.messages, chat.clock)
    heads.move(conversation.id, 0)
    heads.passed(conversation.id)

    async def refused(seqs: Any) -> Any:
        raise Unavailable("The database is busy.")

    with monkeypatch.context() as busy:
        busy.setattr(chat.storage.messages, "heads_above", refused)
        busy.setattr(chat.storage.messages, "head", None)
        await heads.learn([conversation.id])
    assert heads.get(conversation.id) is None
    await heads.learn([conversation.id])
    assert heads.get(conversation.id) == 1


@pytest.mark.gen_test
async def test_nothing_is_built_upon_a_head_that_was_forgotten(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    await chat.say(ann, conversation, "first")
    heads = Heads(chat.storage.messages, chat.clock)
    heads.move(conversation.id, 7)  # as a failover may take back
    heads.passed(conversation.id)
    heads.forget(conversation.id)
    await heads.learn([conversation.id])
    assert heads.get(conversation.id) == 1


@pytest.mark.gen_test
async def test_heads_that_have_gone_far_ahead_are_looked_up_one_by_one(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_store, "NEAR", 3)
    heads, lengths = Heads(chat.storage.messages, chat.clock), {}
    for length in (2, 5, 2, 1):
        ann, _, conversation = await chat.pair()
        for number in range(length):
            await chat.say(ann, conversation, str(number))
        lengths[conversation.id] = length
        heads.move(conversation.id, 1)
        heads.passed(conversation.id)
    await heads.learn(lengths)
    assert {id: heads.get(id) for id in lengths} == lengths
