"""A reader of Server-Sent Events as the standard has them, and devices that receive by it instead of polls."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from tornado.httputil import HTTPHeaders

from tests.support.client import API, Answer, Client, Device
from tests.support.slow_reader import connect_narrow
from tests.support.waiting import GENEROUS_SECS

PATH = "sse/events/"


@dataclass(frozen=True)
class Told:
    """One block of the stream: an event, or what is none (`name` empty) but moves the place or sets the wait."""

    name: str
    text: str
    id: str | None

    @property
    def data(self) -> Any:
        return json.loads(self.text)


class EventStream:
    """Opened by `open_stream`. `cursor` is the last id, `retry_ms` the last wait that was asked for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._buffer = b""
        self._chunked = False
        self.status = 0
        self.headers = HTTPHeaders()
        self.over = False
        self.cursor: str | None = None
        self.retry_ms: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.writer.close()

    async def begin(self) -> None:
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("no answer") from error
        first, _, fields = head.partition("\r\n")
        self.status = int(first.split()[1])
        self.headers = HTTPHeaders.parse(fields)
        self._chunked = self.headers.get("Transfer-Encoding") == "chunked"

    async def block(self) -> Told | None:
        """The next one; None at the end. Raises ConnectionError when the stream is cut."""
        while b"\n\n" not in self._buffer:
            try:
                more = await self._more()
            except asyncio.IncompleteReadError as error:
                raise ConnectionError("a proxy has cut the stream") from error
            if not more:
                self.over = True
                if self._buffer:
                    raise ConnectionError(f"the stream ended in the middle of {self._buffer!r}")
                return None
            self._buffer += more
        block, _, self._buffer = self._buffer.partition(b"\n\n")
        return self._told(block.decode())

    async def event(self, within: float = GENEROUS_SECS, *, but: tuple[str, ...] = ("heartbeat",)) -> Told:
        """The next that is an event of another name than these."""
        async with asyncio.timeout(within):
            while True:
                told = await self.block()
                assert told is not None, "the stream is over"
                if told.name and told.name not in but:
                    return told

    async def batch(self) -> list[Told]:
        """The events up to the next place, none perhaps, or to the end: what one poll would have answered."""
        found: list[Told] = []
        while (told := await self.block()) is not None:
            if told.name and told.name not in ("connected", "heartbeat"):
                found.append(told)
            if told.id is not None:
                break
        return found

    async def until(self, count: int, kind: str = "message", within: float = GENEROUS_SECS) -> list[Any]:
        """The data of the next so many events of a kind; others are passed over."""
        found: list[Any] = []
        async with asyncio.timeout(within):
            while len(found) < count:
                told = await self.event()
                if told.name == kind:
                    found.append(told.data)
        return found

    async def rest(self, within: float = GENEROUS_SECS) -> list[Told]:
        """What comes until the server ends it."""
        found = []
        async with asyncio.timeout(within):
            while (told := await self.block()) is not None:
                found.append(told)
        return found

    async def _more(self) -> bytes:
        if not self._chunked:
            return await self._reader.read(65536)
        size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
        data = await self._reader.readexactly(size + 2)
        return data[:-2]

    def _told(self, block: str) -> Told:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            if name:  # else a comment
                assert name in ("event", "data", "id", "retry") and name not in fields, block
                fields[name] = value
        assert ("event" in fields) == ("data" in fields), block
        self.cursor = fields.get("id", self.cursor)
        if "retry" in fields:
            self.retry_ms = int(fields["retry"])
        return Told(fields.get("event", ""), fields.get("data", ""), fields.get("id"))


async def open_stream(
    device: Device,
    *,
    base: str | None = None,
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    token: str | None = None,
    narrow: bool = False,
    **query: Any,
) -> EventStream:
    """A stream of this device, up to its headers. Close it at the end.

    `narrow`: it takes almost nothing that nobody reads. Raises OSError.
    """
    url = urlsplit(base or device.client.random.choice(device.client.bases))
    if narrow:
        line = await connect_narrow(url.geturl())
    else:
        line = await asyncio.open_connection(url.hostname, url.port, ssl=tls, limit=1 << 24)
    stream = EventStream(*line)
    asked = urlencode({"token": token or device.token} | {k: v for k, v in query.items() if v is not None})
    fields = {"Host": url.netloc, "Accept": "text/event-stream", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    stream.writer.write(f"GET {API}{PATH}?{asked} HTTP/1.1\r\n{head}\r\n".encode())
    try:
        async with asyncio.timeout(GENEROUS_SECS):
            await stream.begin()
    except BaseException:
        stream.close()
        raise
    return stream


class StreamingClient(Client):
    """Its devices receive by streams wherever they would poll with a cursor."""

    async def sign_in(self, username: str) -> Device:
        device = await super().sign_in(username)
        return StreamingDevice(self, device.token, device.user, device.session)


class StreamingDevice(Device):
    async def poll(self, *, base: str | None = None, **query: Any) -> Answer:
        """What a poll would have answered, read from a stream: its first events, or none within the time asked."""
        if query.get("cursor") is None or "limit" in query:
            return await super().poll(base=base, **query)
        begun, wait = time.monotonic(), query.pop("wait", 5.5)
        async with await open_stream(self, base=base, **query) as stream:
            assert stream.status == 200, stream.status
            first = await asyncio.wait_for(stream.batch(), GENEROUS_SECS)
            if not first and stream.cursor is not None and wait:
                try:
                    first = await asyncio.wait_for(stream.batch(), wait)
                except TimeoutError:
                    first = []
            return _answer(first, stream, query["cursor"], time.monotonic() - begun)

    async def until(
        self, count: int, kind: str = "message", within: float = GENEROUS_SECS
    ) -> list[dict[str, Any]]:
        """The same from one stream that stays open."""
        found: list[dict[str, Any]] = []
        async with await open_stream(self, cursor=self.cursor) as stream, asyncio.timeout(within):
            while len(found) < count:
                batch = await stream.batch()
                assert not stream.over, "the stream is over"
                found += [told.data for told in batch if told.name == kind]
                self.cursor = stream.cursor
        return found


def _answer(batch: list[Told], stream: EventStream, cursor: str, took: float) -> Answer:
    """As the answer of a poll, with the status and the code that a poll would have had."""
    names = {told.name: told for told in batch}
    if "error" in names:
        return _json(401, {"code": "token_invalid"}, took)
    if "cursor_expired" in names:
        return _json(410, {"code": "cursor_expired", **names["cursor_expired"].data}, took)
    events = [{"event": told.name, "data": told.data} for told in batch if told.name != "superseded"]
    place = stream.cursor or cursor
    return _json(200, {"events": events, "cursor": place, "superseded": "superseded" in names}, took)


def _json(status: int, body: dict[str, Any], took: float) -> Answer:
    return Answer(status, HTTPHeaders(), json.dumps(body).encode(), took)
