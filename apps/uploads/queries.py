"""Reading attempts, and what waits for people."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet

from apps.schedules import queries as schedule
from apps.schedules.models import Post
from apps.uploads.models import Attempt, Evidence
from apps.uploads.outcomes import MAX_TRIES

# The system has given up, and nothing that a person could do by hand is named.
GIVEN_UP = Q(state__in=["rejected", "missed"]) | Q(state="needs_human", tries__gte=MAX_TRIES)


def attempts_of(post: Post) -> QuerySet[Attempt]:
    """Oldest first, with their evidence."""
    evidence = Prefetch("evidence", queryset=Evidence.objects.order_by("pk"))
    return Attempt.objects.filter(post=post).prefetch_related(evidence).order_by("number")


def dead_letters(*, cause: str = "") -> QuerySet[Post]:
    """What failed for good: refused, missed, or tried as often as it may be. cause: a code of `problems`."""
    found = schedule.posts().filter(GIVEN_UP)
    if cause == "missed":
        return found.filter(state="missed")
    return found.filter(error__code=cause) if cause else found


def by_hand() -> QuerySet[Post]:
    """What waits for a person's decision, or to be posted by hand."""
    return schedule.posts().filter(state="needs_human")


def for_people() -> QuerySet[Post]:
    return schedule.posts().filter(Q(state="needs_human") | GIVEN_UP)


def held_by(post: Post) -> list[Post]:
    """The later parts that do not go out before this one is."""
    if post.state in ("published", "cancelled"):
        return []
    return list(_siblings(post).filter(part__gt=post.part, state="scheduled").order_by("part"))


def holding(post: Post) -> Post | None:
    """The first earlier part that is not out yet, and therefore holds this one."""
    if post.state != "scheduled":
        return None
    earlier = _siblings(post).filter(part__lt=post.part)
    return earlier.exclude(state__in=["published", "cancelled"]).order_by("part").first()


def _siblings(post: Post) -> QuerySet[Post]:
    """The parts of the same posting of the same text."""
    return schedule.posts().filter(account=post.account_id, revision=post.revision_id, repeat=post.repeat)


def under_way(posts: Iterable[Post]) -> dict[int, Attempt]:
    """The attempt that is being made of each post that is being published, by the post's id."""
    ids = [post.pk for post in posts if post.state in ("claimed", "submitting", "unknown")]
    return {each.post_id: each for each in Attempt.objects.filter(post__in=ids, outcome="").order_by("number")}
