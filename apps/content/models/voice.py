from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class BrandVoice(WorkspaceModel):
    """How a workspace sounds. One for every language, and one of its own for each language that needs another.

    examples: texts that sound right. words: preferred ones. banned: phrases that no text may have; "amaz*" means every
    word that begins so. reading_level: what texts should be read by. creativity: how freely a model may write, 0 to
    100; None leaves that to the AI template.
    """

    class Level(models.TextChoices):
        ANY = "", _("No wish")
        EASY = "easy", _("Easy: everybody reads it at once")
        PLAIN = "plain", _("Plain: like a newspaper")
        EXPERT = "expert", _("Demanding: for readers who know the subject")

    class Creativity(models.IntegerChoices):
        CAREFUL = 20, _("Careful")
        BALANCED = 50, _("Balanced")
        INVENTIVE = 80, _("Inventive")
        BOLD = 100, _("Bold")

    language = models.CharField(_("language"), max_length=8, blank=True)
    summary = models.TextField(_("how we sound"), blank=True)
    examples = models.JSONField(_("examples"), default=list, blank=True)
    words = models.JSONField(_("words we use"), default=list, blank=True)
    banned = models.JSONField(_("banned phrases"), default=list, blank=True)
    reading_level = models.CharField(_("reading level"), max_length=8, choices=Level.choices, blank=True)
    creativity = models.PositiveSmallIntegerField(_("creativity"), choices=Creativity.choices, null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    changed_by = models.CharField(_("by"), max_length=160, editable=False)

    class Meta:
        verbose_name = _("brand voice")
        verbose_name_plural = _("brand voices")
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["workspace", "language"], name="brand_voice_once_per_language")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name) + (f" · {self.language}" if self.language else "")

    @property
    def temperature(self) -> float | None:
        """What a model is called with."""
        return None if self.creativity is None else self.creativity / 100
