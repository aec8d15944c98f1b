"""What can go wrong, as the services say it. Each kind has a stable `code` that clients may rely on."""

from __future__ import annotations

import math

CHANGED = "It has changed since the `rev` that you gave; look at it again."
NAME_CHARS = 64  # of a field's name that is told: it may be whatever a client sent


class ChatError(Exception):
    """Something a client is told. `detail` is one readable sentence and never holds a secret."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TokenMissing(ChatError):
    code = "token_missing"


class TokenInvalid(ChatError):
    code = "token_invalid"


class Forbidden(ChatError):
    code = "forbidden"


class ContactRefused(ChatError):
    """Said of people and of ids that nobody has alike."""

    code = "contact_refused"


class NotFound(ChatError):
    """Also raised for what exists but is not the actor's: a stranger learns nothing."""

    code = "not_found"


class Silenced(ChatError):
    """A member who is not to be heard for a while. `until`, as clients read times."""

    code = "silenced"

    def __init__(self, until: str | None) -> None:
        super().__init__("You cannot say anything here for a while.")
        self.until = until


class OwnerMustTransfer(ChatError):
    code = "owner_must_transfer"

    def __init__(self) -> None:
        super().__init__("You are the owner: make somebody else the owner first.")


class SlowMode(ChatError):
    """Too soon after one's last message. `retry_after_secs` says when the next one will pass."""

    code = "slow_mode"

    def __init__(self, slow_secs: int, frees_in_secs: float) -> None:
        super().__init__(f"One message in {slow_secs} seconds is the most here; wait a little.")
        self.retry_after_secs = max(1, math.ceil(frees_in_secs))


class Invalid(ChatError):
    """Bad input. `fields` maps each offending field to what is wrong with it."""

    code = "validation_error"

    def __init__(self, detail: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.fields = fields or {}

    @classmethod
    def field(cls, name: str, problem: str) -> Invalid:
        name = name[:NAME_CHARS]
        return cls(f"{name}: {problem}", {name: problem})


class CursorInvalid(ChatError):
    code = "cursor_invalid"


class CursorExpired(ChatError):
    """The place is gone. `cursor` is a fresh one; the client reloads its lists and goes on from there."""

    code = "cursor_expired"

    def __init__(self, cursor: str) -> None:
        super().__init__("The cursor is no longer covered; reload the lists and poll with the new one.")
        self.cursor = cursor


class Conflict(ChatError):
    """As things stand this cannot be done; the detail says what stands in the way."""

    code = "conflict"


class Importing(ChatError):
    """Said to its members only: the host is bringing in what was written there before."""

    code = "importing"

    def __init__(self) -> None:
        super().__init__("What was written here before is still being brought in; try again later.")


class IdempotencyConflict(ChatError):
    code = "idempotency_conflict"


class RevisionConflict(ChatError):
    """It was changed meanwhile. `stored` is how it stands now, where that is told."""

    code = "revision_conflict"

    def __init__(self, detail: str = CHANGED, stored: object = None) -> None:
        super().__init__(detail)
        self.stored = stored


class PayloadTooLarge(ChatError):
    code = "payload_too_large"


class HeaderTooLarge(ChatError):
    code = "header_too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"The address and the header fields together may have at most {most_bytes} bytes.")


class RangeNotSatisfiable(ChatError):
    """Nothing of the part that is asked for is in the file, which has `size_bytes`."""

    code = "range_not_satisfiable"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes} bytes; nothing of what Range asks for is in it.")
        self.size_bytes = size_bytes


class UnsupportedMediaType(ChatError):
    code = "unsupported_media_type"


class RateLimited(ChatError):
    """Too many calls of one kind. `retry_after_secs` says when one more will pass."""

    code = "rate_limited"

    def __init__(self, policy: str, amount: int, window_secs: float, frees_in_secs: float) -> None:
        super().__init__(f"No more than {amount} of these in {window_secs:g} seconds; wait a little.")
        self.policy = policy
        self.amount = amount
        self.window_secs = window_secs
        self.retry_after_secs = max(1, math.ceil(frees_in_secs))


class LimitReached(ChatError):
    """A quota is used up. `limit` is its name among the limits that the server shows."""

    code = "limit_reached"

    def __init__(self, limit: str, detail: str) -> None:
        super().__init__(detail)
        self.limit = limit


class RefusedByHost(ChatError):
    """The application around the chat does not want it; `host_code` is its own word for why."""

    code = "refused_by_host"

    def __init__(self, host_code: str | None, reason: str | None) -> None:
        super().__init__(reason or "The application around this chat does not allow this.")
        self.host_code = host_code


class Unavailable(ChatError):
    """A part we need does not answer. Nothing was lost; `retry_after_secs` says when to come back."""

    code = "unavailable"

    def __init__(self, detail: str, retry_after_secs: int = 2) -> None:
        super().__init__(detail)
        self.retry_after_secs = retry_after_secs


class Unreachable(Exception):
    """A call of our own came to no answer. `kind` is one word for it, and neither it nor `reason` holds a secret."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class StartupError(Exception):
    """The operator's mistake: one line that says what is wrong and the cure. `exit_code` is from sysexits.h."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


# From sysexits.h, which Python's `os` module only offers on Unix.
EX_USAGE = 64
EX_DATAERR = 65
EX_NOUSER = 67
EX_UNAVAILABLE = 69
EX_CANTCREAT = 73
EX_IOERR = 74
EX_TEMPFAIL = 75
EX_NOPERM = 77
EX_CONFIG = 78
