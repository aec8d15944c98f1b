"""The example applications, as their READMEs start them: two people chat in a class group that the server made."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.person import EXPECTED, unique
from tests.support.command import chatserver
from tests.support.ports import free_ports
from tests.support.server import ROOT, ServerProcess

SECRET = "a key of thirty-two bytes or more"
SCOPES = ("users:read", "users:write", "conversations:write", "webhooks")
PASSWORD = "only for trying it out"
HEARS_AN_ERROR = """new Promise((done) => {
  document.querySelector('chat-room').addEventListener('error', ({ detail }) => done(detail.code));
})"""


class Example:
    """An application around a chat server of its own."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self.base = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.chat = ServerProcess(
            env={
                "CHATSERVER_HOST_SECRET": SECRET,
                "CHATSERVER_CORS_ORIGINS": self.base,
                "CHATSERVER_OUTBOUND_ALLOW": "127.0.0.0/8",
            }
        ).start()
        scopes = [part for scope in SCOPES for part in ("--scope", scope)]
        where = ("--data-dir", str(self.chat.data_dir), "--json")
        key = chatserver("key", "create", "--name", "example", *scopes, *where).json["key"]
        self.env = os.environ | {
            "CHAT_URL": self.chat.base,
            "CHAT_KEY": key,
            "CHAT_HOST_SECRET": SECRET,
            "PORT": str(self.port),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def serve(self, *command: str) -> None:
        log = (self.chat.data_dir / "example.log").open("wb")
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=log, stderr=log)
        log.close()

    def log(self) -> str:
        return (self.chat.data_dir / "example.log").read_text()

    def close(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
        self.chat.stop()
        self.chat.forget()


class Visitor:
    """Somebody at a browser of their own, who signs in at the application. Whatever their pages complain of is kept."""

    def __init__(self, browser: Browser, base: str, name: str) -> None:
        self.context: BrowserContext = browser.new_context(locale="en-GB")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)
        self.page.goto(base)
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(message.text)

    @property
    def room(self) -> Locator:
        return self.page.locator("chat-room")

    def open(self, link: str) -> None:
        self.page.get_by_role("link", name=link).click()

    def write(self, text: str) -> None:
        self.room.locator("textarea").fill(text)
        self.room.locator("textarea").press("Enter")

    def sees(self, text: str) -> None:
        expect(self.room.locator(".message").filter(has_text=text)).to_be_visible()


