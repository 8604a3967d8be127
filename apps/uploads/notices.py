"""Telling owners and admins by mail what needs a person: once for each post and cause, several in one mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.retries import retry_of
from apps.schedules.machine import FOR_PEOPLE
from apps.schedules.models import Post
from apps.uploads.by_hand import Kit, kit_of, link_to
from apps.uploads.models import Notice
from apps.uploads.problems import explain
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
    """One post in a mail. kit: only where a person can post it by hand."""

    post: Post
    error: dict[str, Any]
    address: str
    kit: Kit | None = None
    video: str = ""


def note(post: Post) -> None:
    """Write down that the post needs a person now. Harmless when repeated."""
    error = explain(post)
    cause = str(error.get("code", ""))[:40] or post.state
    with unit_of_work():
        fresh = {"workspace_id": post.workspace_id, "told_at": post.state_at}
        notice, made = Notice._base_manager.get_or_create(post=post, cause=cause, defaults=fresh)
        if not made:
            Notice._base_manager.filter(pk=notice.pk).update(told_at=post.state_at)


def unnoted(posts: QuerySet[Post]) -> QuerySet[Post]:
    """The posts whose state no notice stands for yet; for the sweeper."""
    known = Notice._base_manager.filter(post=OuterRef("pk"), told_at__gte=OuterRef("state_at"))
    return posts.exclude(Exists(known))


def waiting_workspaces(now: datetime) -> list[int]:
    """Workspaces to which a mail should go now."""
    recently = Notice._base_manager.filter(workspace=OuterRef("workspace"), mailed_at__gt=now - PAUSE)
    due = _open(now).exclude(Exists(recently))
    due = due.order_by().values("workspace_id").annotate(oldest=Min("created_at"))
    return list(due.filter(oldest__lte=now - GATHER).values_list("workspace_id", flat=True))


def _open(now: datetime) -> QuerySet[Notice]:
    return Notice._base_manager.filter(mailed_at=None, try_after__lte=now, failures__lt=retry_of("mail").tries)


def mail(workspace: Workspace) -> int:
    """Send what is open in one mail; returns how many posts it told of. A mail that fails is tried again later."""
    notices = _claimed(workspace)
    # What is settled by now needs no telling, and what has moved on to another cause has a notice of its own.
    posts = {post.pk: post for post in _posts(workspace, [each.post_id for each in notices])}
    told = [posts[each.post_id] for each in notices if each.post_id in posts]
    people = _people(workspace)
    try:
        for user in people if told else []:
            _send(workspace, user, told)
    except Exception as error:
        # SMTP libraries raise all sorts; whatever it was, the rows are still there.
        log.warning("people_not_told", workspace=workspace.pk, reason=f"{type(error).__name__}: {error}")
        _try_later(notices)
        return 0
    with unit_of_work():
        Notice._base_manager.filter(pk__in=[each.pk for each in notices]).update(mailed_at=timezone.now())
        if told:
            data = {"posts": [post.pk for post in told], "people": len(people)}
            emit(workspace=workspace, type="people.told", subject=workspace, data=data)
    return len(told)


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


def _posts(workspace: Workspace, ids: list[int]) -> QuerySet[Post]:
    related = ("workspace", "account", "item", "variant")
    found = Post._base_manager.filter(workspace=workspace, pk__in=ids, state__in=FOR_PEOPLE)
    return found.select_related(*related).order_by(F("state_at"))


def _people(workspace: Workspace) -> list[User]:
    roles = [Role.OWNER, Role.ADMIN]
    members = Membership._base_manager.filter(workspace=workspace, role__in=roles, user__is_active=True)
    return [member.user for member in members.select_related("user").order_by("pk")]


def _send(workspace: Workspace, user: User, posts: list[Post]) -> None:
    with translation.override(user.language or workspace.language):
        told = [_told(workspace, post) for post in posts[:IN_FULL]]
        context = {
            "workspace": workspace,
            "told": told,
            "more": len(posts) - len(told),
            "page": settings.SITE_URL + reverse("uploads:attention", args=[workspace.slug]),
        }
        text = render_to_string("uploads/mail.txt", context)
        html = render_to_string("uploads/mail.html", context)
        mail = EmailMultiAlternatives(_subject(workspace, posts), text, settings.DEFAULT_FROM_EMAIL, [user.email])
    mail.attach_alternative(html, "text/html")
    mail.send()


def _subject(workspace: Workspace, posts: list[Post]) -> str:
    if len(posts) == 1:
        subject = _("“%(title)s” needs you") % {"title": posts[0].variant.title}
    else:
        count = len(posts)
        subject = ngettext("%(count)s post needs you", "%(count)s posts need you", count) % {"count": count}
    return " ".join(f"{subject} · {workspace.name}".split())


def _told(workspace: Workspace, post: Post) -> Told:
    if post.state != "needs_human":
        address = reverse("uploads:post", args=[workspace.slug, post.pk])
        return Told(post, explain(post), settings.SITE_URL + address)
    kit = kit_of(post)
    address = settings.SITE_URL + reverse("uploads:by-hand", args=[workspace.slug, post.pk])
    return Told(post, kit.error, address, kit, link_to(kit.video, post) if kit.video else "")
