"""How results of plans are said on their pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils.translation import ngettext

from apps.content_plans.queries import counted_platforms

register = template.Library()


@register.filter
def age(passed: timedelta) -> str:
    """A time that has passed, in the largest whole unit up to days."""
    hours = int(passed.total_seconds()) // 3600
    if hours >= 48:
        return ngettext("%(count)d day", "%(count)d days", hours // 24) % {"count": hours // 24}
    if hours:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    minutes = int(passed.total_seconds()) // 60
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


@register.filter
def counts(post: Any) -> bool:
    """Whether the post's platform tells any numbers."""
    return post.account.platform in counted_platforms()
