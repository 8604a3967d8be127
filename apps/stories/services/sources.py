"""Sources: their settings, their timers, and fetching from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings as site
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pydantic import ValidationError

from apps.common import http
from apps.common.errors import AdapterError, DomainError, Invalid
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.runs import Work, start_run
from apps.stories.models import RedditCredentials, Source
from apps.stories.readers.base import FetchedStory, Findings, Reader, SourceSettings
from apps.stories.readers.feed import FeedReader, FeedSettings
from apps.stories.readers.reddit import RedditReader, RedditSettings
from apps.stories.services.intake import Twins, draft_story, keep_story
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Workspace

SETTINGS: dict[str, type[SourceSettings]] = {Source.Kind.REDDIT: RedditSettings, Source.Kind.FEED: FeedSettings}
# The task that a source's timer starts; named here because tasks call services and not the other way round.
TIMER_TASK = "apps.stories.tasks.fetch_due"


@dataclass(frozen=True)
class SourceDraft:
    """A source as people edit it. settings: of its kind's SourceSettings. every_minutes: between two fetches."""

    kind: str
    name: str
    settings: dict[str, Any]
    every_minutes: int = 60
    enabled: bool = True


def save_source(*, workspace: Workspace, actor: Actor, draft: SourceDraft, source: Source | None = None) -> Source:
    """Create or change a source together with its timer. Raises Invalid."""
    actor.require("manage_sources", workspace)
    settings = check_source(workspace=workspace, draft=draft, source=source)
    with unit_of_work():
        is_new = source is None
        source = source or Source(workspace=workspace, kind=draft.kind)
        stored = settings.model_dump(mode="json")
        if stored != source.settings:
            source.marks = {}  # another question: what an earlier answer left says nothing about it
        source.name, source.settings = draft.name.strip(), stored
        if is_new:
            source.timer = PeriodicTask.objects.create(
                name=f"new source of {workspace.slug} {timezone.now().timestamp()}",
                task=TIMER_TASK,
                interval=_interval(draft.every_minutes),
            )
        source.save()
        _set_timer(source, draft)
        action = "source.create" if is_new else "source.change"
        data = {"name": source.name, "settings": stored, "every_minutes": draft.every_minutes, "enabled": draft.enabled}
        audit.record(workspace=workspace, actor=actor, action=action, target=source, data=data)
    return source


def check_source(*, workspace: Workspace, draft: SourceDraft, source: Source | None = None) -> SourceSettings:
    """The draft's settings in full, if `save_source` would take it. Raises Invalid."""
    settings = read_settings(draft)
    _check(workspace, draft, source)
    return settings


def read_settings(draft: SourceDraft) -> SourceSettings:
    """The settings of the draft's kind. Raises Invalid with the fields at fault."""
    if draft.kind not in SETTINGS:
        raise Invalid(_("There is no such kind of source."), kind=[_("Choose Reddit or a feed.")])
    try:
        return SETTINGS[draft.kind](**draft.settings)
    except ValidationError as error:
        problems: dict[str, list[str]] = {}
        for each in error.errors():
            place = str(each["loc"][0]) if each["loc"] else "settings"
            problems.setdefault(place, []).append(each["msg"].removeprefix("Value error, "))
        raise Invalid(
            _("The source's settings are not complete."), hint=_("Correct what is marked."), **problems
        ) from None


def _check(workspace: Workspace, draft: SourceDraft, source: Source | None) -> None:
    problems: dict[str, list[str]] = {}
    if source and source.kind != draft.kind:
        problems["kind"] = [_("The kind of a source cannot change; make a new one.")]
    if not draft.name.strip():
        problems["name"] = [_("Give it a name.")]
    same_name = Source._base_manager.filter(workspace=workspace, name=draft.name.strip())
    if same_name.exclude(pk=source.pk if source else None).exists():
        problems["name"] = [_("Another source has this name.")]
    if not 5 <= draft.every_minutes <= 60 * 24 * 30:
        problems["every_minutes"] = [_("Between 5 minutes and 30 days.")]
    if problems:
        raise Invalid(_("The source is not complete."), hint=_("Correct what is marked."), **problems)


def _interval(minutes: int) -> IntervalSchedule:
    schedule = IntervalSchedule.objects.filter(every=minutes, period=IntervalSchedule.MINUTES).first()
    return schedule or IntervalSchedule.objects.create(every=minutes, period=IntervalSchedule.MINUTES)


def _set_timer(source: Source, draft: SourceDraft) -> None:
    timer = source.timer
    timer.name = f"Stories: {source.name} ({source.workspace.slug}, {source.pk})"
    timer.kwargs = json.dumps({"workspace_id": source.workspace_id, "source_id": source.pk})
    timer.enabled = draft.enabled
    if source.every_minutes != draft.every_minutes:
        timer.interval, timer.crontab, timer.solar, timer.clocked = _interval(draft.every_minutes), None, None, None
    timer.save()


