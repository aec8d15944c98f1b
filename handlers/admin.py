"""The admin listener of the process that supervises the others: one scrape for all, and whether all serve."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST
from tornado.web import Application, RequestHandler

from chatserver.processes.scrape import merged
from chatserver.processes.supervisor import Supervisor
from chatserver.settings import Settings
from handlers.admin_names import elsewhere


def make_supervisor_app(supervisor: Supervisor, settings: Settings) -> Application:
    given = {"supervisor": supervisor}
    return Application(
        [
            elsewhere(settings),
            (r"/metrics/?", AllMetricsHandler, given),
            (r"/readyz/?", AllReadyHandler, given),
        ],
        log_function=lambda handler: None,
    )


class SupervisorHandler(RequestHandler):
    def initialize(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor

    async def head(self) -> None:
        answering = self.get()
        if answering is not None:
            await answering


class AllMetricsHandler(SupervisorHandler):
    async def get(self) -> None:
        texts = await self.supervisor.scrape()
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(merged(texts, self.supervisor.registry))


class AllReadyHandler(SupervisorHandler):
    """503 while none serves. The public /readyz is answered by one of the processes, for the database's sake."""

    def get(self) -> None:
        ready = self.supervisor.ready
        self.set_status(200 if ready else 503)
        self.finish(
            {
                "status": "ready" if ready else "not ready",
                "processes": {"ready": ready, "wanted": self.supervisor.count},
            }
        )
