"""F1, whole: twenty thousand requests that Schemathesis makes of the document the server gives."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from chatserver.guard.scopes import SCOPES
from tests.abuse.bench.calls import calls
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import HOST_SECRET, Victim
from tests.support.client import API, Client, Device, unique
from tests.support.host import signed
from tests.support.mongo import MongoNode
from tests.support.server import ROOT

CASES = 20_000
# The others ask what this API decides otherwise: unknown fields are ignored, canonical numbers may be strings.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method"
)
QUICK = {"CHATSERVER_HOLD_SECS": "0.1", "CHATSERVER_MAX_HOLD_SECS": "0.1", "CHATSERVER_LOG_LEVEL": "info"}
SUMMARY = re.compile(r"(\d+) generated")


@pytest.mark.gen_test(timeout=3600)
async def test_F1_schemathesis_finds_no_fault_and_no_answer_that_is_not_documented(
    mongo: MongoNode, io_loop: Any, row: Row, tmp_path: Path
) -> None:
    victim = Victim(mongo, env=QUICK)
    victim.start()
    client = Client([victim.base])
    # With a password that no example of the document gives away.
    name, password = unique("schema"), unique("a password of nobody else ")
    who = {"username": name, "password": password}
    assert (await client.call("POST", "auth/register/", json_body=who)).status == 201
    answer = await client.login(name, password)
    person = Device(client, answer["token"], answer["user"], answer["session"])
    client.close()
    tokens = tmp_path / "tokens"
    tokens.write_text("\n".join(victim.plant_sessions(person, 900)))
    host_token = signed(secret=HOST_SECRET, sub=None, scope=" ".join(SCOPES))
    report = ROOT / "build" / "schemathesis.txt"
    report.parent.mkdir(exist_ok=True)
    # About four of its phases' cases come for each of these and each call.
    examples = max(5, sized(0, CASES) // (2 * len(calls())))
    rounds = 0
    # One worker: with two, Python 3.11 now and then fails to parse a lambda that Hypothesis wants to show
    # ("AST constructor recursion depth mismatch", mended in 3.12).
    while row.cases < sized(100, CASES):
        rounds += 1
        with report.open("wb") as file:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "schemathesis.cli", "run", f"{victim.base}/openapi.json", "--checks", CHECKS,
                "--exclude-path", f"{API}sse/events/",  # it does not end
                "--max-examples", str(examples), "--workers", "1", "--seed", str(rounds), "--request-timeout", "30",
                "--no-color", "--max-failures", "20",
                cwd=tmp_path, stdout=file, stderr=file,
                env={**os.environ, "ABUSE_TOKENS": str(tokens), "ABUSE_HOST_TOKEN": host_token, "PYTHONPATH": str(ROOT),
                     "SCHEMATHESIS_HOOKS": "tests.abuse.full.schemathesis_hooks"},
            )  # fmt: skip
            code = await child.wait()
        said = report.read_text()
        found = SUMMARY.search(said)
        assert found, said[-3000:]
        row.cases += int(found[1])
        if code != 0:
            row.violation(said[said.find("= FAILURES") :][:4000] if "= FAILURES" in said else said[-4000:])
            break
    row.server_errors = victim.log().count('"status": 500')
    row.show(f"{row.cases:,} cases in {rounds} rounds over {len(calls())} calls")
    row.assert_clean()
    victim.stop()
    victim.forget()
