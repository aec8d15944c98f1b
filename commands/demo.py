"""A server with somebody in it: people who know each other and have talked, so that there is something to see."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import click

from chatserver.clock import Clock
from chatserver.errors import EX_CANTCREAT, StartupError
from chatserver.model import Actor, User
from chatserver.runtime import Runtime
from chatserver.services.groups import NewGroup
from chatserver.settings import Settings
from commands.demo_talk import GROUP, PEOPLE, TALKS
from commands.flags import Shown, operation
from commands.reach import services


class Then(Clock):
    """A clock that shows whatever moment it is set to; durations are true."""

    def __init__(self) -> None:
        self.shown = super().now()

    def now(self) -> datetime:
        return self.shown


@click.command(
    help="Fill a server that nobody uses yet with people and conversations, and print their sign-ins. The password is "
    "made up each time."
)
@operation
def demo(settings: Settings, shown: Shown) -> None:
    password = secrets.token_urlsafe(9)
    asyncio.run(_fill(settings, shown, password))
    rows = [{"username": name, "full_name": full_name, "password": password} for name, full_name in PEOPLE]
    shown.table(rows, ("username", "full_name", "password"))
    first = PEOPLE[0][0]
    shown.note(f"Sign in as {first} in one browser window and as {PEOPLE[1][0]} in a private one, and write.")


async def _fill(settings: Settings, shown: Shown, password: str) -> None:
    clock = Then()
    present = clock.shown
    async with services(settings, fresh=True, clock=clock) as runtime:
        async for _ in runtime.services.accounts.all(""):
            raise StartupError(
                "there are accounts already; this is for a server nobody uses yet", EX_CANTCREAT
            )
        lines = len(GROUP[-1]) + sum(len(talk[-1]) for talk in TALKS)
        with shown.progress("demo", len(PEOPLE) + lines) as bar:
            people: dict[str, User] = {}
            clock.shown = present - timedelta(days=30)
            for name, full_name in PEOPLE:
                people[name] = await runtime.services.accounts.register(name, password, full_name)
                bar.update(1)
            clock.shown = present - timedelta(minutes=GROUP[2])
            await _talk_in_group(runtime, clock, people, lambda: bar.update(1))
            for one, other, ago, read, talk in sorted(TALKS, key=lambda talk: -talk[2]):
                clock.shown = present - timedelta(minutes=ago)
                conversation_id = 0
                for name, after, text in talk:
                    clock.shown += timedelta(minutes=after, seconds=secrets.randbelow(40))
                    conversation_id = await _say(
                        runtime, people[name], people[other if name == one else one], text
                    )
                    bar.update(1)
                if read:
                    clock.shown += timedelta(minutes=1)
                    for name in (one, other):
                        actor = Actor(people[name].id, 0)
                        await runtime.services.receipts.mark_read(actor, conversation_id, None)


async def _talk_in_group(
    runtime: Runtime, clock: Then, people: dict[str, User], said: Callable[[], None]
) -> None:
    name, (owner, *others), _, talk = GROUP
    member_ids = tuple(people[other].id for other in others)
    wanted = NewGroup("group", name, member_ids, {}, {}, "demo")
    begun, _ = await runtime.services.groups.begin(Actor(people[owner].id, 0), wanted)
    for speaker, after, text in talk:
        clock.shown += timedelta(minutes=after, seconds=secrets.randbelow(40))
        await runtime.services.messages.post_in(
            Actor(people[speaker].id, 0), begun.conversation.id, text, None, None
        )
        said()


async def _say(runtime: Runtime, sender: User, receiver: User, text: str) -> int:
    message, _ = await runtime.services.messages.post(Actor(sender.id, 0), receiver.id, text, None, None)
    return int(message["conversation_id"])
