"""What a setting may be, however it was given: text from a flag or the environment, or a value of the TOML file."""

from __future__ import annotations

import ipaddress
import re
import types
from pathlib import Path
from typing import Any

CHOICES = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("auto", "text", "json"),
    "rate_limits": ("on", "off"),
    "hot_calls": ("on", "off"),
    "roles": ("web", "tasks", "all"),
    "registration": ("auto", "open", "invite", "off"),
    "directory": ("everyone", "shared", "off"),
    "contact": ("everyone", "shared", "host"),
    "mongodb_driver": ("motor", "pymongo"),
}
PATHS = ("data_dir", "mongod", "tls_cert", "tls_key", "tls_ca")
TRUTH = {"true": True, "1": True, "yes": True, "on": True} | dict.fromkeys(("false", "0", "no", "off"), False)
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,255}", re.ASCII)
URL = re.compile(r"https?://[^\s/?#]{1,1024}([/?][^\s#]{0,2048})?", re.ASCII)
# A name: an address, which has no letter, is a network of its own.
HOST = re.compile(r"[0-9_.-]{0,252}[A-Za-z][A-Za-z0-9_.-]{0,252}", re.ASCII)
KEY_FILE = re.compile(r"[A-Za-z0-9._~-]{1,100}:(HS256|RS256|ES256|EdDSA):.{1,4096}", re.ASCII)
KEY_ADDRESS = re.compile(r"(RS256|ES256|EdDSA):" + URL.pattern, re.ASCII)
RATE = re.compile(r"[1-9][0-9]{0,8} ?(/|per) ?([1-9][0-9]{0,3} ?)?(second|minute|hour|day)s?|off", re.ASCII)


def convert(name: str, kind: Any, least: float | None, raw: Any) -> Any:
    """The value as its setting has it. Raises ValueError that says what is wrong with it."""
    if isinstance(kind, types.GenericAlias):
        return _several(name, raw)
    if kind is bool:
        if str(raw).lower() not in TRUTH:
            raise ValueError(f"{raw!r} is neither true nor false")
        return TRUTH[str(raw).lower()]
    value: Any
    if kind is Path or kind is str:
        text = at_home(str(raw)) if name in PATHS else str(raw)
        value = kind(bare_address(text) if name.endswith("host") else text)
        if name == "public_url":
            value = value.removesuffix("/")
    else:
        try:
            value = kind(raw)
        except (TypeError, ValueError):
            raise ValueError(f"{raw!r} is not {'a whole number' if kind is int else 'a number'}") from None
    _check(name, least, value, raw)
    return value


def _check(name: str, least: float | None, value: Any, raw: Any) -> None:
    """Raises ValueError for a value of the right kind that cannot be meant."""
    if least is not None and not value >= least:
        raise ValueError(f"{raw!r} is below {least}")
    if name.endswith("port") and value > 65535:
        raise ValueError(f"{raw!r} is not a port (0 to 65535)")
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"{raw!r} is none of {', '.join(CHOICES[name])}")
    if name == "public_url" and value and not ORIGIN.fullmatch(value):
        raise ValueError(f"{raw!r} is no address like https://chat.example.org, without a path")
    if name == "token_url" and value and not URL.fullmatch(value):
        raise ValueError("is no http or https address")
    if name.endswith("_rate") and not RATE.fullmatch(value):
        raise ValueError(f"{raw!r} is no rate; write off, or such as 60/minute or 10/5 minutes")


def at_home(path: str) -> str:
    """With the home directory for the `~` at its beginning: only a shell puts it there, and not after a `=`."""
    if not path.startswith("~"):
        return path
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise ValueError(f"{path!r} begins with a home directory that is not known here") from None


def bare_address(host: str) -> str:
    """Without the brackets that an IPv6 address has in a URL."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _several(name: str, raw: Any) -> tuple[str, ...]:
    parts = raw.split(",") if isinstance(raw, str) else raw
    found = tuple(str(part).strip() for part in parts if str(part).strip())
    for part in found:
        if name in ("trusted_proxies", "rate_exempt"):
            _check_network(part)
        if name == "outbound_allow" and not HOST.fullmatch(part):
            _check_network(part)
        if name == "host_keys" and not KEY_FILE.fullmatch(part) and not KEY_ADDRESS.fullmatch(part):
            raise ValueError(f"{part!r} is neither KID:ALGORITHM:FILE nor ALGORITHM:https://…")
        if name in ("cors_origins", "frame_ancestors") and not ORIGIN.fullmatch(part):
            raise ValueError(f"{part!r} is not an origin like https://www.example.org")
    return found


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is neither an address nor a network like 10.0.0.0/8") from None
