"""What every bus keeps, with a broker and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tornado.ioloop import IOLoop

from chatserver.model import Bell
from tests.support.bus import Buses
from tests.support.waiting import eventually

ANN, BEN = 1, 2
NEWS = Bell("inbox", (ANN,), {"conversation_id": 7, "text": "ｈé😀"})


@pytest.fixture(params=["local", "rabbit"])
def buses(request: pytest.FixtureRequest, io_loop: IOLoop) -> Iterator[Buses]:
    made = Buses(request.getfixturevalue("rabbit").url if request.param == "rabbit" else None)
    yield made
    io_loop.run_sync(made.close)


@pytest.mark.gen_test
async def test_a_bell_rings_here_before_publish_returns(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.bind(ANN)
    bus.publish(NEWS)
    assert heard == [NEWS]


@pytest.mark.gen_test
async def test_a_bell_for_nobody_here_is_not_heard(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.bind(BEN)
    bus.publish(NEWS)
    assert heard == []


@pytest.mark.gen_test
async def test_a_bell_for_nobody_in_particular_is_heard_without_a_binding(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.publish(Bell("settings", ()))
    assert heard.kinds == ["settings"]


@pytest.mark.gen_test
async def test_a_bell_for_many_who_are_here_is_heard_once(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.bind(ANN)
    bus.bind(BEN)
    await eventually(lambda: bus.state == "up" and bus.is_bound(BEN))
    bus.publish(Bell("inbox", (ANN, BEN)))
    assert heard.kinds == ["inbox"]
    assert bus.published == 1


@pytest.mark.gen_test
async def test_who_was_unbound_hears_no_more(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.bind(ANN)
    bus.bind(ANN)
    bus.unbind(ANN)
    bus.unbind(BEN)
    bus.publish(NEWS)
    assert heard == []


@pytest.mark.gen_test
async def test_a_binding_is_confirmed_once_open_and_until_unbound(buses):
    bus, _ = buses.make()
    bus.bind(ANN)
    assert not bus.is_bound(ANN)
    await bus.open()
    await eventually(lambda: bus.is_bound(ANN))
    assert not bus.is_bound(BEN)
    bus.unbind(ANN)
    assert not bus.is_bound(ANN)
    bus.bind(ANN)
    await eventually(lambda: bus.is_bound(ANN))


@pytest.mark.gen_test
async def test_a_bus_is_down_before_open_then_up_and_down_after_close(buses):
    bus, _ = buses.make()
    assert bus.state == "down"
    await bus.open()
    await eventually(lambda: bus.state == "up")
    await bus.close()
    assert bus.state == "down"


@pytest.mark.gen_test
async def test_a_handler_that_fails_harms_neither_the_sender_nor_the_next_bell(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.bind(ANN)
    heard.breaks = True
    bus.publish(NEWS)
    bus.publish(NEWS)
    assert heard == [NEWS, NEWS]
    assert bus.handler_failures == 1


@pytest.mark.gen_test
async def test_publishing_never_raises_before_open_nor_after_close(buses):
    bus, heard = buses.make()
    bus.bind(ANN)
    bus.publish(NEWS)
    await bus.open()
    await bus.close()
    bus.publish(NEWS)
    assert heard == [NEWS, NEWS]


@pytest.mark.gen_test
async def test_a_body_that_is_no_json_still_rings_here(buses):
    bus, heard = buses.make()
    await bus.open()
    bus.bind(ANN)
    bus.publish(Bell("odd", (ANN,), {"thing": object()}))
    assert heard.kinds == ["odd"]


@pytest.mark.gen_test
async def test_closing_twice_or_without_opening_is_allowed(buses):
    bus, _ = buses.make()
    await bus.close()
    opened, _ = buses.make()
    await opened.open()
    await opened.close()
    await opened.close()
