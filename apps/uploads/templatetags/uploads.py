"""Small forms of things for the pages about publishing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template

from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.uploads.models import Attempt
from apps.uploads.problems import PROBLEMS, code_of_reason, explain

register = template.Library()

_TONES = {
    Attempt.Outcome.RUNNING: "busy",
    Attempt.Outcome.PUBLISHED: "good",
    Attempt.Outcome.NOT_THERE: "waiting",
    Attempt.Outcome.UNKNOWN: "waiting",
    Attempt.Outcome.LOST: "waiting",
    Attempt.Outcome.LATE: "waiting",
    Attempt.Outcome.FAILED: "bad",
}


@register.filter
def explained(post: Post) -> dict[str, Any]:
    return explain(post)


@register.filter
def platform_label(account: Account) -> str:
    return str(account.adapter.label)


@register.filter
def tone(attempt: Attempt) -> str:
    return _TONES.get(attempt.outcome, "neutral")


@register.filter
def is_named(attempt: Attempt) -> bool:
    """Whether the reason of its error only repeats what its sentence says."""
    return code_of_reason(attempt.error["reason"]) in PROBLEMS


@register.filter
def seconds(length: timedelta) -> str:
    """4.2 s, or 3:07 from a minute on."""
    whole = length.total_seconds()
    return f"{whole:.1f} s" if whole < 60 else f"{int(whole) // 60}:{int(whole) % 60:02d}"
