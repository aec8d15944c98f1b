"""Between us and the database: what a plain command is answered, or whether it is sent at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatserver.storage import script


def intercept(monkeypatch: pytest.MonkeyPatch, hook: Callable[[dict[str, Any]], Any]) -> None:
    """`hook` is a generator function: it gets each command, yields what it sends, and returns the reply.

    It may run in a thread of the driver.
    """
    real = script.run

    def hooked(commands: Any) -> Any:
        try:
            command = next(commands)
            while True:
                command = commands.send((yield from hook(command)))
        except StopIteration as end:
            return end.value
        finally:
            commands.close()

    monkeypatch.setattr(script, "run", lambda database, commands: real(database, hooked(commands)))
