"""Counting views: of people who watched, once a day each, without knowing who they are.

A view counts when the page's player has really played for three seconds or a quarter of the video; of a text, when it
was before somebody's eyes for three seconds. The page carries a signed ticket with the time of its making, so a program
that only fetches pages, or only posts, counts nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import regex
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.platforms.feed.models import FeedEntry, FeedView

SECONDS = 3.0
SHARE = 0.25
DAY = timedelta(hours=24)
# Behind one address sit families and offices, not hundreds of people watching the same thing on one day.
PER_SOURCE_AND_ENTRY = 20
PER_SOURCE = 200
_SALT = "apps.platforms.feed.watching"
_BOTS = regex.compile(
    r"bot|crawl|spider|slurp|preview|headless|scrap|fetch|monitor|archiv|curl|wget|python|java/|go-http|httpclient"
    r"|okhttp|axios|node|libwww|facebookexternalhit|whatsapp|telegram|embed|lighthouse|phantom|selenium",
    regex.IGNORECASE,
)


def ticket(entry: FeedEntry) -> str:
    """What the entry's page hands to its player."""
    return signing.TimestampSigner(salt=_SALT).sign(str(entry.post_key))


def needed_seconds(entry: FeedEntry) -> float:
    """How long the player must play before the view counts."""
    return min(SECONDS, entry.duration * SHARE) if entry.duration else SECONDS


def is_bot(user_agent: str) -> bool:
    return not user_agent.strip() or _BOTS.search(user_agent) is not None


def count_view(entry: FeedEntry, *, token: str, ip: str, user_agent: str, cookie: str) -> bool:
    """Whether this was a new view, which is then counted."""
    if is_bot(user_agent) or not _was_watched(entry, token):
        return False
    now = timezone.now()
    visitor = _hash(now, ip, user_agent, cookie)
    yesterday = _hash(now - DAY, ip, user_agent, cookie)
    if FeedView.objects.filter(entry=entry, visitor__in=[visitor, yesterday], at__gt=now - DAY).exists():
        return False
    source = _hash(now, ip)
    from_source = FeedView.objects.filter(source=source, at__gt=now - DAY)
    if from_source.count() >= PER_SOURCE or from_source.filter(entry=entry).count() >= PER_SOURCE_AND_ENTRY:
        return False
    try:
        with transaction.atomic():
            FeedView.objects.create(entry=entry, visitor=visitor, source=source, at=now)
            FeedEntry._base_manager.filter(pk=entry.pk).update(views=F("views") + 1)
    except IntegrityError:
        return False  # the same visitor's other tab was faster
    return True


def _was_watched(entry: FeedEntry, token: str) -> bool:
    """The ticket is this entry's, of today, and old enough for the video to have played that long."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        if signer.unsign(token, max_age=DAY) != str(entry.post_key):
            return False
    except signing.BadSignature:
        return False
    made = signing.b62_decode(token.rsplit(":", 2)[1])
    # The signer counts whole seconds, so up to one of them is lost.
    return timezone.now().timestamp() - made >= needed_seconds(entry) - 1


def _hash(day: datetime, *parts: str) -> str:
    content = "\0".join([day.date().isoformat(), *parts])
    return salted_hmac(_SALT, content, algorithm="sha256").hexdigest()
