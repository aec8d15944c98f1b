"""Opens everything in order and closes it the other way round: each release stands beside its acquisition."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from prometheus_client import REGISTRY

from chatserver import failpoints, metrics
from chatserver.bus.local import LocalBus
from chatserver.bus.rabbit import RabbitBus, brokers_of
from chatserver.bus.topology import EXCHANGE
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.guard import sign_in_keys
from chatserver.guard.attempts import Attempts
from chatserver.guard.credentials import Passwords
from chatserver.guard.rates import RateLimits
from chatserver.guard.server_secret import FILE, ServerSecret, read_or_make
from chatserver.guard.shared_rates import SharedRates
from chatserver.outward.jwks import Jwks
from chatserver.outward.kept_open import KeptOpen
from chatserver.outward.token_url import TokenUrl
from chatserver.outward.way_out import WayOut
from chatserver.polls.check import Check
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import InboxReads
from chatserver.ports import Bus
from chatserver.processes import memory
from chatserver.sending.fanout import FanOut
from chatserver.sending.feed import Feed
from chatserver.sending.retention import Retention
from chatserver.sending.sweeper import Sweeper
from chatserver.services import Services, build_services
from chatserver.services.links import Links
from chatserver.services.sign_in_keys import PublishedKeys, SignInKeys
from chatserver.settings import Settings
from chatserver.storage import Storage, ownership
from chatserver.storage.embedded import EmbeddedMongod
from chatserver.tasks.claims import Claims
from chatserver.tasks.job_runs import JobRuns
from chatserver.tasks.pushing import Pushing

log = structlog.get_logger(__name__)

HEALTH_SECS = 1.0
OUTWARD_AT_ONCE = 256  # more than all those together who call out allow themselves


class Requests:
    """Entered around every request, so that a drain knows when the last one is answered."""

    def __init__(self) -> None:
        self.count = 0
        self.idle = asyncio.Event()
        self.idle.set()

    def __enter__(self) -> None:
        self.count += 1
        self.idle.clear()

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if not self.count:
            self.idle.set()


@dataclass
class Runtime:
    settings: Settings
    node: str
    services: Services
    storage: Storage
    bus: Bus
    hub: Hub
    limits: RateLimits
    clock: Clock
    database: str  # what the banner says of it
    draining: bool = False
    requests: Requests = field(default_factory=Requests)
    _spawned: set[asyncio.Task[None]] = field(default_factory=set)

    def end_polls(self) -> None:
        """Answer what is held and hold no more."""
        self.draining = True
        self.hub.close()
        self.services.pulls.end()

    async def drain(self, secs: float) -> None:
        """End the polls and wait for what is being answered."""
        self.end_polls()
        if self.requests.count:
            try:
                async with self.clock.limit(secs):
                    await self.requests.idle.wait()
            except TimeoutError:
                log.warning("requests cut by the end of the drain", requests=self.requests.count)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run to its end, at the latest at shutdown, work whose request is gone."""
        task = asyncio.create_task(_watched(work))
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def finish_spawned(self) -> None:
        await asyncio.gather(*self._spawned, return_exceptions=True)

    async def health(self) -> dict[str, str]:
        """The state of each part; the bus being away degrades, the database being away stops us."""
        try:
            async with self.clock.limit(HEALTH_SECS):
                await self.storage.ping()
            database = "up"
        except (TimeoutError, Unavailable):
            database = "down"
        return {
            "database": database,
            "bus": self.bus.state,
            "server": "draining" if self.draining else "up",
        }


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """The address of your MongoDB, or of an embedded one that runs until the block is left. Raises StartupError."""
    if settings.mongodb_uri:
        yield settings.mongodb_uri
        return
    async with EmbeddedMongod(settings.data_dir, settings.mongod or None) as mongod:
        yield mongod.uri


def server_secret(settings: Settings) -> ServerSecret | None:
    """None where none is given and none can be kept: then nothing that must be signed is sent."""
    if settings.server_secret:
        return ServerSecret(settings.server_secret.encode())
    path = settings.data_dir / FILE
    try:
        return ServerSecret(read_or_make(path))
    except OSError as problem:
        problem_of = {"reason": str(problem), "owner": ownership.owner_of(path)}
        log.warning("no server_secret is given and none can be kept: nothing is signed", **problem_of)
        return None


