"""What the bus across nodes keeps when the broker, its connections or strangers misbehave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pika
import pytest
from tornado.ioloop import IOLoop

from chatserver.bus import outbox, topology
from chatserver.bus.rabbit import RabbitBus
from chatserver.clock import Clock
from chatserver.errors import EX_CONFIG, StartupError
from chatserver.model import STRANGE, Bell
from tests.support import rabbit as rabbits
from tests.support.bus import Buses
from tests.support.rabbit import RabbitNode
from tests.support.waiting import GENEROUS_SECS, eventually, in_time

ANN, BEN, CEM = 1, 2, 3
NEWS = Bell("inbox", (ANN,), {"conversation_id": 7})
NOBODY_LISTENS = "amqp://ann:planted-secret@127.0.0.1:1/"


@pytest.fixture(scope="module")
def own_rabbit() -> Iterator[RabbitNode]:
    """Nobody else's queues and connections are on it, and nobody else waits while it is paused."""
    with rabbits.running() as node:
        yield node


@pytest.fixture
def broker(own_rabbit: RabbitNode) -> Iterator[RabbitNode]:
    """Whole again for the next test."""
    yield own_rabbit
    own_rabbit.ensure_running()


@pytest.fixture
def nodes(broker: RabbitNode, io_loop: IOLoop) -> Iterator[Buses]:
    made = Buses(broker.url)
    yield made
    io_loop.run_sync(made.close)


async def open_up(nodes: Buses, name: str, *user_ids: int):
    bus, heard = nodes.make(name)
    for user_id in user_ids:
        bus.bind(user_id)
    await bus.open()
    await eventually(lambda: bus.state == "up" and all(map(bus.is_bound, user_ids)))
    return bus, heard


def publish_raw(broker: RabbitNode, exchange: str, key: str, body: bytes, **properties) -> None:
    """As a stranger with access to the broker would."""
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    connection.channel().basic_publish(exchange, key, body, pika.BasicProperties(**properties))
    connection.close()


@pytest.mark.gen_test
async def test_a_bell_rings_on_every_node_that_bound_one_of_its_people_and_nowhere_else(nodes):
    a, heard_by_a = await open_up(nodes, "a", ANN)
    _, heard_by_b = await open_up(nodes, "b", ANN, BEN)
    c, heard_by_c = await open_up(nodes, "c", CEM)
    a.publish(Bell("inbox", (ANN, BEN, 99), {"text": "😀"}))
    a.publish(Bell("end", ()))
    c.publish(Bell("end", ()))
    await eventually(
        lambda: all(heard.kinds.count("end") == 2 for heard in (heard_by_a, heard_by_b, heard_by_c))
    )
    assert heard_by_b[0] == Bell("inbox", (ANN, BEN, 99), {"text": "😀"})
    assert [heard.kinds.count("inbox") for heard in (heard_by_a, heard_by_b, heard_by_c)] == [1, 1, 0]


@pytest.mark.gen_test
async def test_two_nodes_that_were_given_one_name_still_hear_each_other(nodes):
    a, _ = await open_up(nodes, "twin")
    _, heard = await open_up(nodes, "twin", ANN)
    a.publish(NEWS)
    await eventually(lambda: heard == [NEWS])


@pytest.mark.gen_test
async def test_a_bell_for_ten_thousand_people_reaches_the_last_of_them(nodes):
    a, _ = await open_up(nodes, "a")
    b, heard = await open_up(nodes, "b", ANN)
    b.bind(2**53)
    await eventually(lambda: b.is_bound(2**53))
    everybody = (ANN, *range(10, 10_000), 2**53)
    a.publish(Bell("inbox", everybody))
    await eventually(lambda: heard.kinds and max(bell.user_ids[-1] for bell in heard) == 2**53)
    assert a.published == 1
    assert a.state == "up"


