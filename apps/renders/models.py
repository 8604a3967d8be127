"""How a workspace's videos look and sound, and the footage they may use."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class VideoStyle(WorkspaceModel):
    """The brand of a workspace's videos; one a workspace, with defaults that work."""

    class Background(models.TextChoices):
        MOVING = "moving", _("A generated moving background")
        FOOTAGE = "footage", _("The footage library")

    class Palette(models.TextChoices):
        DUSK = "dusk", _("Dusk")
        LAGOON = "lagoon", _("Lagoon")
        EMBER = "ember", _("Ember")
        FOREST = "forest", _("Forest")
        SLATE = "slate", _("Slate")

    caption_preset = models.CharField(_("captions"), max_length=40, default="bold-pop")
    font = models.CharField(_("font"), max_length=80, blank=True, help_text=_("Empty means the preset's own."))
    outline = models.FloatField(
        _("outline"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(20)],
        help_text=_("Pixels around the letters; empty means the preset's own."),
    )
    accent = models.CharField(
        _("accent colour"), max_length=7, default="#6d3bf5", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z")]
    )
    voice = models.CharField(_("voice"), max_length=200, blank=True, help_text=_("A Piper voice; empty: the default."))
    speed = models.FloatField(
        _("speed of speech"), default=1.0, validators=[MinValueValidator(0.5), MaxValueValidator(2.0)]
    )
    background = models.CharField(_("background"), max_length=10, choices=Background.choices, default=Background.MOVING)
    palette = models.CharField(
        _("colours of the moving background"), max_length=10, choices=Palette.choices, default=Palette.DUSK
    )

    class Meta:
        verbose_name = _("video style")
        verbose_name_plural = _("video styles")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_style_per_workspace")]

    def __str__(self) -> str:
        return self.caption_preset


class Footage(WorkspaceModel):
    """A clip of the background library. `clip` is the original, normalised once, and empty until that is done."""

    name = models.CharField(_("name"), max_length=120)
    original = models.FileField(_("file"), upload_to="footage/originals", max_length=300)
    clip = models.FileField(_("normalised"), upload_to="footage/clips", max_length=300, blank=True, editable=False)
    key = models.CharField(max_length=64, blank=True, editable=False)
    seconds = models.FloatField(_("seconds"), null=True, editable=False)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("footage")
        verbose_name_plural = _("footage")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
