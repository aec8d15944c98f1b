"""No secret leaves by the log, wherever in a line it stands and whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import jwt
import pytest
import structlog

from chatserver.guard.credentials import new_key, new_ticket, new_token
from chatserver.logs import configure_logs

URI = "mongodb://chat:hunter2@db.example.org/"


@pytest.fixture
def logging_as_in_production() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_secret_is_hidden_wherever_it_stands(
    format: str, logging_as_in_production: None, capsys: pytest.CaptureFixture[str]
) -> None:
    token, ticket, key = new_token(), new_ticket(), new_key(7)
    configure_logs("debug", format)
    ours = structlog.get_logger("chatserver.test")
    ours.info(f"said {token}", field=token, url=f"/poll/?token={token}&a=1", error=ValueError(token))
    ours.info("nested", fields={"a": [ticket, {"b": f'"?token={ticket}"'}]}, uri=URI)
    try:
        raise RuntimeError(f"with {ticket} in {URI}")
    except RuntimeError:
        ours.exception("ours failed")
        logging.getLogger("library").exception("theirs failed with %s", token)
    logging.getLogger("library").warning("GET /x?ticket=%s", "plain-secret")
    ours.info(f"the key {key}")
    ours.info("said http://a.example/chats/attachment/1/?link=1796027501379.yO4-W8KnELIETFDJAEmEvgtohE1")
    signed = jwt.encode({"sub": "42"}, "a key that is long enough for this algorithm")
    logging.getLogger("library").warning("a token of the host: (%s)", signed)
    told = capsys.readouterr().err
    assert told.count("[hidden]") >= 10
    for secret in (
        token,
        ticket,
        key.rpartition("_")[2],
        token[4:],
        ticket[4:],
        "hunter2",
        "plain-secret",
        "yO4-W8Kn",
        signed.rpartition(".")[2],
    ):
        assert secret not in told
    assert "RuntimeError" in told and "db.example.org" in told
    if format == "json":
        for line in told.splitlines():
            json.loads(line)