@pytest.mark.gen_test
async def test_a_thousand_bindings_are_confirmed_without_a_round_trip_each(nodes):
    bus, _ = await open_up(nodes, "a")
    for user_id in range(1000):
        bus.bind(user_id)
    assert not bus.is_bound(999)
    confirmed: set[int] = set()  # how many were, at each turn of the loop
    async with asyncio.timeout(GENEROUS_SECS):
        while max(confirmed, default=0) < 1000:
            await asyncio.sleep(0)
            confirmed.add(sum(map(bus.is_bound, range(1000))))
    assert len(confirmed) < 200, "with a round trip each every one of them would have its own moment"


@pytest.mark.gen_test
async def test_publishing_and_binding_again_declare_nothing_new(nodes):
    a, _ = await open_up(nodes, "a", ANN)
    _, heard = await open_up(nodes, "b", ANN)
    declared = a.declares
    for number in range(200):
        a.publish(Bell("inbox", (ANN,), {"number": number}))
        a.bind(ANN)
    await eventually(lambda: len(heard) == 200)
    assert [bell.body["number"] for bell in heard] == list(range(200))
    assert a.declares == declared


@pytest.mark.gen_test
async def test_the_broker_holds_one_queue_a_node_and_bindings_for_bound_people_only(nodes, broker):
    bus, _ = await open_up(nodes, "a", ANN, BEN)
    bus.unbind(ANN)
    bus.bind(CEM)
    await eventually(lambda: bus.is_bound(CEM))
    keys = await eventually(lambda: settled_keys(broker, nodes.exchange))
    assert keys[:3] == ["all", "n.a", "u.2"]
    assert keys[3:] == ["u.3"]
    queues = broker.rabbitmqctl("list_queues", "exclusive", "auto_delete", "arguments").splitlines()[1:]
    assert len(queues) == 1
    assert queues[0].startswith("true\ttrue")
    assert all(name in queues[0] for name in topology.QUEUE_ARGUMENTS)


def settled_keys(broker: RabbitNode, exchange: str) -> list[str] | None:
    """The routing keys of an exchange, once the binding that was given up is gone."""
    rows = broker.rabbitmqctl("list_bindings", "source_name", "routing_key").splitlines()
    keys = sorted(row.split("\t")[1].split(".", 2) for row in rows if row.startswith(exchange))
    found = [".".join(parts[:2]) for parts in keys]
    return None if "u.1" in found else found


@pytest.mark.gen_test
async def test_closed_connections_come_back_with_every_binding(nodes, broker):
    a, _ = await open_up(nodes, "a")
    b, heard = await open_up(nodes, "b", ANN, BEN)
    broker.rabbitmqctl("close_all_connections", "test")
    await eventually(lambda: a.reconnects >= 2 and b.reconnects >= 2)
    await eventually(lambda: a.state == b.state == "up" and b.is_bound(ANN) and b.is_bound(BEN))
    a.publish(NEWS)
    await eventually(lambda: heard == [NEWS])
    # The broker may still be letting go of the old ones.
    await eventually(lambda: len(broker.rabbitmqctl("list_queues", "name").splitlines()) == 1 + 2)
    await eventually(lambda: len(broker.rabbitmqctl("list_connections", "pid").splitlines()) == 1 + 4)


@pytest.mark.gen_test
async def test_a_deleted_queue_is_declared_and_bound_anew(nodes, broker):
    bus, _ = await open_up(nodes, "a", ANN)
    name = broker.rabbitmqctl("list_queues", "name").splitlines()[-1]
    broker.rabbitmqctl("delete_queue", name)
    await eventually(lambda: bus.reconnects == 1 and bus.state == "up" and bus.is_bound(ANN))
    assert broker.rabbitmqctl("list_queues", "name").splitlines()[1:] != [name]


