"""The commands of the README do what it says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_curl_calls_of_the_readme_chat_when_pasted(server):
    text = README.read_text("utf-8")
    [block] = [b for b in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "curl" in b]
    script = block.replace("http://127.0.0.1:8888", server.base)

    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True)

    sent, polled = (json.loads(line) for line in run.stdout.strip().splitlines())
    assert sent["message"] == "Hello Bob"
    assert sent["id"] in [event["data"].get("id") for event in polled["events"]]


def test_the_readme_fits_on_two_screens():
    assert len(README.read_text("utf-8").splitlines()) < 150
