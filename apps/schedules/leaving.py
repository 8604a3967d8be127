"""What happens to the posts of an account that leaves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.common.errors import Conflict
from apps.platforms.models import Account
from apps.schedules.machine import UNDER_WAY
from apps.schedules.models import Post
from apps.schedules.services import cancel_post
from apps.workspaces.actors import Actor


def stop_posts(account: Account, actor: Actor) -> None:
    """Cancel what is scheduled on the account, whose row is locked. Raises Conflict while a post is under way."""
    posts = Post._base_manager.filter(account=account).select_related("workspace")
    if posts.filter(state__in=("claimed", *UNDER_WAY)).exists():
        raise Conflict(
            _("A post is being published on “%(account)s”.") % {"account": account.name},
            hint=_("Wait until it has ended, then disconnect the account."),
        )
    for post in posts.filter(state="scheduled").order_by("due_at", "pk"):
        cancel_post(post=post, actor=actor)
