"""Errors a person can act on.

Every error of the domain carries a sentence that names the cause, a hint that names the way out, and a stable code for
programs. Interfaces turn them into their own form in one place each (problem+json, admin message, web toast).
"""

from __future__ import annotations

from typing import Any

# Seconds; a month, for allowances that begin anew with each.
LONGEST_WAIT = 31 * 24 * 3600.0


class DomainError(Exception):
    """Something the caller asked for cannot be done, and why."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class NotAllowed(DomainError):
    code = "not_allowed"
    status = 403


class NotFound(DomainError):
    code = "not_found"
    status = 404


class Conflict(DomainError):
    """The row is no longer in the state that the action starts from."""

    code = "conflict"
    status = 409


class TooLate(Conflict):
    """The action came after the point of no return, such as cancelling a post whose call has begun."""

    code = "too_late"


class Invalid(DomainError):
    """Input that breaks a rule; `details` maps a field to its messages."""

    code = "invalid"
    status = 422


class Postponed(DomainError):
    """Not now, and by itself later: nothing was tried, so work that meets it waits and loses no try.

    retry_after: seconds after which it may be asked for again.
    """

    code = "postponed"
    status = 503

    def __init__(self, message: str, *, retry_after: float, hint: str = "", **details: Any) -> None:
        super().__init__(message, hint=hint, **details)
        self.retry_after = retry_after


class AdapterError(DomainError):
    """An engine or a platform failed.

    permanent: trying again cannot help. retry_after: seconds the other side asked us to wait, if it said so; what is no
    time is taken for nothing said, and nothing waits for longer than a month.
    """

    code = "adapter_error"
    status = 502

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        hint: str = "",
        **details: Any,
    ) -> None:
        super().__init__(message, hint=hint, **details)
        self.permanent = permanent
        self.retry_after = min(retry_after, LONGEST_WAIT) if retry_after and retry_after > 0 else None
