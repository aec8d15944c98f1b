"""Every setting once: flag over environment over file over default; all mistakes told together.

A field's flag is `--name`, its variable `CHATSERVER_NAME`, its key in the TOML file `name`.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatserver.errors import EX_CONFIG, StartupError
from chatserver.mongodb_uri import database_in, unescaped
from chatserver.setting_values import at_home, convert

PREFIX = "CHATSERVER_"
HOST_SECRET_BYTES = 32  # a shorter key is weaker than the hash it is used with


def setting(
    default: Any, help: str, *, least: float | None = None, secret: bool = False, hidden: bool = False
) -> Any:
    metadata = {"help": help, "least": least, "secret": secret, "hidden": hidden}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    host: str = setting("127.0.0.1", "Address to listen on. Any other than loopback is a deliberate choice.")
    port: int = setting(8888, "Port of the page and the API; 0 takes a free one.", least=0)
    admin_host: str = setting("127.0.0.1", "Address of the /metrics listener.")
    admin_names: tuple[str, ...] = setting(
        (), "Names in /metrics' address besides localhost and where it listens, comma-separated."
    )
    admin_port: int = setting(0, "Port of the /metrics listener; 0 switches it off.", least=0)
    roles: str = setting("all", "web, tasks (webhooks, no API) or all: what this node does.")
    processes: int = setting(
        1, "Server processes sharing the port, 0 for one per core; more than one needs amqp_url.", least=0
    )
    data_dir: Path = setting(Path("data"), "Where the embedded database keeps its files.")
    mongodb_uri: str = setting("", "Your MongoDB; empty starts an embedded one.", secret=True)
    mongodb_database: str = setting("chatserver", "Database name, unless the URI has one.")
    mongodb_driver: str = setting("motor", "motor, or pymongo for PyMongo's own asyncio client.")
    mongodb_timeout_secs: float = setting(2.0, "Longest wait for one database call.", least=0.1)
    mongodb_in_flight: int = setting(
        16, "Database calls under way at once; further ones wait briefly.", least=1
    )
    mongod: str = setting("", "Path of the mongod to run when mongodb_uri is empty.")
    amqp_url: str = setting(
        "", "RabbitMQ, or several separated by commas; empty rings bells in-process.", secret=True
    )
    hold_secs: float = setting(
        5.5, "How long a poll is held when the client asks for nothing else.", least=0.1
    )
    max_hold_secs: float = setting(50.0, "Longest hold a client may ask for.", least=0.1)
    check_secs: float = setting(
        0.3, "Interval of the version check that makes up for lost bells.", least=0.05
    )
    linger_secs: float = setting(60.0, "How long a person counts as present after the last poll.", least=1)
    typing_secs: float = setting(6.0, "How long one typing signal lasts.", least=0.1)
    sweep_secs: float = setting(
        10.0, "Interval of the sweeper that finishes what a dead node left.", least=0.1
    )
    send_deadline_secs: float = setting(
        2.8, "Longest a send is retried before it is answered 503.", least=0.1
    )
    drain_secs: float = setting(6.0, "Longest wait for requests under way at shutdown.", least=0)
    message_chars: int = setting(4000, "Longest message.", least=1)
    attachment_bytes: int = setting(10 * 1024 * 1024, "Largest attachment.", least=0)
    body_bytes: int = setting(64 * 1024, "Largest JSON body.", least=1024)
    rate_limits: str = setting("on", "on, or off: no limit of calls at all.")
    send_rate: str = setting("3000/minute", "Messages a person may send; a rate, or off.")
    upload_rate: str = setting("300/minute", "Files a person may send.")
    typing_rate: str = setting("600/minute", "Typing signals of a person.")
    receipts_rate: str = setting("3000/minute", "Times a person may mark as read.")
    history_rate: str = setting("3000/minute", "Pages, lists, files and searches a person may load.")
    poll_rate: str = setting("6000/minute", "Polls a person may start.")
    account_rate: str = setting("600/minute", "Other calls of a person: profile, sessions, tickets.")
    login_rate: str = setting("10/5 minutes", "Wrong passwords for one account from one address.")
    login_account_rate: str = setting("100/5 minutes", "Wrong passwords for one account from anywhere.")
    login_address_rate: str = setting("300/5 minutes", "Wrong passwords from one address for any account.")
    register_rate: str = setting("100/hour", "Accounts made from one address, or one /64 of IPv6.")
    register_site_rate: str = setting("300/hour", "Accounts made from one /48 of IPv6.")
    register_provider_rate: str = setting("1000/hour", "Accounts made from one /32 of IPv6.")
    register_total_rate: str = setting("3000/hour", "Accounts made from anywhere.")
    host_rate: str = setting("60/minute", "Sign-ins by the host of one of its users.")
    host_address_rate: str = setting("3000/minute", "Sign-ins by the host from one address.")
    invite_rate: str = setting("10/minute", "Wrong codes of invites from a person.")
    invite_address_rate: str = setting("10/minute", "Wrong codes of invites from one address.")
    rate_exempt: tuple[str, ...] = setting(
        ("127.0.0.1", "::1"),
        "Addresses that login_address_rate, host_address_rate, invite_address_rate and register_* do not count.",
    )
    registration: str = setting(
        "auto", "open, invite or off: who may register; auto: open, but off beside an application."
    )
    directory: str = setting(
        "everyone", "Who is found by search: everyone, shared (who is in a conversation with one) or off."
    )
    contact: str = setting(
        "everyone", "Whom one may write to first: everyone, shared, or host (whom it names in may_contact)."
    )
    person_sessions: int = setting(
        1000, "Sessions of one person; beyond, the one unused for longest ends.", least=1
    )
    guest_days: int = setting(30, "A guest's account unused for this long is deleted; 0: never.", least=0)
    retention_days: int = setting(
        0, "Messages older than this are deleted, files too; 0: never. The host may say otherwise.", least=0
    )
    conversation_rate: str = setting("500/hour", "Conversations a person may begin.")
    group_rate: str = setting("50/day", "Groups a person may begin.")
    join_rate: str = setting("60/hour", "Times a person may join by themselves, or ask to.")
    group_members: int = setting(1000, "Members of a group.", least=2)
    announcement_members: int = setting(10_000, "Members of an announcement.", least=2)
    person_conversations: int = setting(
        1000, "Conversations of a person; beyond, nobody adds them to a group.", least=1
    )
    open_uploads: int = setting(
        10, "Files of one person on their way into one process; one more is refused.", least=1
    )
    upload_day_bytes: int = setting(2 * 1024**3, "Bytes of files a person may send a day; 0: any.", least=0)
    upload_memory_bytes: int = setting(
        64 * 1024**2, "Memory for files on their way into one process, a quarter of a MB each.", least=1 << 20
    )
    conversations_listed: int = setting(
        500, "Conversations in one answer; older ones are asked for with `after`.", least=1
    )
    held_polls: int = setting(
        12, "Polls of one person held by one process; beyond, the oldest is answered.", least=1
    )
    headers_secs: float = setting(20.0, "Longest a client may take over the headers of a request.", least=1)
    body_secs: float = setting(
        10.0, "Longest it may take over a JSON body; a file must come at 1 KiB/s.", least=1
    )
    taking_secs: float = setting(30.0, "Longest it may take nothing more of its answer.", least=1)
    ticket_secs: float = setting(600.0, "How long a poll ticket lasts.", least=10)
    session_days: int = setting(90, "A session unused for this long ends.", least=1)
    cors_origins: tuple[str, ...] = setting(
        (), "Origins of other sites that may call the API, comma-separated."
    )
    host_secret: str = setting(
        "",
        "Key of the application around this chat (32 bytes or more); empty: none signs users in.",
        secret=True,
    )
    host_keys: tuple[str, ...] = setting(
        (),
        "More keys of that application, comma-separated: KID:ALGORITHM:FILE (a public key, PEM), or ALGORITHM:https://…"
        " (a JWKS). HS256 (FILE only), RS256, ES256, EdDSA.",
    )
    token_url: str = setting(
        "",
        "Address of the application around this chat that says whose its own tokens are; empty: they count for nothing.",
        secret=True,
    )
    server_secret: str = setting(
        "",
        "What webhooks and hooks are signed by (32 bytes or more), alike on all machines; empty: one made into data_dir.",
        secret=True,
    )
    webhook_waiting: int = setting(
        1_000_000, "Events that may wait for one webhook; beyond, the oldest are given up.", least=1
    )
    outbound_allow: tuple[str, ...] = setting(
        (),
        "Networks (10.0.0.0/8) and hosts, comma-separated, that webhooks and hooks may reach besides public addresses.",
    )
    guests: bool = setting(False, "Let people in who have no account, each as somebody new.")
    frame_ancestors: tuple[str, ...] = setting(
        (), "Origins of other sites that may show /embed in a frame, comma-separated; empty: none."
    )
    public_url: str = setting(
        "",
        "Address of this server that links in answers begin with (https://chat.example.org); empty: that of the request.",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), "Addresses or networks (10.0.0.0/8) whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    tls_cert: str = setting("", "Certificate with its chain (PEM); set, the page and the API are HTTPS only.")
    tls_key: str = setting("", "Its private key (PEM), unless tls_cert holds both.")
    tls_ca: str = setting(
        "", "CA certificates (PEM) that MongoDB and RabbitMQ are checked against; empty: the system's."
    )
    production: bool = setting(
        False, "Refuse to start where passwords or messages would leave this machine in the clear."
    )
    allow_insecure: bool = setting(False, "Start in production all the same.")
    hot_calls: str = setting(
        "on", "on, or off: sends and polls take the way of all other calls.", hidden=True
    )
    log_level: str = setting("info", "debug, info, warning or error.")
    log_format: str = setting("auto", "text, json, or auto: text on a terminal.")
    failpoints: str = setting("", "For tests: where to break on purpose (failpoints.py).", hidden=True)

    @property
    def who_registers(self) -> str:
        """`registration` with what auto stands for."""
        if self.registration != "auto":
            return self.registration
        return "off" if self.host_signs or self.token_url else "open"

    @property
    def host_signs(self) -> bool:
        """Whether there is a key with which the application around the chat signs its people in."""
        return bool(self.host_secret or self.host_keys)


FIELDS: dict[str, dataclasses.Field[Any]] = {field.name: field for field in dataclasses.fields(Settings)}
TYPES: dict[str, Any] = typing.get_type_hints(Settings)


def _contradictions(settings: Settings) -> Iterator[str]:
    """What is right by itself and wrong together."""
    if 0 < len(settings.host_secret.encode("utf-8", "replace")) < HOST_SECRET_BYTES:
        yield f"--host-secret: must have at least {HOST_SECRET_BYTES} bytes"
    if 0 < len(settings.server_secret.encode("utf-8", "replace")) < HOST_SECRET_BYTES:
        yield f"--server-secret: must have at least {HOST_SECRET_BYTES} bytes"
    if settings.tls_key and not settings.tls_cert:
        yield "--tls-key: is of no use without --tls-cert"
    if problem := unescaped(settings.mongodb_uri):
        yield f"--mongodb-uri: {problem}"
    elif (named := database_in(settings.mongodb_uri)) and named != settings.mongodb_database:
        yield (
            f"--mongodb-uri: names the database {named!r} and --mongodb-database {settings.mongodb_database!r};"
            " leave one of them out"
        )
    if settings.processes > 1 and not settings.amqp_url:
        yield "--processes: more than one process needs RabbitMQ; set --amqp-url"


def load(flags: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> Settings:
    """Merge the sources. Raises StartupError that lists every mistake, each with where it came from."""
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    config = flags.get("config") or environ.get(PREFIX + "CONFIG")
    from_file = _read_file(config, mistakes) if config else {}
    for name in sorted(from_file.keys() - FIELDS.keys()):
        hint = f": settings stand without a table; take the line [{name}] out"
        mistakes.append(
            f"{name} in {config}{hint if isinstance(from_file[name], dict) else ': no such setting'}"
        )
    for name in FIELDS:
        source, raw = _given(name, flags, environ, config, from_file)
        if raw is None:
            continue
        try:
            values[name] = convert(name, TYPES[name], FIELDS[name].metadata["least"], raw)
        except ValueError as error:
            mistakes.append(f"{source}: {error}")
    settings = Settings(**values)
    if settings.processes == 0:
        settings = dataclasses.replace(settings, processes=os.cpu_count() or 1)
    mistakes += _contradictions(settings)
    if mistakes:
        raise StartupError("settings cannot be used:\n  " + "\n  ".join(mistakes), EX_CONFIG)
    return settings


def sources(flags: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Where the value of each setting comes from, of settings that `load` takes."""
    config = flags.get("config") or environ.get(PREFIX + "CONFIG")
    from_file = _read_file(config, []) if config else {}
    return {name: _given(name, flags, environ, config, from_file)[0] for name in FIELDS}


