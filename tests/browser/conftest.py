"""One Chromium for all tests here; every person has a profile of their own in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.person import Person
from tests.support.server import ServerProcess

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> dict[str, Any]:
    """How to launch it."""
    # Without the windows around its pages it costs less than half, and is the same inside.
    path = (
        shutil.which("chromium-headless-shell")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
    )
    if path is None:
        pytest.skip("no chromium: apt-get install --no-install-recommends chromium-headless-shell")
    return {"executable_path": path, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser(chromium: dict[str, Any]) -> Iterator[Browser]:
    # Deadlines, not durations: a busy machine may take its time, a quiet one does not wait.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(**chromium)
        yield made
        made.close()


@pytest.fixture
def person(browser: Browser, server: ServerProcess) -> Iterator[Callable[..., Person]]:
    """Makes people who are signed up and looks, at the end, whether a page complained."""
    made: list[Person] = []

    def make(name: str = "ann", base: str = server.base, **context: Any) -> Person:
        made.append(Person(browser, base, name, **context))
        return made[-1].sign_up()

    yield make
    for one in made:
        one.leave()


@pytest.fixture
def screenshot() -> Callable[[Person, str], None]:
    def take(one: Person, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        one.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
