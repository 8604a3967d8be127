from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class PlanSettings(WorkspaceModel):
    """When the plans of a workspace are processed, and what they aim for; one row a workspace."""

    class Start(models.TextChoices):
        BY_HAND = "by_hand", _("When somebody presses the button")
        AT_ONCE = "at_once", _("As soon as a plan is made")
        DUE = "due", _("By themselves, some days before they are due")

    start = models.CharField(_("processing starts"), max_length=8, choices=Start.choices, default=Start.BY_HAND)
    lead_days = models.PositiveSmallIntegerField(
        _("days before the due date"), default=3, validators=[MaxValueValidator(60)]
    )
    target_score = models.PositiveSmallIntegerField(
        _("SEO score to reach"), default=80, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    most_rounds = models.PositiveSmallIntegerField(_("rewrites at most"), default=3, validators=[MaxValueValidator(3)])

    class Meta:
        verbose_name = _("settings of plans")
        verbose_name_plural = _("settings of plans")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_plan_settings_per_workspace")]

    def __str__(self) -> str:
        return str(_("Settings of plans"))
