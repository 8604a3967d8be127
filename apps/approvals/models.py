"""Policies, reviews and decisions. A decision names the revision it was made on."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content.models import Item, Revision
from apps.workspaces.models import WorkspaceModel


class ApprovalPolicy(WorkspaceModel):
    """A workspace's written policy: when people look, how many, and whether authors may approve their own."""

    class When(models.TextChoices):
        BEFORE = "before", _("Before production: the text")
        AFTER = "after", _("After production: the finished video")
        BOTH = "both", _("Both: the text, then the finished video")

    when = models.CharField(_("review"), max_length=8, choices=When.choices, default=When.BEFORE)
    approvers = models.PositiveSmallIntegerField(
        _("people who must approve"), default=1, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    author_may_approve = models.BooleanField(
        _("authors may approve their own"),
        default=True,
        help_text=_("Off means four eyes: whoever wrote or edited a version cannot approve it."),
    )
    review_clips = models.BooleanField(
        _("review clips"),
        default=True,
        help_text=_("Off means that this policy approves clips by itself: they go out without anybody having looked."),
    )

    class Meta:
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_policy_per_workspace")]

    def __str__(self) -> str:
        return self.get_when_display()

    def wants(self, stage: str, kind: str = "") -> bool:
        """Whether people review this stage ("text" or "final") of items of that kind."""
        if kind == Item.Kind.CLIP and not self.review_clips:
            return False
        wanted = {Item.Stage.TEXT: self.When.BEFORE, Item.Stage.FINAL: self.When.AFTER}[stage]
        return self.when in {self.When.BOTH, wanted}


class Review(WorkspaceModel):
    """One wait for a decision: of one item, at one stage. Closed when a decision settles it or the item moves on."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="reviews")
    stage = models.CharField(_("stage"), max_length=8, choices=Item.Stage.choices)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("waits for"),
        help_text=_("Empty means anyone who may approve."),
    )
    opened_at = models.DateTimeField(_("waiting since"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=models.Q(closed_at=None), name="one_open_review_per_item"
            )
        ]

    def __str__(self) -> str:
        return str(self.item)


class Decision(WorkspaceModel):
    """What somebody, or the written policy, said of one exact revision."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approved")
        REQUEST_CHANGES = "request_changes", _("Asked for changes")
        REJECT = "reject", _("Rejected")

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="decisions")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(_("decision"), max_length=16, choices=Verdict.choices)
    comment = models.TextField(_("comment"), blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(_("by"), max_length=160)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "revision", "user"],
                condition=models.Q(verdict="approve"),
                name="one_approval_per_person_and_revision",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} · {self.revision}"
