"""The parts of one posting go out in order."""

from __future__ import annotations

from apps.common.clock import database_now
from apps.schedules.models import Post, Waiting


def wake_next_parts(post: Post) -> None:
    """The parts that this one held back. They waited through no fault of theirs, so their grace begins now."""
    siblings = Post._base_manager.filter(account=post.account_id, revision=post.revision_id, repeat=post.repeat)
    waiting = siblings.filter(state="scheduled", waiting_for=Waiting.PART)
    now = database_now()
    waiting.update(wake_at=now, not_before=now, sent_at=None, waiting_for="")
