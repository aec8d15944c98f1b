"""Packaging for those who install a wheel. The checkout needs none of it: `python run.py`.

What lies beside `chatserver` has names too general for site-packages. A wheel carries it, and run.py, inside
`chatserver/site/`; `python -m chatserver` runs whichever of the two layouts it is in.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BESIDE = ("commands", "handlers", "static", "templates")


class BuildWithSite(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        site = Path(self.build_lib) / "chatserver" / "site"
        shutil.rmtree(site, ignore_errors=True)
        for folder in BESIDE:
            shutil.copytree(ROOT / folder, site / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "run.py", site)


def requirements() -> list[str]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    return [line for line in lines if line]


def version() -> str:
    found = re.search(
        r'^__version__ = "(.{1,40})"', (ROOT / "chatserver" / "__init__.py").read_text(), re.MULTILINE
    )
    assert found
    return found[1]


setup(
    name="chatserver",
    version=version(),
    description="A long-polling chat server that loses nothing",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_namespace_packages(include=["chatserver", "chatserver.*"]),
    package_data={"chatserver": ["data/*.txt"]},
    install_requires=requirements(),
    entry_points={"console_scripts": ["chatserver = chatserver.__main__:main"]},
    cmdclass={"build_py": BuildWithSite},
)
