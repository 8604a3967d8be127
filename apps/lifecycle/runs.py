"""Executing work that can be watched, cancelled, resumed and retried.

A run is claimed by one worker through a conditional UPDATE and a lease. While it works, its heartbeat renews the lease;
a worker that dies lets it lapse, and the sweeper queues the run again. Work behind a run is keyed by content, so a
second execution repeats only what was not finished.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Event as StopSignal
from threading import Thread
from typing import Any

import structlog
from django.db import IntegrityError, close_old_connections, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import AdapterError, DomainError, Postponed
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run, RunStep
from apps.lifecycle.retries import retry_of
from apps.lifecycle.services import TransitionRefused, advance
from apps.lifecycle.signals import run_queued
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.audit import describe
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
HEARTBEAT_SECONDS = 15.0
PROGRESS_SECONDS = 0.5


class RunCancelled(Exception):
    """Somebody cancelled the run, or another worker took it over; stop and clean up."""


def start_run(
    *,
    workspace: Workspace,
    kind: str,
    subject: models.Model | str,
    queue: str = "default",
    actor: Actor = SYSTEM,
    args: dict[str, Any] | None = None,
    max_attempts: int | None = None,
) -> Run:
    """Queue a piece of work, or return the one of the same kind and subject that is already open.

    max_attempts: None takes what the table in `retries` says of this kind.
    """
    name = subject if isinstance(subject, str) else describe(subject)
    try:
        with unit_of_work():
            run = Run._base_manager.create(
                workspace=workspace,
                kind=kind,
                subject=name,
                queue=queue,
                args=args or {},
                max_attempts=max_attempts or retry_of(kind).tries,
                started_by=actor.label,
            )
            emit(workspace=workspace, type="run.state", subject=run, data={**summary(run), "to": "queued"})
            transaction.on_commit(lambda: run_queued.send(sender=Run, run=run))
    except IntegrityError:
        return Run._base_manager.get(workspace=workspace, kind=kind, subject=name, state__in=["queued", "running"])
    return run


def cancel_run(*, run: Run, actor: Actor) -> Run:
    """Stop a run: a queued one never starts, a running one stops at its next step or progress report."""
    return advance(run, "cancel", actor=actor, fields={"finished_at": timezone.now()}, data=summary(run))


def retry_run(*, run: Run, actor: Actor) -> Run:
    """Queue a failed or cancelled run again; what it had finished is not made again."""
    fresh = {"attempt": 0, "not_before": None, "error": None, "finished_at": None, "percent": 0}
    with unit_of_work():
        try:
            advance(run, "retry", actor=actor, fields=fresh, data=summary(run))
        except IntegrityError as error:
            raise TransitionRefused(_("The same work is already under way.")) from error
        transaction.on_commit(lambda: run_queued.send(sender=Run, run=run))
    return run


def summary(run: Run) -> dict[str, Any]:
    """What every event of a run says about it."""
    return {"kind": run.kind, "on": run.subject, "attempt": run.attempt}


@contextmanager
def execute_run(run_id: int, *, task_id: str = "") -> Iterator[Work | None]:
    """Own the run for the length of the block; yields None when it is somebody else's, over, or not due yet.

    Leaving the block normally ends the run as succeeded. An exception ends it: one that may pass (AdapterError that is
    not permanent) queues it again with growing, jittered delay until its attempts are used up; one that only waits
    (Postponed) queues it again and uses none; others fail it. The exception does not propagate: the row says it all.
    """
    work = _claim(run_id, task_id)
    if work is None:
        yield None
        return
    heart = _Heart(work)
    heart.start()
    try:
        yield work
        work.finish()
    except RunCancelled:
        log.info("run_cancelled", run=run_id)
    except Exception as error:
        log.warning("run_failed", run=run_id, kind=work.run.kind, exc_info=not isinstance(error, DomainError))
        _fail(work, error)
    except BaseException:
        # A person's Ctrl-C, or the process told to end: nobody has to wait until the lease is over.
        Run._base_manager.filter(pk=run_id, **work.mine).update(lease_until=database_now())
        raise
    finally:
        heart.stop()


def _claim(run_id: int, task_id: str) -> Work | None:
    run = Run._base_manager.select_related("workspace").filter(pk=run_id).first()
    now = database_now()
    if run is None or run.state != "queued" or (run.not_before and run.not_before > now):
        return None
    token = Run.new_token()
    fields = {
        "lease_token": token,
        "lease_until": now + LEASE,
        "attempt": run.attempt + 1,
        "task_id": task_id,
        "started_at": now,
        "percent": 0,
    }
    try:
        with unit_of_work():
            run.steps.all().delete()
            advance(run, "start", actor=SYSTEM, fields=fields, data=summary(run))
    except TransitionRefused:
        return None
    return Work(run)


def _fail(work: Work, error: Exception) -> None:
    run = work.run
    problem = describe_error(error)
    said = {**summary(run), "error": problem}
    waits = isinstance(error, Postponed)
    retryable = isinstance(error, AdapterError) and not error.permanent and run.attempt < run.max_attempts
    try:
        if waits or retryable:
            delay = error.retry_after or retry_of(run.kind).wait(run.attempt)
            not_before = database_now() + timedelta(seconds=delay)
            fields = {"not_before": not_before, "error": problem, "lease_token": None, "lease_until": None}
            if waits:
                fields["attempt"] = run.attempt - 1
            advance(run, "requeue", actor=SYSTEM, fields=fields, where=work.mine, data=said)
        else:
            fields = {"error": problem, "finished_at": timezone.now(), "lease_token": None, "lease_until": None}
            advance(run, "fail", actor=SYSTEM, fields=fields, where=work.mine, data=said)
    except TransitionRefused:
        log.info("run_lost", run=run.pk)


def describe_error(error: Exception) -> dict[str, str]:
    """An error as rows and events keep it: code, a sentence, and the way out. Nothing internal, nothing secret."""
    return {
        "code": getattr(error, "code", type(error).__name__),
        "message": getattr(error, "message", "") or _("Something went wrong inside Rundown."),
        "hint": getattr(error, "hint", "") or _("Try again; if it stays, the log has the details."),
    }


class Work:
    """A run in the hands of its worker."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.workspace = run.workspace
        self.mine = {"lease_token": run.lease_token}
        self._step: RunStep | None = None
        self._steps = 1
        self._total = 1.0
        self._told = 0.0

    def plan(self, steps: int) -> None:
        """How many steps there will be; the run's percentage is shared among them evenly."""
        self._steps = max(1, steps)

    def step(self, name: str, *, label: str, total: float = 1.0) -> None:
        """Begin the next step, ending the one before; raises RunCancelled when the run is not ours any more."""
        number = self._step.number + 1 if self._step else 1
        self._steps = max(self._steps, number)
        self._end_step()
        self._total = total or 1.0
        self._step = RunStep(run=self.run, number=number, name=name, label=label, started_at=timezone.now())
        self._step.save()
        self._tell()
        # What it begins with, such as “Round 2”, may stay true for minutes.
        self._told = 0.0

    def progress(self, done: float, *, note: str = "") -> None:
        """Report how much of the step's total is done; after the first report of a step, at most twice a second."""
        if self._step is None:
            raise RuntimeError("progress() needs a step()")
        percent = Decimal(min(100.0, 100.0 * done / self._total)).quantize(Decimal("0.01"))
        self._step.percent = max(percent, self._step.percent)
        self._step.note = note or self._step.note
        if time.monotonic() - self._told >= PROGRESS_SECONDS or percent >= 100:
            self._tell()

    def should_stop(self) -> bool:
        """For engines that ask while they work: is the run still ours?"""
        return not Run._base_manager.filter(pk=self.run.pk, state="running", **self.mine).exists()

    def finish(self) -> None:
        self._end_step()
        fields = {
            "percent": 100,
            "finished_at": timezone.now(),
            "error": None,
            "lease_token": None,
            "lease_until": None,
        }
        try:
            advance(self.run, "succeed", actor=SYSTEM, fields=fields, where=self.mine, data=summary(self.run))
        except TransitionRefused as error:
            raise RunCancelled from error

    def _end_step(self) -> None:
        if self._step is None:
            return
        self._step.percent, self._step.finished_at = Decimal(100), timezone.now()
        self._tell()

    def _tell(self) -> None:
        """Write step and run, renew the lease and emit `run.progress`, all or nothing."""
        step = self._step
        overall = (Decimal(step.number - 1) * 100 + step.percent) / self._steps
        self.run.percent = overall.quantize(Decimal("0.01"))
        with unit_of_work():
            owned = Run._base_manager.filter(pk=self.run.pk, state="running", **self.mine)
            if not owned.update(percent=self.run.percent, lease_until=database_now() + LEASE):
                raise RunCancelled
            step.save()
            data = {
                **summary(self.run),
                "percent": float(self.run.percent),
                "step": {"number": step.number, "of": self._steps, "name": step.name, "label": step.label},
                "step_percent": float(step.percent),
                "note": step.note,
            }
            emit(workspace=self.run.workspace_id, type="run.progress", subject=self.run, data=data)
        self._told = time.monotonic()


