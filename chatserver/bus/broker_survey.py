"""What an operator wants to know of each broker: does it take us, with all that the bus does, and a bell come back?"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from chatserver.bus.declarations import Declarations
from chatserver.bus.rabbit import RabbitLink, brokers_of
from chatserver.bus.topology import EXCHANGE, probe_key

T = TypeVar("T")

STEP_SECS = 12.0
ECHO_SECS = 3.0


@dataclass(frozen=True, slots=True)
class BrokerSurvey:
    """`problem` is empty when all is well; `step` is what was being done when it was not."""

    place: str
    server: str = ""
    step: str = ""
    problem: str = ""


async def survey(urls: str, tls_ca: str) -> list[BrokerSurvey]:
    """Raises StartupError for an address that cannot be right."""
    node = f"doctor-{secrets.token_hex(4)}"
    links = [RabbitLink(parameters, lambda: None) for parameters in brokers_of(urls, node, tls_ca)]
    exchanges = (f"{EXCHANGE}.{node}-{number}" for number in range(len(links)))
    return list(await asyncio.gather(*map(_survey, links, exchanges)))


async def _survey(link: RabbitLink, exchange: str) -> BrokerSurvey:
    """On an exchange of its own, which looks like that of an installation and is gone afterwards."""
    key = probe_key("doctor")
    step = "connect"
    try:
        channel = await _before_loss(link, link.channel())
        declarations = Declarations(channel, lambda _: None)
        step = "declare the exchange"
        await _before_loss(link, declarations.ensure_exchange(exchange))
        step = "declare a queue and bind it"
        await _before_loss(link, declarations.ensure_bindings(exchange, [key]))
        step = "ring a bell and hear it"
        heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def hear(body: bytes) -> None:
            if not heard.done():
                heard.set_result(body)

        link.consume(await declarations.ensure_queue(), hear)
        link.publish(exchange, key, [], b"doctor")
        try:
            await _before_loss(link, heard, ECHO_SECS)
        finally:
            channel.exchange_delete(exchange)
    except TimeoutError:
        why = "it holds publishers back: an alarm for memory or disk" if link.blocked else "no answer in time"
        return BrokerSurvey(link.place, link.server, step, why)
    except ConnectionError as error:
        return BrokerSurvey(link.place, link.server, step, str(error))
    finally:
        await link.close()
    return BrokerSurvey(link.place, link.server)


async def _before_loss(link: RabbitLink, step: Awaitable[T], secs: float = STEP_SECS) -> T:
    """Raises ConnectionError with the broker's reason, TimeoutError."""
    task = asyncio.ensure_future(step)
    either: set[asyncio.Future[Any]] = {task, link.lost}
    done, _ = await asyncio.wait(either, timeout=secs, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        return await task
    task.cancel()
    if link.lost in done:
        raise ConnectionError(link.lost.result())
    raise TimeoutError
