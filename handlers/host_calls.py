"""What the calls of the host's own servers have in common: a key, or a token it signed, stands where others have that of
their session; and each method asks for a scope.
"""

from __future__ import annotations

from typing import ClassVar

from chatserver.model import HostCaller
from handlers.base import ApiHandler

BATCH_BYTES = 1 << 20  # as many people with all that can be said of them, or members, as one call takes


class HostHandler(ApiHandler):
    public = True
    scopes: ClassVar[dict[str, str]]  # method → what who calls must be allowed
    caller: HostCaller

    async def prepare(self) -> None:
        await super().prepare()
        method = "GET" if self.request.method == "HEAD" else self.request.method
        if method in self.scopes:
            host = self.runtime.services.host
            self.caller = await host.allow(self._token(), self.scopes[method], self.address)

    async def done(self, action: str, target: str, reason: str | None = None) -> None:
        """Note for the audit what this call has just done. Raises Unavailable."""
        await self.runtime.services.audit.add(self.caller, action, target, reason)
