from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content.machine import ITEM_MACHINE, PIPELINE
from apps.lifecycle.models import StatefulModel


class Item(StatefulModel):
    """One piece of content, whatever its source. Its text lives in immutable revisions."""

    class Kind(models.TextChoices):
        STORY = "story", _("Story")
        PLAN = "plan", _("Content plan")
        CLIP = "clip", _("Clip")

    class Format(models.TextChoices):
        VIDEO = "video", _("Video")
        TEXT = "text", _("Text only")

    class Stage(models.TextChoices):
        TEXT = "text", _("The text")
        FINAL = "final", _("The finished video")

    kind = models.CharField(_("made from"), max_length=8, choices=Kind.choices)
    format = models.CharField(_("format"), max_length=8, choices=Format.choices, default=Format.VIDEO)
    title = models.CharField(_("title"), max_length=300)
    language = models.CharField(_("language"), max_length=8, default="en")
    source = models.CharField(_("source"), max_length=80, blank=True, editable=False)
    source_title = models.CharField(_("source title"), max_length=300, blank=True, editable=False)
    source_text = models.TextField(_("source text"), blank=True, editable=False)
    source_url = models.URLField(_("source address"), max_length=1000, blank=True, editable=False)
    review_stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.TEXT, editable=False)
    current_revision = models.ForeignKey(
        "content.Revision", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    approved_revision = models.ForeignKey(
        "content.Revision", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["workspace", "state", "state_at"], name="item_by_state")]

    def __str__(self) -> str:
        return self.title

    @property
    def pipeline_step(self) -> str:
        """Which of upload, caption, schedule, post, analyze the item is at."""
        return next(name for name, _label, states in PIPELINE if self.state in states)

    @property
    def is_over(self) -> bool:
        return ITEM_MACHINE.is_final(self.state)