def wait_for(base: str, example: Example) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(base, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert example.process is not None and example.process.poll() is None, example.log()
            assert time.monotonic() < deadline, example.log()
            time.sleep(0.05)


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    made = Example(ROOT / "examples" / "django")
    try:
        made.env |= {
            "DJANGO_DB": str(tmp_path_factory.mktemp("django") / "db.sqlite3"),
            "PYTHONPATH": str(ROOT / "clients" / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        manage = (sys.executable, "manage.py")
        made.run(*manage, "migrate", "--verbosity", "0")
        made.run(*manage, "demo")
        made.env["CHAT_WEBHOOK_SECRETS"] = made.run(*manage, "chat_webhook", f"{made.base}/chat/events/")
        made.serve(*manage, "runserver", "--noreload", f"127.0.0.1:{made.port}")
        wait_for(f"{made.base}/accounts/login/", made)
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def express() -> Iterator[Example]:
    folder = ROOT / "examples" / "express"
    if not (folder / "node_modules").exists():
        pytest.skip("examples/express is not installed: scripts/prepare test")
    made = Example(folder)
    try:
        made.serve("node", "server.js")
        wait_for(made.base, made)
        yield made
    finally:
        made.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Callable[[Example, str], Visitor]]:
    made: list[Visitor] = []

    def make(example: Example, name: str) -> Visitor:
        made.append(Visitor(browser, example.base, name))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
    complaints = [complaint for one in made for complaint in one.complaints]
    assert not complaints, complaints


def shell(example: Example, program: str) -> str:
    imports = "from school.models import *; from django.contrib.auth.models import User; "
    return example.run(sys.executable, "manage.py", "shell", "--no-imports", "--command", imports + program)


Visitors = Callable[[Example, str], Visitor]


def talk_in_a_class(example: Example, visitor: Visitors) -> tuple[Visitor, Visitor, str]:
    """Both, and what the teacher said: no two tests of one school say the same."""
    question, reply = unique("When is the trip? "), unique("On Monday ")
    ann, teacher = visitor(example, "ann"), visitor(example, "teacher")
    for one in (ann, teacher):
        one.open("Class 5b")
        expect(one.room.get_by_role("heading", name="Class 5b")).to_be_visible()
    ann.write(question)
    teacher.sees(question)
    teacher.write(reply)
    ann.sees(reply)
    return ann, teacher, reply


def test_two_people_of_the_django_example_chat_in_a_class_and_alone(
    django: Example, visitor: Visitors
) -> None:
    ann, teacher, _ = talk_in_a_class(django, visitor)
    ann.open("Tessa Teacher")
    with ann.page.expect_response(lambda answer: answer.url.endswith("/chats/") and answer.status == 201):
        ann.write("And what does it cost?")
    teacher.page.goto(django.base)
    expect(teacher.page.locator("#unread")).to_have_text("1")
    teacher.open("Class 5b")
    teacher.open("Ann Arden")
    teacher.sees("And what does it cost?")


def test_who_is_taken_out_of_a_class_of_the_django_example_is_out_of_its_chat(
    django: Example, visitor: Visitors
) -> None:
    bob = visitor(django, "bob")
    bob.open("Class 5b")
    expect(bob.room.locator("textarea")).to_be_editable()
    shell(django, "SchoolClass.objects.get().pupils.remove(User.objects.get(username='bob'))")
    expect(bob.room.locator("textarea")).not_to_be_visible()


def test_who_signs_out_of_the_django_example_is_signed_out_of_the_chat(
    django: Example, visitor: Visitors
) -> None:
    ann = visitor(django, "ann")
    ann.open("Class 5b")
    ann.write("Bye")
    ann.sees("Bye")
    elsewhere = ann.context.new_page()
    elsewhere.goto(django.base)
    elsewhere.get_by_role("button", name="Sign out").click()
    # The open room asks for another token, and Django gives none any more.
    assert ann.page.evaluate(HEARS_AN_ERROR)


def test_the_django_example_writes_down_what_the_chat_tells_once_and_believes_nobody_else(
    django: Example, visitor: Visitors
) -> None:
    _, _, reply = talk_in_a_class(django, visitor)
    told = f"print(ChatEvent.objects.filter(type='message.created', data__message='{reply}').count())"
    deadline = time.monotonic() + 60
    while int(shell(django, told)) != 1:
        assert time.monotonic() < deadline, django.log()
    forged = urllib.request.Request(f"{django.base}/chat/events/", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(forged, timeout=30)
    assert refused.value.code == 400
    refused.value.close()


def test_a_token_of_the_django_example_is_given_to_nobody_elses_page(
    django: Example, visitor: Visitors
) -> None:
    ann = visitor(django, "ann")
    expect(ann.page.get_by_role("heading", name="Your classes")).to_be_visible()
    without = ann.context.request.post(f"{django.base}/chat/token/", max_redirects=0)
    assert without.status == 403, "a POST without Django's CSRF token"
    assert ann.context.request.get(f"{django.base}/chat/token/").status == 405


def test_two_people_of_the_express_example_chat_in_a_class_until_one_signs_out(
    express: Example, visitor: Visitors
) -> None:
    ann, _, _ = talk_in_a_class(express, visitor)
    assert ann.context.request.post(f"{express.base}/chat-token").status == 403, (
        "without the token against CSRF"
    )
    elsewhere = ann.context.new_page()
    elsewhere.goto(express.base)
    elsewhere.get_by_role("button", name="Sign out").click()
    assert ann.page.evaluate(HEARS_AN_ERROR)
