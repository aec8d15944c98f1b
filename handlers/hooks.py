"""What the host is asked before something happens."""

from __future__ import annotations

from typing import Any, ClassVar

from chatserver.guard.scopes import WEBHOOKS
from chatserver.services.hooks import PRE_OPEN, PRE_SEND, Hooks, hook_json
from handlers.host_calls import HostHandler
from handlers.webhook_schemas import Policies, PutHook


async def put(hooks: Hooks, point: str, given: PutHook) -> tuple[dict[str, Any], int]:
    """With its secret, and the status."""
    hook, is_new = await hooks.put(point, given.url, given.on_failure, given.timeout_secs)
    return {**hook_json(hook), "secret": hooks.secret(hook)}, 201 if is_new else 200


class HooksHandler(HostHandler):
    scopes: ClassVar = {"GET": WEBHOOKS}

    async def get(self) -> None:
        found = await self.runtime.services.hooks.all()
        self.answer({"results": [hook_json(hook) for hook in found], "next": None})


class SendHookHandler(HostHandler):
    scopes: ClassVar = {"PUT": WEBHOOKS, "DELETE": WEBHOOKS}

    async def put(self) -> None:
        shown = await put(self.runtime.services.hooks, PRE_SEND, self.json(PutHook))
        await self.done("hook.put", f"hook {PRE_SEND}")
        self.answer(*shown)

    async def delete(self) -> None:
        await self.runtime.services.hooks.delete(PRE_SEND)
        await self.done("hook.delete", f"hook {PRE_SEND}")
        self.answer({"success": True, "status": "success"})


class OpenHookHandler(HostHandler):
    scopes: ClassVar = {"PUT": WEBHOOKS, "DELETE": WEBHOOKS}

    async def put(self) -> None:
        shown = await put(self.runtime.services.hooks, PRE_OPEN, self.json(PutHook))
        await self.done("hook.put", f"hook {PRE_OPEN}")
        self.answer(*shown)

    async def delete(self) -> None:
        await self.runtime.services.hooks.delete(PRE_OPEN)
        await self.done("hook.delete", f"hook {PRE_OPEN}")
        self.answer({"success": True, "status": "success"})


class PoliciesHandler(HostHandler):
    """What the host allowed for some time."""

    scopes: ClassVar = {"DELETE": WEBHOOKS}

    async def delete(self) -> None:
        sub = self.query(Policies).sub
        services, user_id = self.runtime.services, None
        if sub is not None:
            user_id = (await services.accounts.user(await services.accounts.id_of_sub(sub))).id
        services.hooks.forget_allowed(user_id)
        await self.done("policies.forget", f"user {sub}" if sub is not None else "everybody")
        self.answer({"success": True, "status": "success"})
