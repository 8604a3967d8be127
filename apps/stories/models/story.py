from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.lifecycle.models import StatefulModel
from apps.stories.machine import STORY_MACHINE
from apps.stories.models.source import Source


class Story(StatefulModel):
    """Raw text from outside that may become an item."""

    class Origin(models.TextChoices):
        REDDIT = "reddit", _("Reddit")
        FEED = "feed", _("Feed")
        PASTED = "pasted", _("Pasted")
        FILE = "file", _("File")

    origin = models.CharField(_("from"), max_length=8, choices=Origin.choices, editable=False)
    source = models.ForeignKey(
        Source, on_delete=models.SET_NULL, null=True, blank=True, related_name="stories", editable=False,
        verbose_name=_("source"),
    )  # fmt: skip
    external_id = models.CharField(max_length=200, editable=False)
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("text"))
    url = models.URLField(_("address"), max_length=1000, blank=True)
    author = models.CharField(_("author"), max_length=120, blank=True)
    community = models.CharField(_("subreddit or site"), max_length=120, blank=True)
    flair = models.CharField(_("flair"), max_length=120, blank=True)
    score = models.IntegerField(_("score"), null=True, blank=True)
    nsfw = models.BooleanField(_("adult"), default=False)
    language = models.CharField(_("language"), max_length=8)
    words = models.PositiveIntegerField(_("words"), editable=False)
    spoken_seconds = models.FloatField(_("spoken seconds"), editable=False)
    fingerprint = models.CharField(max_length=16, editable=False)
    posted_at = models.DateTimeField(_("posted"), null=True, blank=True, editable=False)
    fetched_at = models.DateTimeField(_("came in"), default=timezone.now, editable=False)
    item = models.OneToOneField(
        "content.Item", on_delete=models.SET_NULL, null=True, related_name="story", editable=False,
        verbose_name=_("item"),
    )  # fmt: skip
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")
        ordering = ["-fetched_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "origin", "external_id"], name="story_once_per_origin")
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "-fetched_at"], name="story_by_state"),
            models.Index(fields=["workspace", "fetched_at"], name="story_by_age"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return STORY_MACHINE.is_final(self.state)
