"""Telling owners and admins by mail what needs a person: once for each matter and cause, several in one mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Exists, Min, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.retries import retry_of
from apps.schedules.machine import FOR_PEOPLE
from apps.schedules.models import Post
from apps.uploads.by_hand import Kit, kit_of, link_to
from apps.uploads.models import Notice
from apps.uploads.problems import explain
from apps.workspaces.audit import describe
from apps.workspaces.models import Membership, User, Workspace
from apps.workspaces.roles import Role

log = structlog.get_logger(__name__)

# So long a first notice waits for others; so long the next mail waits after one.
GATHER = timedelta(seconds=20)
PAUSE = timedelta(minutes=5)
AT_ONCE = 50
# How many are told in full; the others are counted.
IN_FULL = 12
_CLAIM = timedelta(minutes=5)


@dataclass(frozen=True)
class Told:
    """One matter in a mail: its title, whose it is, and why. kit: only where a person can post it by hand."""

    title: str
    whose: str
    error: dict[str, Any]
    address: str
    kit: Kit | None = None
    video: str = ""


def note(post: Post) -> None:
    """Write down that the post needs a person now. Harmless when repeated."""
    _note(post, str(explain(post).get("code", "")) or post.state, post=post)


def note_run(run: Run) -> None:
    """Write down that a piece of work has failed for good. Harmless when repeated."""
    _note(run, str((run.error or {}).get("code", "")) or "failed", run=run)


def _note(row: Post | Run, cause: str, **about: Any) -> None:
    with unit_of_work():
        fresh = {"workspace_id": row.workspace_id, "told_at": row.state_at}
        notice, made = Notice._base_manager.get_or_create(**about, cause=cause[:40], defaults=fresh)
        if not made:
            Notice._base_manager.filter(pk=notice.pk).update(told_at=row.state_at)


def unnoted(posts: QuerySet[Post]) -> QuerySet[Post]:
    """The posts whose state no notice stands for yet; for the sweeper."""
    known = Notice._base_manager.filter(post=OuterRef("pk"), told_at__gte=OuterRef("state_at"))
    return posts.exclude(Exists(known))


def unnoted_runs(runs: QuerySet[Run]) -> QuerySet[Run]:
    known = Notice._base_manager.filter(run=OuterRef("pk"), told_at__gte=OuterRef("state_at"))
    return runs.exclude(Exists(known))


def waiting_workspaces(now: datetime) -> list[int]:
    """Workspaces to which a mail should go now."""
    recently = Notice._base_manager.filter(workspace=OuterRef("workspace"), mailed_at__gt=now - PAUSE)
    due = _open(now).exclude(Exists(recently))
    due = due.order_by().values("workspace_id").annotate(oldest=Min("created_at"))
    return list(due.filter(oldest__lte=now - GATHER).values_list("workspace_id", flat=True))


def _open(now: datetime) -> QuerySet[Notice]:
    return Notice._base_manager.filter(mailed_at=None, try_after__lte=now, failures__lt=retry_of("mail").tries)


def mail(workspace: Workspace) -> int:
    """Send what is open in one mail; returns how many matters it told of. A mail that fails is tried again later."""
    notices = _claimed(workspace)
    # What is settled by now needs no telling, and what has moved on to another cause has a notice of its own.
    matters = [*_posts(notices), *_runs(notices)]
    people = _people(workspace)
    reached = sum(_sent(workspace, user, matters) for user in people) if matters else 0
    if matters and people and not reached:
        _try_later(notices)
        return 0
    with unit_of_work():
        Notice._base_manager.filter(pk__in=[each.pk for each in notices]).update(mailed_at=timezone.now())
        if matters:
            data = {"about": [describe(each) for each in matters], "people": reached}
            emit(workspace=workspace, type="people.told", subject=workspace, data=data)
    return len(matters)


def _try_later(notices: list[Notice]) -> None:
    failures = max(each.failures for each in notices) + 1
    wait = timedelta(seconds=retry_of("mail").wait(failures))
    rows = Notice._base_manager.filter(pk__in=[each.pk for each in notices])
    rows.update(try_after=timezone.now() + wait, failures=failures)


def _claimed(workspace: Workspace) -> list[Notice]:
    """Held for some minutes, so that two workers do not send the same mail."""
    now = timezone.now()
    with transaction.atomic():
        rows = _open(now).filter(workspace=workspace)
        notices = list(rows.select_for_update().order_by("created_at", "pk")[:AT_ONCE])
        Notice._base_manager.filter(pk__in=[each.pk for each in notices]).update(try_after=now + _CLAIM)
    return notices


def _posts(notices: list[Notice]) -> list[Post]:
    ids = [each.post_id for each in notices if each.post_id]
    found = Post._base_manager.filter(pk__in=ids, state__in=FOR_PEOPLE)
    return list(found.select_related("workspace", "account", "item", "variant").order_by("state_at", "pk"))


def _runs(notices: list[Notice]) -> list[Run]:
    ids = [each.run_id for each in notices if each.run_id]
    return list(Run._base_manager.filter(pk__in=ids, state="failed").order_by("state_at", "pk"))


def _people(workspace: Workspace) -> list[User]:
    roles = [Role.OWNER, Role.ADMIN]
    members = Membership._base_manager.filter(workspace=workspace, role__in=roles, user__is_active=True)
    return [member.user for member in members.select_related("user").order_by("pk")]


def _sent(workspace: Workspace, user: User, matters: list[Post | Run]) -> bool:
    """One address that cannot be reached must not make the others get the mail twice."""
    try:
        _send(workspace, user, matters)
    except Exception as error:  # SMTP libraries raise all sorts
        log.warning("person_not_told", workspace=workspace.pk, user=user.pk, reason=f"{type(error).__name__}: {error}")
        return False
    return True


def _send(workspace: Workspace, user: User, matters: list[Post | Run]) -> None:
    with translation.override(user.language or workspace.language):
        told = [_told(workspace, each) for each in matters[:IN_FULL]]
        context = {
            "workspace": workspace,
            "told": told,
            "more": len(matters) - len(told),
            "page": settings.SITE_URL + reverse("uploads:attention", args=[workspace.slug]),
        }
        subject = _subject(workspace, told, len(matters))
        text = render_to_string("uploads/mail.txt", context)
        html = render_to_string("uploads/mail.html", context)
    mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [user.email])
    mail.attach_alternative(html, "text/html")
    mail.send()


def _subject(workspace: Workspace, told: list[Told], count: int) -> str:
    if count == 1:
        subject = _("“%(title)s” needs you") % {"title": told[0].title}
    else:
        subject = ngettext("%(count)s thing needs you", "%(count)s things need you", count) % {"count": count}
    return " ".join(f"{subject} · {workspace.name}".split())


def _told(workspace: Workspace, matter: Post | Run) -> Told:
    if isinstance(matter, Run):
        address = reverse("uploads:attention", args=[workspace.slug]) + "?list=work"
        title = _("Work that failed: %(kind)s") % {"kind": matter.kind}
        return Told(title, _subject_of(matter), matter.error or {}, settings.SITE_URL + address)
    title, whose = matter.variant.title, str(matter.account)
    if matter.state != "needs_human":
        address = reverse("uploads:post", args=[workspace.slug, matter.pk])
        return Told(title, whose, explain(matter), settings.SITE_URL + address)
    kit = kit_of(matter)
    address = settings.SITE_URL + reverse("uploads:by-hand", args=[workspace.slug, matter.pk])
    return Told(title, whose, kit.error, address, kit, link_to(kit.video, matter) if kit.video else "")


def _subject_of(run: Run) -> str:
    """What the work was about, in a word; the row may be gone."""
    label, _colon, pk = run.subject.partition(":")
    try:
        row = apps.get_model(label)._base_manager.filter(pk=pk).first()
    except (LookupError, ValueError):
        row = None
    return str(row) if row is not None else run.subject
