"""MongoDB. The only package that imports motor, pymongo or bson."""

from __future__ import annotations

from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from chatserver.clock import Clock
from chatserver.errors import EX_NOPERM, EX_UNAVAILABLE, StartupError, Unavailable
from chatserver.settings import Settings
from chatserver.storage.api_keys import ApiKeyStore
from chatserver.storage.attachments import AttachmentStore
from chatserver.storage.audit import AuditStore
from chatserver.storage.beginnings import BeginningStore
from chatserver.storage.conversations import ConversationStore
from chatserver.storage.driver import Collection, make_client, settled
from chatserver.storage.erased import ErasedStore
from chatserver.storage.facts import FactStore
from chatserver.storage.flushes import FlushStore
from chatserver.storage.gate import Gate
from chatserver.storage.groups import GroupStore
from chatserver.storage.imports import ImportStore
from chatserver.storage.inboxes import InboxStore
from chatserver.storage.indexes import create_indexes
from chatserver.storage.invites import InviteStore
from chatserver.storage.job_parts import JobPartStore
from chatserver.storage.known_callers import KnownCallerStore
from chatserver.storage.marks import MarkStore
from chatserver.storage.messages import MessageStore
from chatserver.storage.notifications import NotificationStore
from chatserver.storage.outsiders import OutsiderStore
from chatserver.storage.owed import OwedStore
from chatserver.storage.own_settings import OwnSettingsStore
from chatserver.storage.pictures import PictureStore
from chatserver.storage.public import PublicStore
from chatserver.storage.quotas import QuotaStore
from chatserver.storage.rates import AttemptStore, RateStore
from chatserver.storage.retention import RetentionStore
from chatserver.storage.schema import bring_up
from chatserver.storage.sessions import SessionStore
from chatserver.storage.tasks import TaskStore
from chatserver.storage.tickets import TicketStore
from chatserver.storage.users import UserStore
from chatserver.storage.webhooks import HookStore, WebhookStore
from chatserver.storage.word_pages import WordPageStore

NOUNS = (
    "users",
    "sessions",
    "conversations",
    "members",
    "messages",
    "facts",
    "pages",
    "inboxes",
    "notifications",
    "webhooks",
    "hooks",
    "tasks",
    "job_parts",
    "erased",
    "marks",
    "keys",
    "audit",
    "pictures",
)
FILES = ("fs.files", "fs.chunks")  # as GridFS calls them
PASSING = ("tickets", "rates", "attempts", "quotas", "known_callers", "invites")  # of no use after some time


class Storage:
    """All stores on one client. Build it on the running loop."""

    def __init__(self, uri: str, settings: Settings, clock: Clock) -> None:
        self._client: Any = make_client(
            uri, settings.mongodb_driver, settings.mongodb_timeout_secs, settings.tls_ca
        )
        self._database = self._client[settings.mongodb_database]
        gate = Gate(_in_flight(settings), clock)
        self._collections = {noun: Collection(self._database[noun], gate) for noun in NOUNS + FILES + PASSING}
        self._session_days = settings.session_days
        collections = self._collections
        self.users = UserStore(collections["users"])
        self.sessions = SessionStore(collections["sessions"], collections["users"])
        self.conversations = ConversationStore(collections["conversations"], collections["members"])
        self.own_settings = OwnSettingsStore(collections["members"])
        self.groups = GroupStore(collections["conversations"], collections["members"])
        self.beginnings = BeginningStore(collections, clock)
        self.invites = InviteStore(collections["invites"])
        self.outsiders = OutsiderStore(collections["members"])
        self.public = PublicStore(collections["conversations"])
        self.messages = MessageStore(collections["messages"])
        self.facts = FactStore(collections["facts"])
        self.pages = WordPageStore(collections["pages"], collections["messages"])
        self.inboxes = InboxStore(collections["inboxes"])
        self.flushes = FlushStore(
            collections["messages"], collections["inboxes"], collections["members"], clock
        )
        self.owed = OwedStore(collections["inboxes"])
        self.notifications = NotificationStore(collections["notifications"])
        self.marks = MarkStore(collections["marks"])
        self.webhooks = WebhookStore(collections["webhooks"])
        self.hooks = HookStore(collections["hooks"])
        self.tasks = TaskStore(collections["tasks"], clock)
        self.job_parts = JobPartStore(collections["job_parts"])
        self.erased = ErasedStore(collections["erased"])
        self.retention = RetentionStore(
            collections["conversations"],
            collections["messages"],
            collections["pages"],
            collections["inboxes"],
        )
        self.imports = ImportStore(
            collections["conversations"],
            collections["members"],
            collections["messages"],
            collections["pages"],
            collections["inboxes"],
        )
        self.tickets = TicketStore(collections["tickets"], collections["sessions"])
        self.keys = ApiKeyStore(collections["keys"])
        self.audit = AuditStore(collections["audit"])
        self.rates = RateStore(collections["rates"], clock)
        self.attempts = AttemptStore(collections["attempts"], clock)
        self.quotas = QuotaStore(collections["quotas"])
        self.known_callers = KnownCallerStore(collections["known_callers"])
        self.pictures = PictureStore(collections["pictures"])
        self.attachments = AttachmentStore(collections["fs.files"], collections["fs.chunks"], clock)

    async def prepare(self) -> None:
        """Prove that the database answers, may be written and is of a shape we know; create the indexes.

        Raises StartupError.
        """
        try:
            await self.ping()
            await bring_up(self._collections)
            await create_indexes(self._collections, self._session_days)
        except (Unavailable, PyMongoError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, OperationFailure) and cause.code in (13, 18):
                raise StartupError(
                    f"MongoDB refuses us ({cause.details and cause.details.get('errmsg')}); check the user, the password"
                    " and its readWrite role in --mongodb-uri",
                    EX_NOPERM,
                ) from None
            reason = str(cause).split(", Timeout:")[0].split(" (configured")[0]
            raise StartupError(
                f"no MongoDB answers at --mongodb-uri ({reason}); start it, correct the URI,"
                " or leave it empty for the embedded one",
                EX_UNAVAILABLE,
            ) from None

    async def ping(self) -> None:
        """Raises Unavailable."""
        try:
            await self._client.admin.command("ping")
        except PyMongoError as error:
            raise Unavailable("The database does not answer right now.") from error

    async def server_version(self) -> str:
        return str((await self._client.server_info())["version"])

    async def close(self) -> None:
        await self.attempts.close()
        await settled(self._client.close())


def _in_flight(settings: Settings) -> int:
    """How many calls at once. Of Motor no more than it has threads: one more would wait for a thread beyond its time."""
    if settings.mongodb_driver != "motor":
        return settings.mongodb_in_flight
    from motor.frameworks.tornado import max_workers

    return min(settings.mongodb_in_flight, int(max_workers))
