"""What others hear of a clip."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from apps.clips.models import Clip
from apps.content.models import Item
from apps.lifecycle.events import emit
from apps.platforms.models import Account


def announce_scheduled(*, item: Item, post: models.Model, account: Account, due_at: datetime) -> None:
    """Say `video_scheduled` when a clip's post was booked; in the same transaction as the booking."""
    if item.kind != Item.Kind.CLIP:
        return
    clip = Clip._base_manager.filter(item=item).values_list("pk", "name").first()
    data = {
        "item": item.pk,
        "title": item.title,
        "clip": clip[0] if clip else None,
        "file": clip[1] if clip else "",
        "post": post.pk,
        "account": account.pk,
        "account_name": account.name,
        "platform": account.platform,
        "due_at": due_at.isoformat(),
    }
    emit(workspace=item.workspace_id, type="video_scheduled", subject=item, data=data)