class _Heart(Thread):
    """Renews the lease while a long step says nothing."""

    def __init__(self, work: Work) -> None:
        super().__init__(daemon=True, name=f"heart of run {work.run.pk}")
        self._run, self._mine = work.run.pk, work.mine
        self._stop_signal = StopSignal()

    def run(self) -> None:
        while not self._stop_signal.wait(HEARTBEAT_SECONDS):
            try:
                close_old_connections()
                Run._base_manager.filter(pk=self._run, **self._mine).update(lease_until=database_now() + LEASE)
            except Exception:
                log.exception("heartbeat_failed", run=self._run)
        connection.close()

    def stop(self) -> None:
        self._stop_signal.set()
        self.join(timeout=5)


def reclaim_lapsed_runs() -> int:
    """Queue again the runs whose worker has gone silent; returns how many. The sweeper calls it."""
    count = 0
    lapsed = Run._base_manager.filter(state="running", lease_until__lt=database_now())
    for run in lapsed.select_related("workspace")[:500]:
        where = {"lease_token": run.lease_token, "lease_until__lt": database_now()}
        action = "requeue" if run.attempt < run.max_attempts else "fail"
        problem = {"code": "worker_lost", "message": _("The worker stopped in the middle."), "hint": _("Try again.")}
        fields = {"lease_token": None, "lease_until": None, "error": problem}
        if action == "fail":
            fields["finished_at"] = timezone.now()
        try:
            advance(run, action, actor=SYSTEM, fields=fields, where=where, data=summary(run))
        except TransitionRefused:
            continue
        count += 1
    return count


def hasten_runs(workspace: Workspace, *, waiting_for: frozenset[str]) -> int:
    """Start now what was postponed for one of these reasons (codes of errors); returns how many."""
    runs = Run._base_manager.filter(workspace=workspace, state="queued", not_before__gt=database_now())
    count = 0
    for run in runs.filter(error__code__in=sorted(waiting_for)):
        count += Run._base_manager.filter(pk=run.pk, state="queued").update(not_before=None)
        run_queued.send(sender=Run, run=run)
    return count


def waiting_runs() -> models.QuerySet[Run]:
    """Queued runs that may start now: what the sweeper wakes workers for."""
    now = database_now()
    due = models.Q(not_before=None) | models.Q(not_before__lte=now)
    return Run._base_manager.filter(due, state="queued").order_by("created_at")
