"""The API's description, as a document and as a page. Both are made when first asked for, and once."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import Any

import msgspec
from tornado.template import Loader

from chatserver.runtime import Runtime
from handlers.assets import Assets
from handlers.base import ApiHandler, BaseHandler
from handlers.pages import set_page_headers


class Docs:
    """Imports late: a server that nobody asks for its description does not load what makes it.

    Making them takes some tens of milliseconds, so it is done beside the loop.
    """

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    @cached_property
    def document(self) -> dict[str, Any]:
        from handlers.description import openapi

        return openapi.build()

    @cached_property
    def json(self) -> bytes:
        return msgspec.json.encode(self.document)

    @cached_property
    def html(self) -> bytes:
        from handlers.description.docs_page import page

        templates = Loader(str(self._assets.root.parent / "templates"))
        return templates.load("docs.html").generate(asset=self._assets.url, **page(self.document))


class DocumentHandler(ApiHandler):
    public = True

    def initialize(self, runtime: Runtime, docs: Docs) -> None:  # type: ignore[override]
        super().initialize(runtime)
        self._docs = docs

    async def get(self) -> None:
        self.answer(await asyncio.to_thread(lambda: self._docs.json))


class DocsHandler(BaseHandler):
    def initialize(self, runtime: Runtime, docs: Docs) -> None:  # type: ignore[override]
        super().initialize(runtime)
        self._docs = docs

    def set_default_headers(self) -> None:
        super().set_default_headers()
        set_page_headers(self)

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-cache")
        self.finish(await asyncio.to_thread(lambda: self._docs.html))
