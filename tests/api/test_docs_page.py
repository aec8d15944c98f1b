"""/docs as it leaves the server: complete without scripts, nothing inline, and every link within it leads somewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handlers.description.docs_page import html, inline, json_html
from handlers.problems import STATUS
from tests.support import contract
from tests.support.client import Answer, Client


async def page(client: Client, path: str = "/docs") -> Answer:
    answer = await client.call("GET", path)
    assert answer.status == 200, answer
    return answer


@pytest.mark.gen_test
async def test_the_page_needs_nothing_inline_and_nothing_from_elsewhere(client: Client) -> None:
    for path in ("/docs", "/docs/"):
        answer = await page(client, path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy
        text = answer.body.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", text)
        for address in re.findall(r"""(?:src|href)="([^"#]+)""", text):
            assert address.startswith("/") and not address.startswith("//"), address
            assert (await client.call("GET", address)).status == 200, address


@pytest.mark.gen_test
async def test_every_link_within_the_page_leads_to_something(client: Client) -> None:
    text = (await page(client)).body.decode()
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


@pytest.mark.gen_test
async def test_the_type_of_every_problem_leads_to_its_explanation(client: Client) -> None:
    text = (await page(client)).body.decode()
    for code in STATUS:
        assert f'id="problem-{code}"' in text, code
    problem = await client.call("GET", "users/me/")
    address, _, anchor = problem["type"].partition("#")
    assert address == "/docs" and f'id="{anchor}"' in text


@pytest.mark.gen_test
async def test_every_call_stands_on_the_page_with_all_it_answers(client: Client) -> None:
    text = (await page(client)).body.decode()
    articles = dict(re.findall(r'<article class="operation" id="(\w+)">(.*?)</article>', text, re.DOTALL))
    for path, methods in contract.document()["paths"].items():
        for method, operation in methods.items():
            article = articles[operation["operationId"]]
            assert path in article and method.upper() in article
            assert all(f">{status}</span>" in article for status in operation["responses"])


@pytest.mark.gen_test
async def test_the_chat_page_loads_nothing_of_it(client: Client) -> None:
    assert b"docs/" not in (await page(client, "/")).body


def test_what_is_shown_is_escaped() -> None:
    evil: Any = {"<b>": '"</span><script>alert(1)</script>', "n": [1.5, None, True]}
    for made in (json_html(evil), html("<script>\n\n- <b>"), inline("`<i>` **<u>** <s>")):
        assert not re.search(r"<(?!/?(?:span|p|ul|li|code|strong)\b)", made), made
