from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.fields import SealedField
from apps.workspaces.models import WorkspaceModel


def _dollars(label, **options) -> models.DecimalField:
    return models.DecimalField(
        label, max_digits=12, decimal_places=6, null=True, blank=True, validators=[MinValueValidator(0)], **options
    )


class Budget(WorkspaceModel):
    """What a workspace may spend on text in a calendar month (UTC). Its row is the lock under which calls are let in.

    noticed: {"soft": "2026-11", "hard": "2026-11"}, the months in which people were told already.
    """

    soft_limit = _dollars(_("tell us at, USD a month"), help_text=_("A notice goes out; writing goes on."))
    hard_limit = _dollars(_("stop at, USD a month"), help_text=_("Text that would cost more waits."))
    noticed = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("AI budget")
        verbose_name_plural = _("AI budgets")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_budget_per_workspace")]

    def __str__(self) -> str:
        return str(_("AI budget"))


class TextProvider(WorkspaceModel):
    """Whom a workspace asks for text, where it is not the installation's choice. credentials: {"api_key": "…"}."""

    class Engine(models.TextChoices):
        EXTRACTIVE = "extractive", _("Without a model: from the text itself")
        OPENAI = "openai", _("A service that speaks OpenAI's protocol")

    engine = models.CharField(_("engine"), max_length=40, choices=Engine.choices, default=Engine.OPENAI)
    base_url = models.URLField(_("address"), blank=True, help_text=_("Empty for OpenAI's own; most end in /v1."))
    model = models.CharField(_("model"), max_length=120, blank=True)
    credentials = SealedField(_("credentials"))
    input_price = _dollars(_("USD per million tokens read"), help_text=_("Empty: the shipped price list."))
    output_price = _dollars(_("USD per million tokens written"))
    concurrency = models.PositiveSmallIntegerField(
        _("calls at once"), default=2, validators=[MinValueValidator(1), MaxValueValidator(64)]
    )
    calls_per_minute = models.PositiveSmallIntegerField(_("calls a minute"), default=0, help_text=_("0: no limit."))

    class Meta:
        verbose_name = _("text provider")
        verbose_name_plural = _("text providers")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_text_provider_per_workspace")]

    def __str__(self) -> str:
        return self.base_url or self.get_engine_display()