@asynccontextmanager
async def open_runtime(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Raises StartupError. Everything is closed when the block is left, in reverse order."""
    failpoints.arm(settings.failpoints)
    clock = clock or Clock()
    node = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    async with AsyncExitStack() as stack:
        # First, because a wrong URL, or key, is told here: it should not cost a database start.
        limits = RateLimits(settings, clock)
        keys, addresses = sign_in_keys.named(settings.host_keys)
        if settings.amqp_url:
            brokers_of(settings.amqp_url, node, settings.tls_ca)
        uri = await stack.enter_async_context(open_database(settings))
        storage = Storage(uri, settings, clock)
        stack.push_async_callback(storage.close)
        await storage.prepare()
        version = await storage.server_version()
        place = f"embedded in {settings.data_dir}" if not settings.mongodb_uri else "yours"
        bus: Bus = LocalBus()
        if settings.amqp_url:
            exchange = f"{EXCHANGE}.{await storage.marks.installation()}"
            key = await storage.marks.bell_key()
            bus = RabbitBus(settings.amqp_url, node, clock, key, tls_ca=settings.tls_ca, exchange=exchange)
        stack.push_async_callback(bus.close)
        hub = Hub(
            bus,
            clock,
            settings.linger_secs,
            settings.held_polls,
            lambda *turn: services.presence.turned(*turn),
        )
        fanout = FanOut(storage.messages, storage.conversations, storage.inboxes, hub, bus, clock)
        stack.push_async_callback(fanout.close)
        feed = Feed(storage, bus, clock, settings.webhook_waiting)
        stack.push_async_callback(feed.close)
        secret = server_secret(settings)
        way_out = WayOut(settings.outbound_allow, OUTWARD_AT_ONCE)
        stack.callback(way_out.close)
        kept_open = KeptOpen(settings.outbound_allow, clock)
        stack.callback(kept_open.close)
        inbox_reads = InboxReads(storage.inboxes, clock)
        stack.push_async_callback(inbox_reads.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        attempts = Attempts(storage.attempts, storage.known_callers, settings, clock)
        stack.push_async_callback(attempts.close)
        token_host = TokenUrl(settings.token_url, clock) if settings.token_url else None
        if token_host is not None:
            stack.callback(token_host.close)
        published = []
        for address in addresses:
            source = Jwks(address.url)
            stack.callback(source.close)
            published.append(PublishedKeys(address.algorithm, source, clock))
        signing = SignInKeys(settings.host_secret, keys, published, clock)
        stack.push_async_callback(signing.close)
        links = Links(await storage.marks.link_key(), clock)
        services = build_services(
            settings,
            node,
            storage,
            bus,
            hub,
            fanout,
            feed,
            Claims(storage, feed, clock),
            secret,
            way_out,
            inbox_reads,
            passwords,
            attempts,
            limits,
            links,
            token_host,
            signing,
            clock,
        )
        stack.push_async_callback(services.close)
        pushing = Pushing(storage, feed, services.host_events, kept_open, secret, node, clock)
        feed.listen(pushing.wake)
        job_runs = JobRuns(storage, feed, services.works, services.erasing.replay, node, clock)
        feed.listen(job_runs.wake)
        bus.listen(services.bells.heard)
        counters = metrics.BusCounters(bus)
        REGISTRY.register(counters)
        stack.callback(REGISTRY.unregister, counters)
        await bus.open()
        stack.callback(services.presence.farewell)
        check = Check(hub, storage.inboxes, bus, clock, settings.check_secs)
        sweeper = Sweeper(
            storage,
            fanout,
            feed,
            bus,
            clock,
            settings.sweep_secs,
            services.receipts.finish_read,
            services.notifications.finish,
            services.changes.finish,
            services.own_devices.finish,
            Retention(storage, bus, services.changes.finish, clock, settings.retention_days),
            services.unused_guests.forget,
            services.memberships.settle_all,
        )
        shared_rates = SharedRates(limits, storage.rates, clock, alone=not settings.amqp_url)
        work = (services.presence.beat(), services.presence.announce(), shared_rates.run(), memory.run(clock))
        later = (pushing.run(), job_runs.run()) if settings.roles != "web" else ()
        tasks = (check.run(), sweeper.run(), feed.run(), services.hooks.run(), *later, *work)
        for task in tasks:
            stack.push_async_callback(_stop, asyncio.create_task(_watched(task)))
        await asyncio.sleep(0)  # so that each has begun: a block may be left at once
        database = f"MongoDB {version}, {place}"
        runtime = Runtime(settings, node, services, storage, bus, hub, limits, clock, database)
        stack.push_async_callback(runtime.finish_spawned)
        yield runtime


async def _watched(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("background task died", task=getattr(work, "__qualname__", ""))
        raise


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
