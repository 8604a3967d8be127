"""Reading attempts."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.schedules.models import Post
from apps.uploads.models import Attempt


def attempts_of(post: Post) -> QuerySet[Attempt]:
    """Oldest first."""
    return Attempt.objects.filter(post=post).order_by("number")
