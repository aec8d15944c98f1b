"""What somebody with access to the broker can make of bells: not read them, not forge them, not play them again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from tornado.ioloop import IOLoop

from chatserver.bus import bell_bytes
from chatserver.bus.seal import Seal
from chatserver.bus.topology import EVERY_NODE, probe_key, user_key
from chatserver.model import STRANGE, Bell
from tests.support.bus import Buses, HeardBells
from tests.support.rabbit import RabbitNode
from tests.support.spy import Spy
from tests.support.waiting import eventually

ANN = 1
NEWS = Bell("message", (ANN,), {"text": "nobody else is to know"})


@pytest.fixture
def nodes(rabbit: RabbitNode, io_loop: IOLoop) -> Iterator[Buses]:
    made = Buses(rabbit.url)
    yield made
    io_loop.run_sync(made.close)


async def two(nodes: Buses):
    """One that rings, and one at which Ann is."""
    a, _ = nodes.make("a")
    b, heard = nodes.make("b")
    b.bind(ANN)
    for bus in (a, b):
        await bus.open()
    await eventually(lambda: a.state == b.state == "up" and b.is_bound(ANN))
    return a, b, heard


def spy(nodes: Buses, rabbit: RabbitNode, *more: str) -> Spy:
    return Spy(rabbit.url, nodes.exchange, user_key(ANN), EVERY_NODE, *more)


async def probe_keys(nodes: Buses, rabbit: RabbitNode) -> dict[str, str]:
    """The key that each node rings itself with, by the letter it was made with: the broker tells anybody."""
    told = await asyncio.to_thread(rabbit.rabbitmqctl, "list_bindings", "source_name", "routing_key")
    bound = [line.split("\t") for line in told.splitlines()]
    keys = [key for source, key in bound if source == nodes.exchange and key.startswith(probe_key(""))]
    return {key.removeprefix(probe_key(""))[0]: key for key in keys}


async def overheard(spying: Spy, count: int) -> list[bytes]:
    found: list[bytes] = []

    def enough() -> bool:
        found.extend(spying.heard())
        return len(found) >= count

    await eventually(enough)
    return found


async def until_end(a, heard: HeardBells) -> list[str]:
    """The kinds of all that came before a bell that ends the test."""
    a.publish(Bell("end", ()))
    await eventually(lambda: "end" in heard.kinds)
    return heard.kinds[:-1]


@pytest.mark.gen_test
async def test_a_queue_bound_to_the_exchange_hears_no_word_of_any_bell(nodes, rabbit):
    a, _, heard = await two(nodes)
    keys = await probe_keys(nodes, rabbit)
    with spy(nodes, rabbit, *keys.values()) as spying:
        a.publish(NEWS)
        a.publish(Bell("typing", (ANN,), {"sender_name": "Benedict"}))
        a.publish(Bell("nodes", (), {"came": [ANN]}))
        await eventually(lambda: len(heard) == 3)
        bodies = b"".join(await overheard(spying, 4))  # the three, and a probe
    assert heard[0] == NEWS
    name = keys["a"].removeprefix(probe_key("")).encode()
    for word in (b"nobody", b"Benedict", b"typing", b"came", b"token", b"user_ids", name):
        assert word not in bodies


@pytest.mark.gen_test
async def test_a_forged_bell_rings_as_strange_and_never_as_what_it_says(nodes, rabbit):
    a, b, heard = await two(nodes)
    forged = bell_bytes.encode(NEWS, "stranger")
    stranger = Seal(bytes(32))
    with spy(nodes, rabbit) as spying:
        spying.put(user_key(ANN), forged, stranger.seal(forged))
        spying.put(EVERY_NODE, forged)
    assert await until_end(a, heard) == [STRANGE] * 3
    assert heard[0] == Bell(STRANGE, ())
    assert b.poison == 3
    assert b.state == "up"


@pytest.mark.gen_test
async def test_a_bell_that_was_cut_or_changed_on_its_way_is_strange(nodes, rabbit):
    a, _, heard = await two(nodes)
    with spy(nodes, rabbit) as spying:
        a.publish(NEWS)
        [genuine] = await overheard(spying, 1)
        changed = [bytes([*genuine[:at], genuine[at] ^ 1, *genuine[at + 1 :]]) for at in range(len(genuine))]
        cut = [genuine[:length] for length in range(len(genuine))]
        spying.put(user_key(ANN), *changed, *cut, genuine + b"\0")
    kinds = await until_end(a, heard)
    assert kinds == ["message"] + [STRANGE] * (2 * len(genuine) + 1)


@pytest.mark.gen_test
async def test_a_bell_that_is_played_again_is_strange(nodes, rabbit):
    a, _, heard = await two(nodes)
    with spy(nodes, rabbit) as spying:
        a.publish(NEWS)
        a.publish(Bell("disconnect", (ANN,), {"user_id": ANN}))
        genuine = await overheard(spying, 2)
        spying.put(user_key(ANN), *genuine * 20)
        spying.put(EVERY_NODE, *genuine)
    assert await until_end(a, heard) == ["message", "disconnect"] + [STRANGE] * 42


@pytest.mark.gen_test
async def test_a_forged_or_old_probe_proves_nothing(nodes, rabbit):
    _, b, heard = await two(nodes)
    key = (await probe_keys(nodes, rabbit))["b"]
    name = key.removeprefix(probe_key(""))
    tokens = [f"{path}.{number}" for path in range(10) for number in range(10)]  # the right one among them
    forged = [bell_bytes.encode(Bell("probe", (), {"token": token}), name) for token in tokens]
    with spy(nodes, rabbit, key) as spying:
        old = await overheard(spying, 1)
        poison = b.poison
        spying.put(key, *forged, *old)
        await eventually(lambda: b.poison == poison + len(forged) + len(old))
    assert heard.kinds == [STRANGE] * (len(forged) + len(old)), "not one was taken for a probe"


@pytest.mark.gen_test
async def test_bells_of_one_node_open_on_all_and_after_its_next_start(nodes):
    a, _, heard = await two(nodes)
    for number in range(50):
        a.publish(Bell("inbox", (ANN,), {"number": number}))
    await eventually(lambda: len(heard) == 50)
    await a.close()
    again, _ = nodes.make("a")
    await again.open()
    await eventually(lambda: again.state == "up")
    again.publish(NEWS)
    await eventually(lambda: heard[-1] == NEWS)
    assert STRANGE not in heard.kinds


def test_what_is_sealed_is_the_bell_and_nothing_of_it_shows():
    seal, other = Seal(b"k" * 32), Seal(b"k" * 32)
    sealed = [seal.seal(b'{"text": "hello"}') for _ in range(3)]
    assert len(set(sealed)) == 3 and all(b"hello" not in one for one in sealed)
    assert [other.open(one) for one in sealed] == [b'{"text": "hello"}'] * 3
    for again in sealed:
        with pytest.raises(ValueError, match="before"):
            other.open(again)
    assert Seal(b"k" * 32).open(sealed[1]), "by a node that began after it was sealed"


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33, b"other key" + b"k" * 23])
def test_another_key_opens_nothing(key):
    sealed = Seal(b"k" * 32).seal(b"hello")
    with pytest.raises(ValueError):
        Seal(key).open(sealed)


def test_a_node_whose_numbers_are_used_up_goes_on_under_another_name(monkeypatch):
    monkeypatch.setattr("chatserver.bus.seal.LAST_NUMBER", 3)
    seal, other = Seal(b"k" * 32), Seal(b"k" * 32)
    sealed = [seal.seal(b"%d" % number) for number in range(10)]
    assert [other.open(one) for one in sealed] == [b"%d" % number for number in range(10)]
    assert len({one[:13] for one in sealed}) == 10, "no nonce twice"


def test_no_more_sealers_are_remembered_than_are_of_use(monkeypatch):
    monkeypatch.setattr("chatserver.bus.seal.SEALERS", 10)
    seal = Seal(b"k" * 32)
    sealed = [Seal(b"k" * 32).seal(b"hello") for _ in range(50)]
    for one in sealed:
        seal.open(one)
    for one in sealed[-10:]:
        with pytest.raises(ValueError, match="before"):
            seal.open(one)
    for one in sealed[:-10]:
        assert seal.open(one) == b"hello", "forgotten, and so opened again"


def test_bells_that_stood_in_the_clear_do_not_look_sealed():
    """A node of the first releases rang like this; its bells only make the others look."""
    with pytest.raises(ValueError, match="not sealed"):
        Seal(b"k" * 32).open(msgspec.json.encode({"v": 1, "kind": "inbox"}))
