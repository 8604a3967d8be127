from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.lifecycle.models import Run
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.workspaces.models import WorkspaceModel


class Attempt(WorkspaceModel):
    """One try at a post: a call that publishes, or a look at what an earlier one did.

    intent_at: committed before the call; a row with it and without `finished_at` is a call whose end nobody saw.
    percent: how much of the upload had been sent when it last said so.
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
    percent = models.PositiveSmallIntegerField(_("sent"), default=0)
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

    @property
    def took(self) -> timedelta | None:
        """From the claim to the last word; None while it is under way."""
        return self.finished_at - self.started_at if self.finished_at else None


def evidence_path(evidence: Evidence, filename: str) -> str:
    suffix = Path(filename).suffix
    return f"w{evidence.workspace_id}/evidence/p{evidence.attempt.post_id}/{uuid.uuid4().hex}{suffix}"


class Evidence(WorkspaceModel):
    """A file that shows what an attempt saw, such as a screenshot of a page that had changed. Kept for a while."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="evidence")
    name = models.CharField(_("name"), max_length=120)
    file = models.FileField(_("file"), upload_to=evidence_path, max_length=300)
    content_type = models.CharField(_("type"), max_length=40)
    bytes = models.PositiveIntegerField(_("size"), default=0)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["attempt", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")


class CallBudget(models.Model):
    """How far an account has used up the calls that its platform allows.

    full_at: when the whole allowance would be free again. One column says it all, so that one conditional UPDATE spends
    a call, whichever worker asks.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.full_at}"


class Notice(WorkspaceModel):
    """That a post needs a person, or that work failed, was or is to be said by mail: once for each of them and cause.

    told_at: the `state_at` that this notice last stood for. try_after: a sender holds the row until then.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="notices", null=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+", null=True)
    cause = models.CharField(_("cause"), max_length=40)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    told_at = models.DateTimeField()
    try_after = models.DateTimeField(default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(_("mailed"), null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["post", "cause"], name="notice_once_per_post_and_cause"),
            models.UniqueConstraint(fields=["run", "cause"], name="notice_once_per_run_and_cause"),
            models.CheckConstraint(
                condition=models.Q(post__isnull=False) ^ models.Q(run__isnull=False), name="notice_is_about_one_thing"
            ),
        ]
        indexes = [
            models.Index(fields=["try_after"], condition=models.Q(mailed_at__isnull=True), name="notice_to_mail")
        ]

    def __str__(self) -> str:
        return f"{self.cause}: {self.post_id or self.run_id}"


class DeadLetter(Post):
    """A post for which nothing more happens by itself: for the admin's list of them."""

    class Meta:
        proxy = True
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
