from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content.models import Item
from apps.platforms.models import Account
from apps.workspaces.models import WorkspaceModel


class Reservation(WorkspaceModel):
    """A time that a person asked for before the item was ready; it becomes posts when it is.

    problem: why it could not, for a person to decide. settled_at: when it became posts, or was given up; it stays,
    because an item that a person gave a place goes nowhere else by itself.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="reservations", verbose_name=_("item"))
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", verbose_name=_("account"))
    due_at = models.DateTimeField(_("due"))
    problem = models.CharField(_("problem"), max_length=300, blank=True, editable=False)
    made_by = models.CharField(_("made by"), max_length=160, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["due_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["item", "account"], name="one_reservation_per_account")]

    def __str__(self) -> str:
        return f"{self.item.title} → {self.account.name}"
