from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content.models import Item
from apps.platforms.models import Account
from apps.workspaces.models import WorkspaceModel


class EvergreenPool(WorkspaceModel):
    """Items of lasting worth that fill an account's slots when nothing newer has taken them."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, related_name="evergreen", verbose_name=_("account")
    )
    active = models.BooleanField(_("active"), default=True)
    minimum_days = models.PositiveSmallIntegerField(
        _("days between repeats"), default=30, help_text=_("The same item goes out again after so many days at least.")
    )
    ahead_hours = models.PositiveSmallIntegerField(
        _("hours ahead"),
        default=12,
        validators=[MinValueValidator(1)],
        help_text=_("Slots that are still free so shortly before their time are filled."),
    )
    problem = models.CharField(_("problem"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("evergreen pool")
        verbose_name_plural = _("evergreen pools")
        ordering = ["account__name", "pk"]

    def __str__(self) -> str:
        return self.account.name

    @property
    def repeats(self) -> str:
        """What the names of its posts' repetitions begin with."""
        return f"evergreen:{self.pk}:"


class EvergreenEntry(WorkspaceModel):
    pool = models.ForeignKey(EvergreenPool, on_delete=models.CASCADE, related_name="entries", verbose_name=_("pool"))
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", verbose_name=_("item"))
    added_by = models.CharField(_("added by"), max_length=160, editable=False)
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("evergreen item")
        verbose_name_plural = _("evergreen items")
        ordering = ["added_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["pool", "item"], name="evergreen_item_once_per_pool")]

    def __str__(self) -> str:
        return self.item.title
