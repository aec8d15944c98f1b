"""`python -m bench.speaker`: this server as run.py starts it, with a way in for messages to a group.

Groups have no endpoint yet. So that a process under test stores such a message, as it would, it listens on one more
port (SPEAKER_PORT) for the bench.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from typing import Any

from tornado.web import Application, RequestHandler

import run
from bench.load import BASE
from chatserver.model import Conversation
from chatserver.runtime import Runtime, open_runtime
from chatserver.sending.send import Send
from chatserver.settings import Settings
from commands import exits

CONVERSATION = 1
SEND_SECS = 5.0


class SpeakHandler(RequestHandler):
    """A body of {"sender_id", "member_ids", "message", "client_id"}; answers when it is stored and rung for."""

    def initialize(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def post(self) -> None:
        await self.runtime.services.writer.post(_draft(self.runtime, json.loads(self.request.body)))


def _draft(runtime: Runtime, said: dict[str, Any]) -> Send:
    return Send(
        conversation=Conversation(CONVERSATION, "group", tuple(said["member_ids"])),
        sender_id=said["sender_id"],
        session_id=0,  # of no poller, so that the sender's own poll gets it too
        client_id=said["client_id"],
        text=said["message"],
        attachment=None,
        created_at=runtime.clock.now(),
        deadline=runtime.clock.monotonic() + SEND_SECS,
    )


@contextlib.asynccontextmanager
async def speaking(settings: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(settings) as runtime:
        app = Application([(BASE + "group/", SpeakHandler, {"runtime": runtime})])
        server = app.listen(int(os.environ["SPEAKER_PORT"]), "127.0.0.1")
        try:
            yield runtime
        finally:
            server.stop()
            await server.close_all_connections()


if __name__ == "__main__":
    run.open_runtime = speaking
    exits.run(run.main, "run.py")
