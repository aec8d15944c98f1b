"""What the load generator's people do: send a tagged message, hold a poll."""

from __future__ import annotations

import itertools
import random
import re
import secrets
import time
from collections.abc import Callable

from bench.load import Connection, get, post, post_head
from bench.targets import Target

CURSOR = re.compile(rb'"cursor":\s*"([^"]*)"')
TAG = re.compile(rb'"message":\s*"#(\d+)#')
FILLER = "A message of ordinary length, as people write them to one another."
RUN = secrets.token_hex(4)  # client_ids of one run never meet those of another
tags = itertools.count(1)


class Failures:
    """Answers that were not what the workload is about. A row with failures is never ok."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def note(self, status: int, body: bytes) -> None:
        self.count += 1
        if not self.first:
            self.first = f"{status} {body[:300].decode(errors='replace')}"
            print(f"  first failure: {self.first}", flush=True)


class Senders:
    """Requests of people writing to their partners, each with a new tag; heads are built once."""

    def __init__(self, target: Target, seed: int = 7, more: str = "") -> None:
        """`more`: further header fields, each with its end."""
        self.people = target.people
        self.heads = [post_head("chats/", token, more) for _, token in self.people]
        order = list(range(len(self.people)))
        random.Random(seed).shuffle(order)
        self.order = itertools.cycle(order)

    def request(self, sender: int) -> tuple[int, bytes]:
        """To their partner."""
        return self.addressed(sender, sender ^ 1)

    def addressed(self, sender: int, receiver: int) -> tuple[int, bytes]:
        tag = next(tags)
        receiver_id = self.people[receiver][0]
        body = (
            f'{{"receiver_id":{receiver_id},"message":"#{tag}# {FILLER}","client_id":"{RUN}-{tag}"}}'
        ).encode()
        return tag, post(self.heads[sender], body)

    def next(self) -> tuple[int, bytes]:
        return self.request(next(self.order))


class Poller:
    """One person's tab: polls, hands over the tags of what came, polls again with the new cursor."""

    __slots__ = ("answers", "connection", "cursor", "failures", "on_tag", "plain", "token", "wait")

    def __init__(
        self,
        connection: Connection,
        token: str,
        failures: Failures,
        on_tag: Callable[[int, float], None] | None = None,
        *,
        wait: float | None = None,
        plain: bool = False,
    ) -> None:
        self.connection = connection
        self.token = token
        self.failures = failures
        self.on_tag = on_tag
        self.wait = wait  # None: the server's own hold time
        self.plain = plain  # as the clients of the original system do: no cursor, no name
        self.cursor = b""
        self.answers = 0
        connection.on_lost = lambda: failures.note(0, b"the server closed a poll's connection")

    def poll(self) -> None:
        asked = [] if self.plain else ["client=bench"]
        if self.cursor and not self.plain:
            asked.append("cursor=" + self.cursor.decode())
        if self.wait is not None:
            asked.append(f"wait={self.wait:g}")
        query = "?" + "&".join(asked) if asked else ""
        self.connection.send(get("poll/events/" + query, self.token), self.answered)

    def answered(self, status: int, body: bytes) -> None:
        now = time.perf_counter()
        self.answers += 1
        if status != 200:
            self.failures.note(status, body)
            self.connection.on_lost = None  # the server closes after a refusal: that is not a second one
            return  # this poller stops: a failure must not turn into a spin
        found = CURSOR.search(body)
        if found:
            self.cursor = found[1]
        self.poll()
        if self.on_tag is not None:
            for tag in TAG.findall(body):
                self.on_tag(int(tag), now)
