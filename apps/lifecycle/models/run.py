from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import Machine, State, Transition, register
from apps.lifecycle.models.stateful import StatefulModel

RUN_MACHINE = register(
    "lifecycle.Run",
    Machine(
        name="run",
        states=(
            State("queued", _("Queued"), True, timedelta(hours=24), "fail", tone="waiting"),
            State("running", _("Running"), True, timedelta(hours=6), "fail", tone="busy"),
            State("succeeded", _("Done"), tone="good"),
            State("failed", _("Failed"), tone="bad"),
            State("cancelled", _("Cancelled")),
        ),
        transitions=(
            Transition("start", ("queued",), "running", _("Start"), automatic=True),
            Transition("requeue", ("running",), "queued", _("Queue again"), automatic=True),
            Transition("succeed", ("running",), "succeeded", _("Finish"), automatic=True),
            Transition("fail", ("queued", "running"), "failed", _("Fail"), automatic=True),
            Transition("cancel", ("queued", "running"), "cancelled", _("Cancel"), "write_content", automatic=True),
            Transition("retry", ("failed", "cancelled"), "queued", _("Try again"), "write_content", automatic=True),
        ),
    ),
)


class Run(StatefulModel):
    """One execution of a piece of work, with steps and progress.

    A worker owns a run while `lease_token` is its own and `lease_until` is ahead; its every write carries the token.
    """

    kind = models.CharField(_("work"), max_length=40)
    subject = models.CharField(_("on"), max_length=80, db_index=True)
    queue = models.CharField(_("queue"), max_length=20, default="default")
    args = models.JSONField(default=dict, blank=True)
    percent = models.DecimalField(_("progress"), max_digits=5, decimal_places=2, default=0)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    task_id = models.CharField(_("task"), max_length=64, blank=True)
    error = models.JSONField(_("error"), null=True, blank=True)
    started_by = models.CharField(_("started by"), max_length=160, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["state", "lease_until"], name="run_by_lease")]
        constraints = [
            # Two clicks, or a click and the sweeper, start one piece of work once.
            models.UniqueConstraint(
                fields=["workspace", "kind", "subject"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_open_run_per_work",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @staticmethod
    def new_token() -> uuid.UUID:
        return uuid.uuid4()


class RunStep(models.Model):
    """A step of a run: how far it is, and how long it took."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    label = models.CharField(max_length=120)
    percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    note = models.CharField(max_length=240, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="run_step_once")]

    def __str__(self) -> str:
        return self.label
