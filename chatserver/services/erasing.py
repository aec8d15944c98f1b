"""Everything that somebody wrote becomes a tombstone, by the ordinary way of deleting it. A job of the host."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from chatserver.clock import Clock
from chatserver.errors import NotFound
from chatserver.model import Task, tombstone
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.changes import Changes
from chatserver.services.host_users import HostUsers
from chatserver.services.jobs import Jobs
from chatserver.services.memberships import Memberships
from chatserver.services.sessions import Sessions
from chatserver.services.system_messages import SystemMessages

BATCH = 100  # messages
REPLAYED = 50  # people, at once


class Erasing:
    def __init__(
        self,
        stores: Stores,
        jobs: Jobs,
        host_users: HostUsers,
        accounts: Accounts,
        sessions: Sessions,
        memberships: Memberships,
        changes: Changes,
        system_messages: SystemMessages,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._jobs = jobs
        self._host_users = host_users
        self._accounts = accounts
        self._sessions = sessions
        self._memberships = memberships
        self._changes = changes
        self._system_messages = system_messages
        self._clock = clock

    async def begin(self, sub: str) -> Task:
        """Their name and their sessions end at once, what they wrote goes soon. Repeatable.

        Raises NotFound for somebody whom the host never named, or erased so long ago that the job is forgotten.
        """
        account = await self._stores.users.by_host_sub(sub)
        if account is None:
            known = await self._jobs.about("erase", "sub", sub)
            if known is None:
                raise NotFound("The application has no such person here.")
            return known
        user_id = account.user.id
        await self._stores.erased.add(user_id, self._clock.now())
        job, _ = await self._jobs.create("erase", {"u": user_id, "sub": sub}, f"erase:{user_id}")
        await self._host_users.delete(sub)
        return job

    async def replay(self) -> None:
        """Whoever has come back with a backup from before is erased again. Repeatable."""
        for user_id in await self._stores.erased.again(REPLAYED):
            await self._jobs.create("erase", {"u": user_id}, f"erase:{user_id}:{self._clock.now():%Y%m%d}")
            await self._stores.erased.is_begun(user_id)

    async def steps(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        user_id = job.about["u"]
        if "after" not in job.about:
            ids = job.about.get("left")
            if ids is None:
                ids = (await self._stores.inboxes.memberships([user_id])).get(user_id, [])
            yield {"phase": "groups", "left": ids}
            await self._leave(user_id, ids)
            for id in ids:
                await self._rename(id, user_id)
                yield {}
        done, after = job.about["done"], job.about.get("after", 0)
        yield {"phase": "messages", "after": after}
        while True:
            found = await self._stores.messages.of_sender(user_id, after, BATCH)
            if not found and isinstance(after, str):
                return
            for id, _ in found:
                change = await self._stores.messages.change(id, tombstone(), "deleted_at", self._clock.now())
                if change is not None:
                    await self._changes.finish(change)
            # Numbers go before texts: behind the last number the texts begin.
            after = found[-1][1] if found else ""
            done += len(found)
            yield {"after": after, "done": done}

    async def _leave(self, user_id: int, ids: Sequence[int]) -> None:
        """Nothing of theirs is left but messages. Repeatable."""
        await self._sessions.end_all(user_id)
        await self._memberships.leave_all(user_id)
        await self._stores.own_settings.drop_drafts(user_id, ids)
        try:
            account = await self._accounts.account(user_id)
        except NotFound:
            return
        if account.state != "forgotten":
            await self._accounts.forget(account)

    async def _rename(self, conversation_id: int, user_id: int) -> None:
        """What the server itself said of them there had their name in it."""
        for message in await self._stores.messages.told_of(conversation_id, user_id):
            if message.system is not None:
                text, now = await self._system_messages.text(message.system), self._clock.now()
                change = await self._stores.messages.change(message.id, {"text": text}, "edited_at", now)
                if change is not None:
                    await self._changes.finish(change)

    async def undo(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]:
        """Nothing comes back."""
        nothing: tuple[Mapping[str, Any], ...] = ()
        for said in nothing:
            yield said
