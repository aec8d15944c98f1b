"""What every call has in common: who asks, what came in, how answers and refusals look."""

from __future__ import annotations

import re
import secrets
from asyncio import Future
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, TypeVar

import msgspec
import structlog
from msgspec import Struct
from tornado.web import HTTPError, RequestHandler, stream_request_body

from chatserver.errors import (
    NAME_CHARS,
    ChatError,
    Invalid,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from chatserver.logs import scrub
from chatserver.model import Actor
from chatserver.runtime import Runtime
from handlers import cookies, rate_fields
from handlers.connections.forwarded import client_address, stay_with_tls
from handlers.connections.own_address import base_url
from handlers.data_fields import DATA_FIELDS
from handlers.origins import allow_origin
from handlers.parsing import parse
from handlers.problems import problem, problem_fields
from handlers.strict_json import check_text, decode_object

log = structlog.get_logger("chatserver.access")

DISCARDED_BYTES = 32 * 1024 * 1024
DISCARDED_CHUNKS_BYTES = 64 * 1024
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SIGNED_IN = (*METHODS, "HEAD")  # all but the preflight
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_encode = msgspec.json.Encoder().encode
T = TypeVar("T", bound=Struct)


@stream_request_body
class BaseHandler(RequestHandler):
    """Takes bodies only as large as `body_limit` says, and knows before reading them."""

    runtime: Runtime

    def initialize(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._received: list[bytes] = []
        self._received_bytes = 0
        self._ignored: list[str] | None = None  # None: this call asked for nothing

    async def _execute(self, *args: Any, **kwargs: Any) -> None:
        with self.runtime.requests:
            await super()._execute(*args, **kwargs)

    @property
    def request_id(self) -> str:
        known: str | None = getattr(self, "_request_id", None)
        if known is None:
            offered = self.request.headers.get("X-Request-Id", "")
            known = offered if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)
            self._request_id = known
        return known

    @property
    def body_limit(self) -> int:
        return 0

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Request-Id", self.request_id)
        for name, value in DATA_FIELDS:
            self.set_header(name, value)
        stay_with_tls(self)

    def compute_etag(self) -> str | None:
        return None

    async def prepare(self) -> None:
        allow_origin(self, self._methods())
        length = self.request.headers.get("Content-Length", "0")
        # A client in the middle of sending would see a reset and not the answer: what is only somewhat too large
        # is read to its end and thrown away, unless the client asked first.
        refused_at = self.body_limit + (0 if "Expect" in self.request.headers else DISCARDED_BYTES)
        if length.isdecimal() and int(length) > refused_at:
            raise PayloadTooLarge(f"The body may have at most {self.body_limit} bytes.")
        if "Transfer-Encoding" in self.request.headers:
            # Nobody told how much is to come, and a tiny chunk costs far more than its bytes.
            connection: Any = self.request.connection
            connection.set_max_body_size(self.body_limit + DISCARDED_CHUNKS_BYTES)

    def data_received(self, chunk: bytes) -> Any:
        self._received_bytes += len(chunk)
        if self._received_bytes <= self.body_limit:
            self._received.append(chunk)

    def on_connection_close(self) -> None:
        """What came is let go of here: a request that was left is part of a cycle, which is collected seldom."""
        super().on_connection_close()
        self._received.clear()

    def body(self) -> bytes:
        """All of it. Raises PayloadTooLarge for a chunked one that told no length."""
        if self._received_bytes > self.body_limit:
            raise PayloadTooLarge(f"The body may have at most {self.body_limit} bytes.")
        return b"".join(self._received)

    async def head(self, *args: str) -> None:
        """As GET answers, and Tornado leaves out the body. Where GET is not offered, this is not."""
        answering = self.get(*args)
        if answering is not None:
            await answering

    def options(self, *args: str) -> None:
        """Preflight, for the origins that are allowed; the others only learn the methods."""
        self.set_header("Allow", ", ".join([*self._methods(), "OPTIONS"]))
        self.set_status(204)

    def _methods(self) -> list[str]:
        unimplemented = RequestHandler._unimplemented_method
        offered = [m for m in METHODS if getattr(type(self), m.lower()) is not unimplemented]
        return ["GET", "HEAD", *offered[1:]] if "GET" in offered else offered

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        status, body = problem(status_code, error, self.request_id)
        allow_origin(self, self._methods())
        self.set_status(status)
        self.set_header("Content-Type", "application/problem+json")
        self.set_header("Cache-Control", "no-store")
        for name, value in problem_fields(status, error):
            self.set_header(name, value)
        if status == 401:
            if (
                isinstance(self, ApiHandler)
                and not self.public
                and "Authorization" not in self.request.headers
            ):
                cookies.take_back(self)
        elif status == 405:
            self.set_header("Allow", ", ".join([*self._methods(), "OPTIONS"]))
        self.finish(_encode(body))

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Future[None]:
        # A kept connection would be cut at the end of the drain, maybe under the client's next request; Tornado itself
        # closes one whose request was answered before it was read to its end.
        unread = not getattr(self.request.connection, "_read_finished", True)
        if (self.runtime.draining or unread) and not self._headers_written:
            self.set_header("Connection", "close")
        return super().finish(chunk)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """What we say ourselves is no surprise; only surprises get a traceback."""
        if not isinstance(value, ChatError | HTTPError):
            log.error("request failed", exc_info=(typ, value, tb), request_id=self.request_id)


class ApiHandler(BaseHandler):
    """JSON in, JSON out, for a signed-in person unless `public`."""

    public: ClassVar[bool] = False
    query_token: ClassVar[bool] = False  # polls and disconnect only: a token in a URL is easily seen
    by_link: ClassVar[bool] = False  # whether a link of ours will do instead of a token
    bucket: ClassVar[str | None] = None  # the limit that its calls count towards
    reading_bucket: ClassVar[str | None] = None  # that of GET and HEAD, where it is another one
    actor: Actor

    @property
    def body_limit(self) -> int:
        return self.runtime.settings.body_bytes

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:
        await super().prepare()
        if not self.public:
            await self.sign_in()

    async def sign_in(self) -> None:
        """Find out who asks, and count the call. Raises TokenMissing, TokenInvalid, RateLimited."""
        if self.request.method in SIGNED_IN:
            actor = await self.runtime.services.sessions.authenticate(self._token(), polling=self.query_token)
            self.actor = actor.at(base_url(self))
            reads = self.request.method in ("GET", "HEAD")
            bucket = (self.reading_bucket if reads else None) or self.bucket
            if bucket is not None:
                self.count(bucket)

    @property
    def address(self) -> str:
        return client_address(self)

    def count(self, bucket: str) -> None:
        """Raises RateLimited."""
        self.runtime.limits.take(self.actor, bucket)
        for name, value in rate_fields.headers(self.runtime.limits, self.actor, bucket):
            self.set_header(name, value)

    def _token(self) -> str | None:
        given = self.request.headers.get("Authorization", "")
        scheme, _, token = given.partition(" ")
        if given:
            return token.strip() if scheme.lower() in ("token", "bearer") else None
        if self.query_token and (values := self.request.query_arguments.get("token")):
            return values[-1].decode("utf-8", "replace")
        return cookies.token(self)

    def json(self, schema: type[T]) -> T:
        """The body as the schema wants it. Raises Invalid, UnsupportedMediaType, PayloadTooLarge."""
        return self._parsed(schema, self._decoded())

    def object(self, schema: type[Struct]) -> dict[str, Any]:
        """The body as it is, where left out and null differ: its fields are for the service to check, by this schema.

        Raises Invalid, UnsupportedMediaType, PayloadTooLarge.
        """
        values = self._decoded()
        self.ignores(values.keys() - set(schema.__struct_fields__))
        return values

    def _decoded(self) -> dict[str, Any]:
        kind = self.request.headers.get("Content-Type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json":
            raise UnsupportedMediaType("Send JSON, as Content-Type: application/json.")
        return decode_object(self.body())

    def query(self, schema: type[T]) -> T:
        """The query as the schema wants it. Raises Invalid."""
        values: dict[str, Any] = {}
        for name, given in self.request.query_arguments.items():
            if len(given) > 1:
                raise Invalid.field(name, "is given twice")
            try:
                values[name] = given[0].decode("utf-8")
            except UnicodeDecodeError:
                raise Invalid.field(name, "is not UTF-8") from None
            check_text(values[name], name)
        return self._parsed(schema, values)

    def _parsed(self, schema: type[T], values: dict[str, Any]) -> T:
        parsed, ignored = parse(schema, values)
        self.ignores(ignored)
        return parsed

    def ignores(self, names: Iterable[str]) -> None:
        """This call does not know these."""
        self._ignored = [*(self._ignored or ()), *names]

    def turn(self) -> AbstractAsyncContextManager[None]:
        """To be held while an answer is made that grows with what this person has: the pieces of many such at once would
        keep all others waiting at every step of theirs. Raises RateLimited.
        """
        return self.runtime.services.large_answers.turn("history", self.actor.user_id)

    def answer(self, body: Any, status: int = 200) -> None:
        self.set_status(status)
        self.tell_ignored()
        self.finish(body if isinstance(body, bytes) else _encode(body))

    def tell_ignored(self) -> None:
        ignored = self._ignored
        if ignored is None:
            ignored = [
                name for name in self.request.query_arguments if name != "token" or not self.query_token
            ]
        if ignored:
            # Cut twice: first to little work, in which a token that begins among what is shown still ends.
            cut = (name[: 4 * NAME_CHARS] for name in ignored[:20])
            names = (re.sub(r"[^A-Za-z0-9_.-]", "?", scrub(name))[:NAME_CHARS] for name in cut)
            self.set_header("X-Ignored-Parameters", ", ".join(names))


class NothingHere(ApiHandler):
    """The API's own 404, for paths that lead nowhere."""

    public = True

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)
