"""Every metric of ours, named and helped. What reads live objects is registered in runtime.py."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from prometheus_client import Counter, Gauge, Histogram, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

POLL_SECONDS = Histogram(
    "chat_poll_duration_seconds",
    "How long polls were held, by how they ended.",
    ["outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 3, 4, 5, 5.4, 5.6, 6, 8, 15, 30, 60),
)
poll_seconds = cache(POLL_SECONDS.labels)
HELD_POLLS = Gauge("chat_held_polls", "Polls held right now, streams of events among them.")
EVENT_STREAMS = Gauge("chat_event_streams", "Streams of events open right now.")
STREAMED_EVENTS = Counter("chat_streamed_events_total", "Events given by streams.")
PRESENT_USERS = Gauge("chat_present_users", "People held or lingering on this node.")
DELIVERY_SECONDS = Histogram(
    "chat_delivery_latency_seconds",
    "From accepting a message until a poll's answer with it got out.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
MESSAGES = Counter("chat_messages_total", "Messages stored by this node.")
REPLAYS = Counter("chat_message_replays_total", "Sends answered with an earlier result.")
FLUSH_SIZE = Histogram(
    "chat_flush_messages", "Messages that went out in one flush.", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
FLUSH_SECONDS = Histogram(
    "chat_flush_duration_seconds",
    "Time of one flush, by step; `append` holds a fan-out that goes out behind it, `fan_out` what is left then.",
    ["step"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
APPEND_RETRIES = Counter("chat_append_retries_total", "Appends tried again, by reason.", ["reason"])
FANOUT_REPAIRS = Counter("chat_fanout_repairs_total", "Inboxes mended because a fan-out was lost or late.")
FANOUT_LARGE = Gauge("chat_fanout_large", "Conversations of very many whose members are still being reached.")
FANOUT_UNFINISHED = Gauge("chat_fanout_unfinished", "Conversations whose fan-out is being retried.")
FILES_COLLECTED = Counter("chat_files_collected_total", "Files deleted because no message names them.")
MESSAGES_EXPIRED = Counter("chat_messages_expired_total", "Messages deleted because they were too old.")
GUESTS_FORGOTTEN = Counter("chat_guests_forgotten_total", "Guests deleted because they did not come back.")
SWEEPS = Counter("chat_sweeps_total", "Sweeps completed by this node.")
CURSORS_EXPIRED = Counter("chat_cursors_expired_total", "Polls answered 410.")
CHECK_WAKEUPS = Counter("chat_check_wakeups_total", "Lost bells: versions that only the check saw move.")
CHECK_SECONDS = Histogram("chat_check_duration_seconds", "Time of one version check.")
INBOX_READS = Counter("chat_inbox_reads_total", "Inboxes read for polls.")
EPHEMERAL_DROPPED = Counter("chat_ephemeral_dropped_total", "Typing and presence events let go.", ["reason"])
MONGODB_SECONDS = Histogram(
    "chat_mongodb_call_seconds",
    "Database calls.",
    ["operation"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
MONGODB_ERRORS = Counter("chat_mongodb_errors_total", "Database calls that failed.")
MONGODB_REFUSED = Counter("chat_mongodb_refused_total", "Calls refused because too many were waiting.")
HASHING_WAITING = Gauge("chat_password_hashes_waiting", "Passwords waiting for the hashing threads.")
RATE_LIMITED = Counter("chat_rate_limited_total", "Calls answered 429, by limit.", ["limit"])
RATE_LIMIT_USERS = Gauge("chat_rate_limit_users", "People counted in memory, summed over all limits.")
MONGODB_WAITING = Gauge("chat_mongodb_waiting", "Database calls waiting for one of those under way to end.")
CONNECTIONS_CLOSED = Counter(
    "chat_connections_closed_total",
    "Connections closed because the client dawdled or sent too long a header, by what it was at.",
    ["at"],
)
LISTENER_RESTS = Counter(
    "chat_listener_rests_total", "Times no further connection was taken, for want of open files."
)
TOKEN_QUESTIONS = Counter(
    "chat_token_questions_total", "Tokens that the host was asked about, by what became of it.", ["outcome"]
)
FEED_PUT_OFF = Counter(
    "chat_feed_put_off_total", "Messages whose tasks for the host could not be made at once."
)
FEED_MADE_UP = Counter("chat_feed_made_up_total", "Messages whose tasks for the host were made up for.")
DELIVERIES = Counter(
    "chat_webhook_attempts_total", "Attempts to tell the host of an event, by what came of it.", ["outcome"]
)
DELIVERY_ATTEMPT_SECONDS = Histogram(
    "chat_webhook_attempt_seconds",
    "Time of one such attempt.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)
WEBHOOK_AGE_SECONDS = Gauge(
    "chat_webhook_oldest_seconds", "Age of the oldest event that waits for an endpoint this node pushes to."
)
WEBHOOKS_DISABLED = Counter("chat_webhooks_disabled_total", "Endpoints switched off, by reason.", ["reason"])
TASKS_DEAD = Counter("chat_tasks_dead_total", "Tasks given up, by reason.", ["reason"])
HOOK_CALLS = Counter("chat_hook_calls_total", "Questions to hooks, by what came of it.", ["point", "outcome"])
UPLOADED_BYTES = Counter("chat_uploaded_bytes_total", "Attachment bytes taken in.")
UPLOADS = Gauge("chat_uploads", "Files on their way in right now.")
UPLOAD_MEMORY_BYTES = Gauge("chat_upload_memory_bytes", "Memory set aside for files on their way in.")
UPLOADS_PUT_OFF = Counter(
    "chat_uploads_put_off_total", "Files refused because the memory for those on their way in was used up."
)
LIMITS_REACHED = Counter(
    "chat_limits_reached_total", "Calls refused because of a quota, by limit.", ["limit"]
)
OWED_DROPPED = Counter(
    "chat_owed_notifications_dropped_total", "Notifications that no device had yet, let go for newer ones."
)
BUS_UP = Gauge("chat_bus_up", "1 while bells are proved to arrive.")
MALFORMED_BELLS = Counter("chat_malformed_bells_total", "Bells that did not hold what their kind should.")
LOOP_LAG_SECONDS = Gauge("chat_loop_lag_seconds", "How late the event loop ran its last check.")


class BusCounters(Collector):
    """What a bus counts for itself, read when somebody asks."""

    _HELP = (
        ("published", "Bells given to the broker, or rung in this process where there is none."),
        ("dropped", "Bells let go because the broker was away for too long or too slow."),
        ("poison", "Things on the exchange that were no bells of ours, or bells that came before."),
        ("reconnects", "Links to the broker opened again."),
        ("declares", "Declarations and bindings asked of the broker."),
        ("handler_failures", "Bells whose handler failed."),
    )

    def __init__(self, bus: object) -> None:
        self._bus = bus

    def collect(self) -> Iterator[Metric]:
        for name, help in self._HELP:
            yield CounterMetricFamily(f"chat_bus_{name}", help, value=getattr(self._bus, name))
