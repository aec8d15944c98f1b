"""What a release says of itself: its number, its changes and its license, the same in every place."""

from __future__ import annotations

import re
import subprocess
import sys

from chatserver import __version__
from tests.house.product import ROOT

LICENSE = "Apache-2.0"


def test_every_place_that_names_this_release_names_the_same() -> None:
    named = {
        "README.md": r"^chatserver (\d\S*)$",
        "deploy/kubernetes.yaml": r"image: chatserver:(\S+)",
    }
    found = {path: re.findall(form, (ROOT / path).read_text(), re.MULTILINE) for path, form in named.items()}

    assert found == {path: [__version__] for path in named}


def test_every_release_has_one_section_of_changes_and_the_newest_is_on_top() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    releases = [heading.split()[0] for heading in headings]
    coming = releases[0] == "Unreleased"

    assert len(releases) == len(set(releases)) >= 2
    assert releases[0] == __version__ or (coming and f"This becomes {__version__}." in text)
    numbers = [tuple(map(int, release.split("."))) for release in releases[coming:]]
    assert numbers == sorted(numbers, reverse=True)


def test_the_license_is_told_and_there_in_full() -> None:
    setup = [sys.executable, "setup.py", "--version", "--license"]
    told = subprocess.run(setup, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    text = " ".join((ROOT / "LICENSE").read_text().split())

    assert told.split()[-2:] == [__version__, LICENSE]
    assert text.startswith("Apache License Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in text and all(f" {number}. " in text for number in range(1, 10))
    assert "[Apache 2.0](LICENSE)" in (ROOT / "README.md").read_text()
