"""Handing a post to a person: everything needed to post it without Rundown, and taking their word that it is done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.errors import Invalid, NotFound
from apps.common.text.words import fit
from apps.content.models import Asset
from apps.platforms.base import Draft
from apps.schedules.drafts import draft_of, video_of
from apps.schedules.models import Post
from apps.uploads.problems import explain
from apps.uploads.services import report_published
from apps.workspaces.actors import Actor

LINK_DAYS = 7
_SALT = "uploads.by_hand"
_UNFIT = re.compile(r'[\x00-\x1f\x7f:*?"<>|]')
# Made for the eyes of the desk, not for the platform.
_INNER = (Asset.Kind.NARRATION, Asset.Kind.PREVIEW)
_longest = Post._meta.get_field("url").max_length
_is_url = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class Kit:
    """What a person needs to post it. text: as the platform would show it, hashtags included; title: "" where the
    platform has none beside the text.
    """

    post: Post
    title: str
    text: str
    hashtags: str
    files: tuple[Asset, ...]
    upload_page: str
    error: dict[str, Any]

    @property
    def video(self) -> Asset | None:
        return next((each for each in self.files if each.kind == Asset.Kind.VIDEO), None)


def kit_of(post: Post) -> Kit:
    draft, platform = _draft(post), post.account.adapter
    return Kit(
        post=post,
        title=draft.title if platform.own_title else "",
        text=platform.compose(draft),
        hashtags=" ".join(f"#{tag}" for tag in draft.hashtags),
        files=files_of(post),
        upload_page=platform.upload_page,
        error=explain(post),
    )


def _draft(post: Post) -> Draft:
    return draft_of(post.variant, language=post.item.language, video=video_of(post.variant))


def files_of(post: Post) -> tuple[Asset, ...]:
    """The video first, then what goes with it."""
    assets = Asset._base_manager.filter(revision=post.revision_id, part=post.part).exclude(kind__in=_INNER)
    return tuple(sorted(assets, key=lambda asset: (asset.kind != Asset.Kind.VIDEO, asset.kind, asset.pk)))


def file_name(asset: Asset, post: Post) -> str:
    """What the file is called when a person saves it: as the post, without what file systems refuse."""
    name = _UNFIT.sub(" ", re.sub(r"[/\\]", "-", post.variant.title))
    name = fit(" ".join(name.split()), 100).strip(" .-")
    return f"{name or 'post'}{Path(asset.file.name).suffix}"


# --- Links that need no sign-in ---------------------------------------------------------------------------------------
def link_to(asset: Asset, post: Post) -> str:
    """An address that gives this one file, for some days and only while the post waits for a person."""
    token = signing.dumps([post.pk, asset.pk], salt=_SALT)
    return settings.SITE_URL + reverse("by-hand-file", args=[token])


def file_behind(token: str) -> tuple[Asset, Post]:
    """Raises NotFound for a link that is forged, too old, or of a post that is settled."""
    gone = NotFound(_("This link does not work any more."), hint=_("Sign in and open the post there."))
    try:
        post_id, asset_id = signing.loads(token, salt=_SALT, max_age=timedelta(days=LINK_DAYS))
    except (signing.BadSignature, ValueError) as error:
        raise gone from error
    post = Post._base_manager.select_related("variant").filter(pk=post_id).first()
    if post is None or not post.needs_person:
        raise gone
    asset = next((each for each in files_of(post) if each.pk == asset_id), None)
    if asset is None:
        raise gone
    return asset, post


# --- The word of a person ---------------------------------------------------------------------------------------------
def report_posted(*, post: Post, actor: Actor, url: str) -> Post:
    """The post is online at `url`. Saying the same again changes nothing.

    Raises Invalid for a link that cannot be one of the platform's, TransitionRefused for a post that waits for nobody.
    """
    actor.require("publish_content", post.workspace)
    url = check_link(url, post)
    if post.state == "published" and post.url == url:
        return post
    return report_published(post=post, actor=actor, url=url)


def check_link(url: str, post: Post) -> str:
    """The link, cleaned; empty is allowed where the platform has no addresses of its own."""
    url, hosts = url.strip(), post.account.adapter.link_hosts
    if not url and not hosts:
        return ""
    try:
        _is_url(url)
        host = (urlsplit(url).hostname or "").lower()
    except (ValidationError, ValueError) as error:
        raise _bad_link(_("This is not a web address; it begins with https://."), post) from error
    if len(url) > _longest:
        raise _bad_link(_("The address is too long."), post)
    if hosts and not any(host == known or host.endswith(f".{known}") for known in hosts):
        raise _bad_link(_("A post there has an address at %(hosts)s.") % {"hosts": ", ".join(hosts)}, post)
    return url


def _bad_link(reason: str, post: Post) -> Invalid:
    message = _("That is not the link of a post on %(platform)s.") % {"platform": post.account.adapter.label}
    return Invalid(message, hint=_("Open the post on the platform and copy its address."), url=[reason])
