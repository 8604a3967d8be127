from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class Source(WorkspaceModel):
    """A place that stories are fetched from.

    How often, and whether at all, stands in its django-celery-beat row and nowhere else, so that both places where
    people edit it show the same.
    """

    class Kind(models.TextChoices):
        REDDIT = "reddit", _("Reddit")
        FEED = "feed", _("RSS or Atom feed")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120)
    settings = models.JSONField(_("settings"), default=dict)
    marks = models.JSONField(default=dict, editable=False)  # what the source wants back next time, such as its ETag
    timer = models.OneToOneField(
        "django_celery_beat.PeriodicTask",
        on_delete=models.PROTECT,
        related_name="story_source",
        editable=False,
        verbose_name=_("timer"),
    )
    fetched_at = models.DateTimeField(_("last fetch"), null=True, editable=False)
    result = models.JSONField(_("last result"), default=dict, editable=False)
    problem = models.JSONField(_("problem"), null=True, editable=False)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("story source")
        verbose_name_plural = _("story sources")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="source_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def enabled(self) -> bool:
        return self.timer.enabled

    @property
    def every_minutes(self) -> int | None:
        """Minutes between fetches; None when the beat row runs by another kind of schedule, such as a crontab."""
        interval = self.timer.interval
        if interval is None:
            return None
        minutes = {"days": 1440, "hours": 60, "minutes": 1, "seconds": 1 / 60, "microseconds": 1 / 60_000_000}
        return max(1, round(interval.every * minutes[interval.period]))

    @property
    def health(self) -> str:
        """ "new", "good", "shaky" (failing, will be tried again) or "bad" (needs a person)."""
        if self.problem:
            return "bad" if self.problem.get("permanent") or self.failures >= 5 else "shaky"
        return "good" if self.fetched_at else "new"
