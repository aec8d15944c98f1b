"""This machine: Python and packages, the data directory, ports, limits, the way of clients to us."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from chatserver.errors import StartupError
from chatserver.guard import exposure
from chatserver.settings import Settings, proxies
from chatserver.storage.datadir import DataDir
from chatserver.storage.mongod import find_mongod
from commands.checks import FAIL, OK, WARN, Finding, failed
from run import listen

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
TESTED_PYTHON = (3, 11)
FEW_BYTES = 1 << 30
TOO_FEW_BYTES = 200 << 20
FEW_FILES = 4096
ANSWER_SECS = 2.0


def python() -> Iterator[Finding]:
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        yield Finding("python", FAIL, version, "install Python 3.11 or newer")
    elif sys.version_info[:2] != TESTED_PYTHON:
        yield Finding("python", WARN, f"{version}; the tests run on 3.11", "nothing, unless something is odd")
    else:
        yield Finding("python", OK, version)


def packages() -> Iterator[Finding]:
    missing, other = [], []
    pins = _pins()
    for name, pinned in pins.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"{name}=={pinned}")
            continue
        if found != pinned:
            other.append(f"{name} {found} instead of {pinned}")
    cure = "pip install --require-hashes -r requirements.lock, in this server's own virtual environment"
    if missing:
        yield Finding("packages", FAIL, f"missing: {', '.join(missing)}", cure)
    if other:
        yield Finding("packages", WARN, f"not the tested ones: {', '.join(other)}", cure)
    if not missing and not other:
        yield Finding("packages", OK, f"{len(pins)} as pinned")


def _pins() -> dict[str, str]:
    """Those with a marker are the mongod wheels, which have a check of their own."""
    file = ROOT / "requirements.txt"
    lines = file.read_text().splitlines() if file.exists() else importlib.metadata.requires("chatserver")
    found = (
        re.fullmatch(r"([\w.-]{1,100})==([\w.]{1,64})", line.partition("#")[0].strip())
        for line in lines or ()
    )
    return {match[1]: match[2] for match in found if match}


def mongod(settings: Settings) -> Iterator[Finding]:
    """The binary: found, its libraries there, the processor new enough."""
    if settings.mongodb_uri:
        return
    try:
        found = find_mongod(settings.mongod or None)
    except StartupError as error:
        yield failed("mongod", error)
    else:
        yield Finding("mongod", OK, f"{found.version} ({found.source}: {found.path})")


def data_dir(settings: Settings) -> Iterator[Finding]:
    if settings.mongodb_uri:
        return
    path = settings.data_dir.absolute()
    try:
        DataDir(path).is_made()
    except StartupError as error:
        yield failed("data directory", error)
        return
    there = next(place for place in (path, *path.parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK) or (there == path and not path.is_dir()):
        cure = f"make {there} writable for this user, or name another with --data-dir"
        yield Finding("data directory", FAIL, f"{path} cannot be written", cure)
        return
    free = shutil.disk_usage(there).free
    text = f"{path}, {free / (1 << 30):.1f} GiB free"
    if free < TOO_FEW_BYTES:
        yield Finding("data directory", FAIL, text, "make room: mongod stops when the disk is full")
    elif free < FEW_BYTES:
        yield Finding("data directory", WARN, text, "make room before it is needed")
    else:
        yield Finding("data directory", OK, text)


def ports(settings: Settings) -> Iterator[Finding]:
    wanted = [("port", settings.host, settings.port, "--port")]
    if settings.admin_port:
        wanted.append(("admin port", settings.admin_host, settings.admin_port, "--admin-port"))
    for name, host, port, flag in wanted:
        try:
            for opened in listen(host, port, flag):
                opened.close()
            yield Finding(name, OK, f"{port} on {host or 'every address'} is free")
        except StartupError as error:
            scheme = "https" if settings.tls_cert and name == "port" else "http"
            if _is_ours(scheme, host, port):
                yield Finding(name, OK, f"{port} on {host}: a server of ours answers there")
            else:
                yield failed(name, error)


def _is_ours(scheme: str, host: str, port: int) -> bool:
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"{scheme}://{host}:{port}/healthz"
    try:
        with opener.open(url, timeout=ANSWER_SECS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def open_files() -> Iterator[Finding]:
    if sys.platform == "win32":
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FEW_FILES:
        cure = "ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit"
        yield Finding("open files", WARN, f"{soft}: room for about {max(0, soft - 100)} held polls", cure)
    else:
        yield Finding("open files", OK, "unlimited" if soft == resource.RLIM_INFINITY else str(soft))


def way_in(settings: Settings) -> Iterator[Finding]:
    """Whether the settings would do in production, and what proxy variables may do to who calls us from here."""
    try:
        exposure.check(dataclasses.replace(settings, production=True, allow_insecure=False))
        yield Finding("exposure", OK, f"host {settings.host or 'every address'}: nothing leaves in the clear")
    except StartupError as error:
        text, _, cure = str(error).partition("; ")
        yield Finding("exposure", WARN, text, cure)
    named = ", ".join(settings.trusted_proxies)
    if named:
        yield Finding("trusted proxies", OK, named)
    found = proxies()
    bypassed = found.get("no_proxy", "")
    if found.keys() - {"no_proxy"} and not any(name in bypassed for name in ("127.0.0.1", "localhost", "*")):
        text = f"{', '.join(sorted(found.keys() - {'no_proxy'}))} set, and no_proxy leaves out this machine"
        yield Finding(
            "proxy variables", WARN, text, "export no_proxy=127.0.0.1,localhost for curl and the like"
        )
    else:
        yield Finding("proxy variables", OK, "nothing between this machine and itself")