def _given(
    name: str,
    flags: Mapping[str, str | None],
    environ: Mapping[str, str],
    config: str | None,
    from_file: Mapping[str, Any],
) -> tuple[str, Any]:
    """The first source that has it, and what it says there."""
    for source, raw in (
        (f"--{name.replace('_', '-')}", flags.get(name)),
        (PREFIX + name.upper(), environ.get(PREFIX + name.upper())),
        (f"{name} in {config}", from_file.get(name)),
    ):
        if raw is not None:
            return source, raw
    if name == "mongodb_database":
        source, uri = _given("mongodb_uri", flags, environ, config, from_file)
        if found := database_in(str(uri or "")):
            return f"the path of {source}", found
    return "default", None


def proxies(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The proxy variables that programs on this machine follow. This server does not; a client beside it may."""
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    return {name: value for name in names if (value := environ.get(name) or environ.get(name.upper()))}


def service_watch(environ: Mapping[str, str] = os.environ) -> tuple[str, float]:
    """systemd's notification socket ("" without one), and for how long it bears our silence (0: for ever)."""
    meant_for = environ.get("WATCHDOG_PID", str(os.getpid()))
    silence = int(environ.get("WATCHDOG_USEC", "0")) / 1e6 if meant_for == str(os.getpid()) else 0.0
    return environ.get("NOTIFY_SOCKET", ""), silence


def _read_file(path: str, mistakes: list[str]) -> dict[str, Any]:
    try:
        # An editor may have put a byte order mark first.
        return tomllib.loads(Path(at_home(path)).read_text("utf-8-sig"))
    except OSError as error:
        mistakes.append(f"--config {path}: {error.strerror}")
    except UnicodeDecodeError:
        mistakes.append(f"--config {path}: is not UTF-8; save it as that")
    except ValueError as error:  # no TOML, or no such home
        mistakes.append(f"--config {path}: {error}")
    return {}
