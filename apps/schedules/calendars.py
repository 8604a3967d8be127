"""The schedule as an iCalendar feed (RFC 5545), at a secret address that is kept as a hash and can be revoked."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled
from icalendar import Calendar, Event

from apps.common.errors import Invalid
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.schedules import queries
from apps.schedules.models import CalendarFeed, Post
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

LARGEST = 2000
_BACK, _AHEAD = timedelta(days=30), timedelta(days=366)
_READ_NOTED_EVERY = timedelta(minutes=5)
# What a calendar shows as certain, as a plan that may change, and as called off.
_STATUS = {"published": "CONFIRMED", "cancelled": "CANCELLED"}


def make_calendar(*, workspace: Workspace, actor: Actor, name: str) -> tuple[CalendarFeed, str]:
    """A feed and its address: the only time that it can be read. Raises Invalid."""
    actor.require("manage_workspace", workspace)
    if not name.strip() or len(name) > 80:
        raise Invalid(_("Say in at most 80 characters who reads it."), name=[_("A name is needed.")])
    key = secrets.token_urlsafe(32)
    with unit_of_work():
        feed = CalendarFeed._base_manager.create(
            workspace=workspace, name=name.strip(), key_hash=_digest(key), made_by=actor.label
        )
        _note(feed, actor, "calendar.create")
    return feed, f"{settings.SITE_URL}{reverse('calendar', args=[key])}"


def revoke_calendar(*, feed: CalendarFeed, actor: Actor) -> None:
    """The address answers 404 from now on. Revoking twice does nothing."""
    actor.require("manage_workspace", feed.workspace)
    with unit_of_work():
        if CalendarFeed._base_manager.filter(pk=feed.pk, revoked_at=None).update(revoked_at=timezone.now()):
            _note(feed, actor, "calendar.revoke")


def _note(feed: CalendarFeed, actor: Actor, action: str) -> None:
    audit.record(workspace=feed.workspace, actor=actor, action=action, target=feed, data={"name": feed.name})
    emit(workspace=feed.workspace_id, type="calendar.changed", subject=feed, data={"action": action})


@scopes_disabled()
def open_calendar(key: str) -> CalendarFeed | None:
    """The feed of that key, unless it was revoked; notes that it was read, at most every few minutes."""
    feed = CalendarFeed.objects.filter(key_hash=_digest(key), revoked_at=None).select_related("workspace").first()
    if feed is not None:
        now = timezone.now()
        stale = Q(last_read_at=None) | Q(last_read_at__lt=now - _READ_NOTED_EVERY)
        CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_read_at=now)
    return feed


def render(workspace: Workspace) -> bytes:
    """The posts of the last month and the next year; the same bytes as long as nothing has changed."""
    with scope(workspace=workspace):
        now = timezone.now()
        posts = queries.posts().filter(due_at__range=(now - _BACK, now + _AHEAD)).order_by("due_at", "pk")[:LARGEST]
        calendar = Calendar()
        calendar.add("prodid", "-//Rundown//Schedule//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", workspace.name)
        calendar.add("x-published-ttl", "PT15M")
        for post in posts:
            calendar.add_component(_entry(post))
    return calendar.to_ical()


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _entry(post: Post) -> Event:
    entry = Event()
    # A feed reader shows what is newest by this; the state's time keeps the bytes the same until something happens.
    changed = post.state_at.replace(microsecond=0)
    at = post.published_at or post.due_at
    entry.add("uid", f"{post.key}@rundown")
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("dtstart", at.replace(microsecond=0))
    entry.add("duration", timedelta(minutes=15))
    entry.add("summary", f"{post.variant.title} · {post.account.name}")
    entry.add("description", f"{post.get_state_display()} · {post.account.label}")
    entry.add("status", _STATUS.get(post.state, "TENTATIVE"))
    entry.add("transp", "TRANSPARENT")
    link = post.url or f"{settings.SITE_URL}{reverse('desk:item', args=[post.workspace.slug, post.item_id])}"
    entry.add("url", link)
    return entry


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
