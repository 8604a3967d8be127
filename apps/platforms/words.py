"""What a platform can do, in plain words, for the people who choose one."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.platforms.base import Capability, Limits, Platform

CERTAINTY = {
    Capability.KEY: gettext_lazy("Never posts twice: the platform recognises a post that is sent again."),
    Capability.HANDLE: gettext_lazy(
        "Never posts twice: when an answer is lost, the platform is asked what became of it."
    ),
    Capability.LOOKUP: gettext_lazy("When an answer is lost, Rundown looks for the post before it tries again."),
    Capability.NONE: gettext_lazy("When an answer is lost, the platform cannot be asked; a person decides."),
}
METRICS: dict[str, Any] = {
    "views": gettext_lazy("views"),
    "likes": gettext_lazy("likes"),
    "comments": gettext_lazy("comments"),
    "replies": gettext_lazy("replies"),
    "shares": gettext_lazy("shares"),
    "reposts": gettext_lazy("reposts"),
    "quotes": gettext_lazy("quotes"),
    "saves": gettext_lazy("saves"),
    "bookmarks": gettext_lazy("bookmarks"),
    "impressions": gettext_lazy("impressions"),
    "clicks": gettext_lazy("clicks"),
    "reactions": gettext_lazy("reactions"),
}


def certainty(plug: Platform) -> str:
    """What happens when the answer to a publish call is lost."""
    return str(CERTAINTY[plug.capability])


def way_in(plug: Platform, *, again: bool = False) -> tuple[str, str]:
    """What the button under the form of a login says, and what happens then. again: the account is connected already.

    Some platforms take a token in place of a login on their page; which of both it is shows only when the form is sent.
    """
    label = {"platform": plug.label}
    own_page = _("You log in on %(platform)s's own page; Rundown never sees your password there.") % label
    asked = _("%(platform)s is asked whether the credentials work before anything is kept.") % label
    if not plug.logs_in_on_page({}):
        return (_("Replace") if again else _("Connect")), asked
    if plug.logs_in_on_page({field.name: "filled in" for field in plug.credential_fields}):
        return _("Continue at %(platform)s") % label, own_page
    return _("Continue"), f"{own_page} {_('With a token or password pasted here, no page opens.')} {asked}"


def abilities(plug: Platform) -> list[str]:
    """Short facts: what may be posted, how much of it, and what is counted."""
    said = [*_sizes(plug.limits), *_pace(plug.limits)]
    if plug.metrics:
        said.append(_("Counts %(names)s") % {"names": ", ".join(str(METRICS.get(n, n)) for n in plug.metrics)})
    return said


def _sizes(limits: Limits) -> list[str]:
    said = []
    if limits.video_required:
        said.append(_("Videos only"))
    if limits.text:
        said.append(_("Text up to %(count)s characters") % {"count": limits.text})
    if limits.pictures:
        said.append(ngettext("%(count)s image", "Up to %(count)s images", limits.pictures) % {"count": limits.pictures})
    if limits.video_seconds:
        said.append(_("Videos up to %(length)s") % {"length": _length(limits.video_seconds)})
    if limits.video_bytes:
        said.append(_("Files up to %(size)s") % {"size": _size(limits.video_bytes)})
    return said


def _pace(limits: Limits) -> list[str]:
    if not limits.posts_per_day:
        return []
    return [
        ngettext("%(count)s post a day", "%(count)s posts a day", limits.posts_per_day)
        % {"count": limits.posts_per_day}
    ]


def _size(size: int) -> str:
    return f"{size // 10**9} GB" if size >= 10**9 else f"{size // 10**6} MB"


def _length(seconds: int) -> str:
    if seconds % 3600 == 0:
        return ngettext("%(count)s hour", "%(count)s hours", seconds // 3600) % {"count": seconds // 3600}
    if seconds % 60 == 0:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
