from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.schedules.models import Post
from apps.workspaces.models import WorkspaceModel


class Attempt(WorkspaceModel):
    """One try at a post: a call that publishes, or a look at what an earlier one did.

    intent_at: committed before the call; a row with it and without `finished_at` is a call whose end nobody saw.
    """

    class Kind(models.TextChoices):
        PUBLISH = "publish", _("Publish")
        RESEND = "resend", _("Send again with the same key")
        LOOK = "look", _("Look what happened")

    class Outcome(models.TextChoices):
        RUNNING = "", _("Under way")
        PUBLISHED = "published", _("Published")
        NOT_THERE = "not_there", _("Not there")
        UNKNOWN = "unknown", _("No answer")
        FAILED = "failed", _("Failed")
        WITHDRAWN = "withdrawn", _("Not begun")
        LOST = "lost", _("The worker was lost")
        LATE = "late", _("Answered too late")

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PUBLISH)
    token = models.UUIDField(editable=False)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.RUNNING, blank=True
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    intent_at = models.DateTimeField(_("call begun"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    error = models.JSONField(_("error"), null=True, blank=True)
    response = models.JSONField(_("answer"), default=dict, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["post", "number"]
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
