"""A backup from before somebody was erased does not bring back what they wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.command import chatserver
from tests.support.host import SECRET, by_host, claims_of_host, device, sign_in, signed
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

KEY = claims_of_host("users:write users:read erase")


@pytest.mark.gen_test(timeout=300)
async def test_who_was_erased_after_the_backup_is_erased_again_when_it_is_restored(
    tmp_path: Path, io_loop: Any
) -> None:
    server = ServerProcess(env={"CHATSERVER_HOST_SECRET": SECRET}).start()
    client = Client([server.base])
    file = tmp_path / "backup.zip"
    try:
        for sub in ("ann", "bob"):
            await by_host(client, KEY, "PUT", f"users/{sub}/", {"name": sub})
        ann, bob = [device(client, await sign_in(client, signed(sub=sub))) for sub in ("ann", "bob")]
        await ann.sent(bob, "a word of Ann")
        await bob.sent(ann, "a word of Bob")
        where = ("--data-dir", str(server.data_dir))
        assert chatserver("backup", file, *where).code == 0
        begun = await by_host(client, KEY, "DELETE", "users/ann/", query={"messages": "erase"})
        assert begun.status == 202, begun

        async def texts() -> list[str]:
            history = await bob.history(ann.id)
            return [m["message"] for m in reversed(history["messages"])]

        async def is_erased() -> bool:
            return await texts() == ["", "a word of Bob"]

        await eventually(is_erased)
        server.stop()
        restored = chatserver("restore", file, "--replace", "--yes", *where)
        assert restored.code == 0, restored
        server.start()
        bob = device(client, await sign_in(client, signed(sub="bob")))
        await eventually(is_erased)
        history = await bob.history(ann.id)
        assert history["other_user"]["full_name"] == "Deleted user"
        nobody = await by_host(client, KEY, "GET", "users/ann/")
        assert nobody.status == 404
    finally:
        client.close()
        server.stop()
        server.forget()