@pytest.mark.gen_test
async def test_a_deleted_exchange_is_noticed_and_declared_anew(nodes, broker):
    a, _ = await open_up(nodes, "a")
    b, heard = await open_up(nodes, "b", ANN)
    delete_exchange(broker, nodes.exchange)
    a.publish(NEWS)
    await eventually(lambda: a.reconnects and b.reconnects)
    await eventually(lambda: a.state == b.state == "up" and b.is_bound(ANN))
    heard.clear()
    a.publish(NEWS)
    await eventually(lambda: heard == [NEWS])


def delete_exchange(broker: RabbitNode, exchange: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    connection.channel().exchange_delete(exchange)
    connection.close()


@pytest.mark.gen_test
async def test_poison_is_counted_and_changes_nothing_else(nodes, broker):
    bus, heard = await open_up(nodes, "a", ANN)
    reconnects = bus.reconnects
    poison = [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[" * 50_000,
        b'{"v":1}',
        b'{"v":2,"node":"x","kind":"inbox","user_ids":[1],"body":{}}',
        b'{"v":1,"node":"x","kind":"inbox","user_ids":["1"],"body":{}}',
        b"x" * 1_000_000,
    ]
    for body in poison:
        publish_raw(broker, nodes.exchange, "u.1", body, headers={"node": "x"})
    await eventually(lambda: bus.poison == len(poison))
    other, _ = await open_up(nodes, "b")
    other.publish(Bell("hi", ()))
    await eventually(lambda: heard.kinds == [STRANGE] * len(poison) + ["hi"])
    assert (bus.state, bus.reconnects) == ("up", reconnects)


@pytest.mark.gen_test
async def test_publishing_to_an_absent_broker_is_bounded_and_never_raises(nodes):
    bus, heard = nodes.make("a", NOBODY_LISTENS)
    bus.bind(ANN)
    await bus.open()
    for _ in range(outbox.MAX_BELLS + 500):
        bus.publish(NEWS)
    assert len(heard) == outbox.MAX_BELLS + 500
    assert bus.dropped == 500
    huge = Bell("inbox", (ANN,), {"text": "x" * 1024 * 1024})
    for _ in range(10):
        bus.publish(huge)
    assert bus.dropped >= outbox.MAX_BELLS + 500 + 10 - 4
    assert bus.state == "down"


@pytest.mark.gen_test
async def test_every_failed_attempt_is_one_line_without_credentials(nodes, caplog):
    caplog.set_level(logging.INFO)
    bus, _ = nodes.make("a", NOBODY_LISTENS)
    await bus.open()
    await eventually(lambda: len(caplog.records) >= 4)
    await bus.close()
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert all("127.0.0.1:1: ConnectionRefusedError" in line for line in caplog.messages)
    assert "planted-secret" not in caplog.text
    links = [tuple(record.args[:2]) for record in caplog.records]
    assert len(links) == len(set(links))


@pytest.mark.gen_test
async def test_a_wrong_password_is_retried_and_never_shown(nodes, broker, caplog):
    bus, _ = nodes.make("a", broker.url.replace("guest:guest", "guest:planted-secret"))
    await bus.open()
    await eventually(lambda: len(caplog.records) >= 2)
    assert bus.state == "down"
    assert "ACCESS_REFUSED" in caplog.text
    assert "planted-secret" not in caplog.text


@pytest.mark.gen_test
async def test_the_next_address_of_the_list_is_tried_when_one_is_dead(nodes, broker):
    bus, _ = nodes.make("a", f"{NOBODY_LISTENS}, {broker.url}")
    await bus.open()
    await eventually(lambda: bus.state == "up")


@pytest.mark.gen_test
async def test_a_killed_broker_costs_bells_but_no_publisher_and_returns_by_itself(nodes, broker):
    a, heard_by_a = await open_up(nodes, "a", ANN)
    b, heard_by_b = await open_up(nodes, "b", ANN)
    broker.kill()
    await eventually(lambda: a.state == b.state == "down")
    assert not b.is_bound(ANN)
    a.publish(NEWS)
    assert heard_by_a == [NEWS]
    await in_a_thread(broker.start)
    await eventually(lambda: a.state == b.state == "up" and b.is_bound(ANN))
    heard_by_b.clear()
    a.publish(NEWS)
    await eventually(lambda: NEWS in heard_by_b)


async def in_a_thread(function) -> None:
    await IOLoop.current().run_in_executor(None, function)


@pytest.mark.gen_test
async def test_a_silent_broker_is_suspected_then_left_and_trusted_again_when_it_speaks(nodes, broker):
    a, _ = await open_up(nodes, "a")
    b, heard = await open_up(nodes, "b", ANN)
    broker.pause()
    await eventually(lambda: a.state != "up" and b.state != "up")
    for number in range(5000):
        a.publish(Bell("inbox", (ANN,), {"number": number, "text": "x" * 2000}))
    await eventually(lambda: a.state == "down")
    broker.resume()
    await eventually(lambda: a.state == b.state == "up" and b.is_bound(ANN))
    a.publish(NEWS)
    await eventually(lambda: NEWS in heard)
    await eventually(lambda: len(broker.rabbitmqctl("list_queues", "name").splitlines()) == 1 + 2)


@pytest.mark.gen_test
async def test_closing_while_the_broker_is_silent_does_not_wait_for_it_to_speak(nodes, broker):
    bus, _ = await open_up(nodes, "a", ANN)
    starting, _ = nodes.make("b")
    broker.pause()
    await starting.open()
    bus.publish(NEWS)
    await in_time(bus.close())
    await in_time(starting.close())


@pytest.mark.gen_test
async def test_a_memory_alarm_makes_the_bus_suspect_and_its_end_makes_it_up(nodes, broker):
    a, _ = await open_up(nodes, "a")
    b, heard = await open_up(nodes, "b", ANN)
    # In a thread: a loop that waits for a slow rabbitmqctl sends no heartbeats, and the bell goes with its connection.
    await asyncio.to_thread(broker.rabbitmqctl, "set_vm_memory_high_watermark", "0.0000001")
    try:
        await eventually(lambda: a.state == "suspect")
        a.publish(NEWS)
        assert a.dropped == 0
    finally:
        await asyncio.to_thread(broker.rabbitmqctl, "set_vm_memory_high_watermark", "0.4")
    await eventually(lambda: a.state == "up")
    # On a busy machine the alarm may outlast a heartbeat, and a bell goes with its connection; else it is only late.
    await eventually(lambda: NEWS in heard or a.dropped or a.reconnects or b.reconnects)
    await eventually(lambda: b.is_bound(ANN))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://ann:planted-secret@host/",
        "amqp://",
        "amqp://ann:planted/secret@host/",
        "amqp://ann:planted-secret@host:port/",
        "amqp://ann:planted-secret@host:70000/",
        "amqp://ann:planted-secret@host/a/b",
        "amqp://planted-secret@host",
        "amqp://host,",
        "amqp://ann:planted-secret@host/?heartbeat=planted-secret",
        "amqp://ann:planted-secret@host/?unknown=1",
        "amqp://ann:planted-secret@[host/",
    ],
)
def test_a_wrong_address_is_refused_in_one_line_with_the_cure_and_no_secret(url):
    with pytest.raises(StartupError) as refused:
        RabbitBus(url, "a", Clock(), bytes(32))
    line = str(refused.value)
    assert refused.value.exit_code == EX_CONFIG
    assert "\n" not in line
    assert "planted" not in line
    assert "amqp://user:password@host:5672/vhost" in line


@pytest.mark.parametrize(
    "url",
    [
        "amqp://host",
        "amqps://host:5671/",
        "amqp://a:b%2Fc@host/%2Fv",
        "amqp://[::1]:5672, amqp://host2/v?frame_max=131072",
    ],
)
def test_a_right_address_is_accepted_without_a_connection(url):
    assert RabbitBus(url, "a", Clock(), bytes(32)).state == "down"
