from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content.models import Item, Revision, Variant
from apps.lifecycle.models import StatefulModel
from apps.platforms.models import Account
from apps.schedules.machine import FOR_PEOPLE, POST_MACHINE
from apps.schedules.models.slot import Slot

__all__ = ["POST_MACHINE", "Post", "Waiting"]


class Waiting(models.TextChoices):
    """Why a post that is due has not gone out."""

    PART = "part", _("An earlier part goes first")
    GAP = "gap", _("The account keeps a pause between posts")
    LIMIT = "limit", _("The account has had its posts for today")
    PLATFORM = "platform", _("The platform asked to wait")
    CALLS = "calls", _("The account has used up its calls for now")
    PAUSE = "pause", _("Publishing is paused")
    RETRY = "retry", _("It is tried again after a failure")
    QUIET = "quiet", _("The account has quiet hours")
    LATE = "late", _("What is late goes out one by one")


class Post(StatefulModel):
    """One variant due on one account at one time.

    due_at: what people asked for. not_before: what a wait of the system added. wake_at: when the system next has to
    look at the row, whatever its state; NULL when there is nothing to do. The dispatcher knows only this column.
    A worker owns the row while `lease_token` is its own; every write it makes carries the token.
    tries: calls that failed or were lost since a person last sent it; lookups: times that reconciliation looked.
    repeat: empty for the one ordinary posting of a text; else the name of the deliberate repetition, such as
    "recurrence:4:2026-11-23T09:00Z". fingerprint: of what it says, to find the same said twice.
    in_quiet_hours: a turn of a rule that a person wants also while the account is quiet.
    forced_by: who wants it out at this very time, whatever the account's quiet hours, gap and daily limit say.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="posts", editable=False)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+", editable=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="posts", editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="posts", verbose_name=_("account"))
    part = models.PositiveSmallIntegerField(_("part"), default=1, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    repeat = models.CharField(_("repetition"), max_length=64, blank=True, editable=False)
    fingerprint = models.CharField(max_length=16, blank=True, editable=False)
    in_quiet_hours = models.BooleanField(_("also in quiet hours"), default=False, editable=False)
    forced_by = models.CharField(_("forced by"), max_length=160, blank=True, editable=False)
    due_at = models.DateTimeField(_("due"))
    not_before = models.DateTimeField(_("not before"), null=True, editable=False)
    waiting_for = models.CharField(_("waits"), max_length=8, choices=Waiting.choices, blank=True, editable=False)
    wake_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    lookups = models.PositiveSmallIntegerField(default=0, editable=False)
    handle = models.CharField(max_length=500, blank=True, editable=False)
    external_id = models.CharField(_("id on the platform"), max_length=300, blank=True, editable=False)
    url = models.URLField(_("address"), max_length=1000, blank=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    error = models.JSONField(_("error"), null=True, blank=True, editable=False)
    scheduled_by = models.CharField(_("scheduled by"), max_length=160, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["due_at", "pk"]
        indexes = [
            # Partial: millions of published posts cost the dispatcher nothing.
            models.Index(fields=["wake_at"], condition=models.Q(wake_at__isnull=False), name="post_by_wake"),
            models.Index(fields=["workspace", "state", "due_at"], name="post_by_state_and_due"),
            models.Index(fields=["account", "due_at"], name="post_by_account_and_due"),
            models.Index(fields=["account", "fingerprint"], name="post_by_fingerprint"),
        ]
        constraints = [
            # Two people, or a person and the system, cannot take the same slot at once.
            models.UniqueConstraint(
                fields=["account", "due_at"],
                condition=models.Q(slot__isnull=False) & ~models.Q(state__in=["cancelled", "missed", "rejected"]),
                name="one_post_per_slot_occurrence",
            ),
            models.UniqueConstraint(
                fields=["variant", "account"],
                condition=~models.Q(state="cancelled") & models.Q(repeat=""),
                name="one_post_per_variant_and_account",
            ),
            # A repetition happens once, whoever asks for it again; one that a person cancelled stays cancelled.
            models.UniqueConstraint(
                fields=["account", "item", "part", "repeat"],
                condition=~models.Q(repeat=""),
                name="one_post_per_repetition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant.title} → {self.account.name}"

    @property
    def needs_person(self) -> bool:
        return self.state in FOR_PEOPLE

    @property
    def maybe_online(self) -> bool:
        """Whether it may be public although nobody has seen it, so that a person looks before it is sent again."""
        return self.needs_person and bool((self.error or {}).get("maybe_online"))