def delete_source(*, source: Source, actor: Actor) -> None:
    """Delete a source and its timer; its stories stay."""
    actor.require("manage_sources", source.workspace)
    with unit_of_work():
        data = {"name": source.name}
        audit.record(workspace=source.workspace, actor=actor, action="source.delete", target=source, data=data)
        source.delete()


def keep_reddit_keys(
    *, workspace: Workspace, actor: Actor, client_id: str, user_agent: str, secret: str = ""
) -> RedditCredentials:
    """Store a workspace's keys for Reddit, sealed; an empty secret keeps the one that is there. Raises Invalid."""
    actor.require("manage_sources", workspace)
    row = RedditCredentials._base_manager.filter(workspace=workspace).first() or RedditCredentials(workspace=workspace)
    if not secret and not row.credentials:
        raise Invalid(_("The secret is missing."), secret=[_("Enter the secret that Reddit shows for the app.")])
    row.client_id, row.user_agent, row.changed_at = client_id.strip(), user_agent.strip(), timezone.now()
    if secret:
        row.credentials = {"secret": secret.strip()}
    with unit_of_work():
        row.save()
        data = {"client_id": row.client_id, "secret_changed": bool(secret)}
        audit.record(workspace=workspace, actor=actor, action="source.reddit_keys", target=row, data=data)
    return row


def request_fetch(*, source: Source, actor: Actor = SYSTEM) -> Run:
    """Queue a fetch, or return the one that is under way."""
    actor.require("manage_sources", source.workspace)
    return start_run(workspace=source.workspace, kind="fetch", subject=source, actor=actor)


def fetch_source(*, source: Source, work: Work) -> dict[str, Any]:
    """Read the source and keep what is new. Returns and stores the counts; raises AdapterError, which is stored too."""
    settings = read_settings(SourceDraft(source.kind, source.name, source.settings))
    findings, twins, new, duplicates = Findings(), Twins(source.workspace), 0, 0
    work.step("read", label=_("Reading %(source)s") % {"source": source.name}, total=settings.limit)
    try:
        for story in _reader(source, settings).read(findings):
            # Kept one by one: a fetch that Reddit interrupts has not read for nothing.
            if _keep(source, story, twins):
                new += 1
            else:
                duplicates += 1
            work.progress(findings.seen, note=_("%(new)s new of %(seen)s") % {"new": new, "seen": findings.seen})
    except DomainError as error:
        _note_problem(source, error)
        raise
    return _note_result(source, findings, new, duplicates)


def _reader(source: Source, settings: SourceSettings) -> Reader:
    if isinstance(settings, FeedSettings):
        return FeedReader(settings, guarded_fetch, marks=source.marks)
    keys = RedditCredentials._base_manager.filter(workspace=source.workspace_id).first()
    if keys is None:
        raise AdapterError(
            _("This workspace has no keys for Reddit yet."),
            permanent=True,
            hint=_("Enter them under Stories → Reddit keys, or paste stories instead."),
        )
    return RedditReader(settings, keys.keys(), url=site.REDDIT_URL)


def guarded_fetch(url: str, headers: dict[str, str]) -> http.Response:
    return http.get(url, headers=headers, private_hosts=site.PRIVATE_HOSTS)


def _keep(source: Source, fetched: FetchedStory, twins: Twins) -> bool:
    """Whether the story was new, and is now kept."""
    story = draft_story(source.workspace, fetched, origin=source.kind, source=source)
    if twins.of(story) or not keep_story(story, actor=SYSTEM):
        return False
    twins.add(story)
    return True


def _note_result(source: Source, findings: Findings, new: int, duplicates: int) -> dict[str, Any]:
    result = {
        "seen": findings.seen,
        "new": new,
        "duplicates": duplicates,
        "left_out": dict(findings.left_out),
        "unchanged": findings.unchanged,
    }
    with unit_of_work():
        now = timezone.now()
        Source._base_manager.filter(pk=source.pk).update(
            fetched_at=now, result=result, marks=findings.marks, problem=None, failures=0
        )
        emit(workspace=source.workspace, type="source.fetched", subject=source, data={"name": source.name, **result})
    return result


def _note_problem(source: Source, error: DomainError) -> None:
    problem = {
        "message": error.message,
        "hint": error.hint,
        "permanent": getattr(error, "permanent", True),
        "at": timezone.now().isoformat(),
    }
    with unit_of_work():
        Source._base_manager.filter(pk=source.pk).update(problem=problem, failures=F("failures") + 1)
        emit(workspace=source.workspace, type="source.failed", subject=source, data={"name": source.name, **problem})
