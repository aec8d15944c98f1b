"""What we talk to: MongoDB and RabbitMQ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from chatserver.bus import broker_survey as bus_survey
from chatserver.clock import Clock
from chatserver.errors import StartupError
from chatserver.settings import Settings
from chatserver.storage import database_survey
from chatserver.storage.database_survey import DatabaseSurvey
from chatserver.storage.datadir import DataDir
from chatserver.storage.schema import STEPS, refuse_newer
from commands.checks import FAIL, OK, WARN, Finding, failed
from commands.reach import reached

OLDEST = (5, 0)
# When each series got, or will get, its last fixes: mongodb.com/legal/support-policy/lifecycles.
LAST_FIXES = {(5, 0): "October 2024", (6, 0): "July 2025", (7, 0): "August 2027", (8, 0): "October 2029"}
ENDED = (6, 0)  # series that get no fixes any more, up to here
TRIED = ((6, 0),)  # series that the tests were run on (docs/reliability.md)
# The first releases with the fix of CVE-2025-14847, which lets strangers read the memory of the server.
MENDED = {(6, 0): 27, (7, 0): 28, (8, 0): 17}
SLOW_WRITE_SECS = 0.25
SKEW_SECS = 2.0
OLDEST_BROKER = (3, 10)
TRIED_BROKERS = ((3, 10), (4, 0))


async def database(settings: Settings) -> AsyncIterator[Finding]:
    try:
        if not settings.mongodb_uri and not DataDir(settings.data_dir).is_made():
            yield Finding("database", OK, "none yet; the first start makes it")
            return
        async with reached(settings) as there:
            found = await database_survey.survey(there, Clock())
    except StartupError as error:
        cure = "start it or correct --mongodb-uri: host, user, password, tls"
        yield (
            Finding("database", FAIL, str(error), cure) if settings.mongodb_uri else failed("database", error)
        )
        return
    for finding in judged(found, embedded=not settings.mongodb_uri):
        yield finding
    yield listing(found.unlisted)


def judged(found: DatabaseSurvey, *, embedded: bool) -> list[Finding]:
    version = ".".join(map(str, found.version))
    findings = [_version(found, version, embedded)]
    if not found.replica_set:
        cure = "make it a replica set, of one member at least: no backups and no failover without"
        findings.append(Finding("replica set", WARN, "a server by itself", cure))
    elif found.members < 3 and not embedded:
        cure = "three members, so that one may fail without a pause or a loss"
        findings.append(
            Finding("replica set", WARN, f"{found.replica_set}, {found.members} of 3 members", cure)
        )
    else:
        findings.append(Finding("replica set", OK, f"{found.replica_set}, members: {found.members}"))
    findings.append(_schema(found))
    written = f"a majority journaled a write in {found.write_secs * 1000:.0f} ms"
    if found.write_secs > SLOW_WRITE_SECS:
        findings.append(Finding("writes", WARN, written, "look at the database's disk and load"))
    else:
        findings.append(Finding("writes", OK, written))
    ahead = f"the database's is {found.skew_secs:+.1f} s from ours"
    if abs(found.skew_secs) > SKEW_SECS:
        cure = "run chrony or systemd-timesyncd on both: times shown to people come from these clocks"
        findings.append(Finding("clock", WARN, ahead, cure))
    else:
        findings.append(Finding("clock", OK, ahead))
    return findings


def _schema(found: DatabaseSurvey) -> Finding:
    try:
        refuse_newer(found.schema, "the database")
    except StartupError as error:
        return failed("schema", error)
    number, ours = found.schema.number, len(STEPS)
    coming = "" if number == ours else f"; the next start makes it {ours}"
    return Finding("schema", OK, f"{number}{coming}")


def listing(unlisted: dict[str, tuple[int, int]]) -> Finding:
    if not unlisted:
        return Finding("search", OK, "people and messages are listed by the words of this version")
    parts = (f"{count:,} of about {total:,} {noun}" for noun, (count, total) in unlisted.items())
    cure = "leave a server running: it lists them in the background, and until then some are not found"
    return Finding("search", WARN, f"listed by the words of this version: {', '.join(parts)}", cure)


def _version(found: DatabaseSurvey, version: str, embedded: bool) -> Finding:
    series = found.version[0], found.version[1]
    if series < OLDEST:
        return Finding("database", FAIL, f"MongoDB {version}", "MongoDB 5.0 or newer is needed, better 8.0")
    if embedded:
        private = "embedded, on a private socket without compression"
        return Finding("database", OK, f"MongoDB {version}, {private}{_last_fixes(series)}{_tried(series)}")
    if found.version[2] < MENDED.get(series, 0):
        cure = f"upgrade to {series[0]}.{series[1]}.{MENDED[series]}, or leave zlib out of networkMessageCompressors"
        return Finding("database", WARN, f"MongoDB {version} has CVE-2025-14847", cure)
    if series <= ENDED:
        text = f"MongoDB {version} gets no fixes any more{_last_fixes(series)}{_tried(series)}"
        return Finding("database", WARN, text, "upgrade, one series at a time")
    return Finding("database", OK, f"MongoDB {version}{_last_fixes(series)}{_tried(series)}")


def _last_fixes(series: tuple[int, int]) -> str:
    when = LAST_FIXES.get(series)
    return "" if when is None else f"; its last fixes are of {when}"


def _tried(series: tuple[int, ...], tried: Collection[tuple[int, ...]] = TRIED) -> str:
    """To say of a series that the tests were never run on."""
    if not series or series in tried:
        return ""
    return f"; the tests were run on {' and '.join('.'.join(map(str, each)) for each in tried)} only"


async def broker(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.amqp_url:
        yield Finding("broker", OK, "none: bells ring in the process, enough for one")
        return
    try:
        found = await bus_survey.survey(settings.amqp_url, settings.tls_ca)
    except StartupError as error:
        yield failed("broker", error)
        return
    for each in found:
        name = f"{each.server} at {each.place}" if each.server else each.place
        if each.problem:
            yield Finding("broker", FAIL, f"{name}: could not {each.step}: {each.problem}", _cure(each.step))
        elif (series := _series(each.server)) and series < OLDEST_BROKER:
            yield Finding("broker", WARN, name, "RabbitMQ 3.10 or newer is needed, better 4")
        else:
            yield Finding("broker", OK, f"{name}; a bell came back{_tried(series, TRIED_BROKERS)}")


def _series(server: str) -> tuple[int, ...]:
    number = server.rpartition(" ")[2].split(".")[:2]
    return tuple(map(int, number)) if all(part.isdigit() for part in number) else ()


def _cure(step: str) -> str:
    if step == "connect":
        return "start it, or correct host, user, password and vhost in --amqp-url"
    if step.startswith("ring"):
        return "rabbitmqctl list_alarms (`rabbitmq-diagnostics alarms`); free memory or disk there"
    return r"rabbitmqctl set_permissions -p VHOST USER PATTERN PATTERN PATTERN, with '^(chat\.events\..*|amq\.gen-.*)$'"
