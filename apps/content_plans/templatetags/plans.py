"""How results of plans are said on their pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
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


_MARKS = {"added": "ins", "removed": "del"}


@register.filter
def changes(diff: Iterable[tuple[str, str]]) -> SafeString:
    """A round's changes as HTML, in one go: a rewrite has hundreds of pieces, and a page has twenty rounds."""
    pieces = ((_MARKS.get(kind), escape(text)) for kind, text in diff)
    return mark_safe("".join(f"<{mark}>{text}</{mark}>" if mark else text for mark, text in pieces))  # noqa: S308  escaped above


@register.filter
def counts(post: Any) -> bool:
    """Whether the post's platform tells any numbers."""
    return post.account.platform in counted_platforms()
