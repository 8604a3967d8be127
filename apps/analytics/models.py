"""What platforms counted of published posts."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.platforms.words import METRICS
from apps.schedules.models import Post
from apps.workspaces.models import WorkspaceModel


class Reading(WorkspaceModel):
    """A post's totals, as its platform told them once.

    hours: the age at which posts are read, so that they compare; `after` is the age that it really had. counts:
    {"views": 12, "likes": 3}, under the names that the platform's adapter declares; what it does not count is missing.
    gone: the post was not there any more.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="readings", verbose_name=_("post"))
    hours = models.PositiveIntegerField(_("hours after publishing"))
    counts = models.JSONField(_("counts"), default=dict)
    gone = models.BooleanField(_("gone"), default=False)
    read_at = models.DateTimeField(_("read"), default=timezone.now)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ["-read_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["post", "hours"], name="reading_once_per_age")]

    def __str__(self) -> str:
        return f"{self.post_id} · {self.hours} h"

    @property
    def after(self) -> timedelta:
        return self.read_at - self.post.published_at

    @property
    def named(self) -> list[tuple[str, int]]:
        """The counts with their names for people."""
        return [(str(METRICS.get(name, name)), count) for name, count in self.counts.items()]
