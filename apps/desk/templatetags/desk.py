"""Small forms of things for the desk's templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.approvals.models import Decision
from apps.content.models import Asset
from apps.desk import queries
from apps.lifecycle.machines import registered
from apps.lifecycle.models import Event, Run, RunStep, StatefulModel
from apps.schedules.models import Post

register = template.Library()


@register.simple_tag
def badge(row: StatefulModel) -> SafeString:
    """A row's state, in the colour that its machine gives it."""
    state = row.current
    return format_html('<span class="badge badge-{}" data-state>{}</span>', state.tone, state.label)


@register.filter
def at(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


@register.filter
def minutes(seconds: float | None) -> str:
    """61.4 as "1:01"."""
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


WORK_NAMES = {
    "fetch": _("Fetching stories"),
    "script": _("Writing the script"),
    "preview": _("Making a preview"),
    "render": _("Producing the video"),
    "footage": _("Preparing footage"),
    "clip_take": _("Copying from the watched folder"),
    "clip": _("Preparing the clip"),
    "clip_metadata": _("Describing the clip"),
    "plan": _("Working on the plan"),
    "plan_read": _("Reading the pages again"),
    "plan_take": _("Taking a round"),
}


@register.filter
def work_name(run: Run) -> str:
    return str(WORK_NAMES.get(run.kind, run.kind))


@register.simple_tag
def subjects_of(*runs: Iterable[Run]) -> dict[str, queries.Subject]:
    """What the runs of all these lists are about, by their subjects."""
    return queries.subjects_of(list(chain(*runs)))


@register.filter
def current_step(run: Run) -> RunStep | None:
    """The step that a run is at; from its prefetched steps."""
    return max(run.steps.all(), key=lambda step: step.number, default=None)


@dataclass(frozen=True)
class PostAction:
    name: str
    label: Any


@register.filter
def post_actions(post: Post) -> list[PostAction]:
    """What the schedule offers for a post."""
    if post.state == "scheduled":
        return [PostAction("now", _("Post now")), PostAction("cancel", _("Cancel"))]
    if post.state == "missed":
        return [PostAction("send", _("Send")), PostAction("cancel", _("Drop"))]
    if post.needs_person:
        return [PostAction("send", _("Send again")), PostAction("cancel", _("Cancel"))]
    if post.state == "cancelled" and post.due_at > timezone.now():
        return [PostAction("restore", _("Undo"))]
    return []


@register.filter
def can_move(post: Post) -> bool:
    """Whether its time can be changed."""
    return post.state == "scheduled" or post.needs_person


@register.simple_tag
def server_now() -> str:
    """The server's clock, from which pages count down."""
    return timezone.now().isoformat()


@register.filter
def on_wall(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as a form's date-time field takes it: the wall time of a zone."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""


KINDS = {
    "item": _("Item"),
    "plan": _("Plan"),
    "clip": _("Clip"),
    "post": _("Post"),
    "story": _("Story"),
    "run": _("Work"),
}
SENTENCES = {
    "review.opened": _("Review opened"),
    "review.decided": _("%(verdict)s · version %(revision)s · %(by)s"),
    "review.assigned": _("Review waits for %(assignee)s"),
    "item.revised": _("Version %(revision)s · %(by)s"),
    "post.waiting": _("Post waits"),
    "video_scheduled": _("Scheduled on %(account_name)s"),
    "asset.made": _("Part %(part)s: %(kind)s made"),
}


@register.filter
def sentence(event: Event) -> str:
    """What happened, in words."""
    data = event.data
    machine = next((each for each in registered().values() if event.type == f"{each.name}.state"), None)
    if machine and data.get("to"):
        kind, state = KINDS.get(machine.name, machine.name), machine.state(data["to"]).label
        return " · ".join(str(each) for each in (f"{kind}: {state}", data.get("by")) if each)
    words = dict(data)
    for name, choices in (("verdict", Decision.Verdict), ("kind", Asset.Kind)):
        if words.get(name) in choices.values:
            words[name] = choices(words[name]).label
    if event.type == "review.assigned" and not words.get("assignee"):
        return gettext("Review waits for any approver")
    return str(SENTENCES[event.type]) % words if event.type in SENTENCES else event.type
