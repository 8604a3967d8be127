"""Several items at once: spread over hours, or sent again after an outage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, DomainError, Invalid
from apps.content.models import Item
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.schedules.services import schedule_item, send_again
from apps.workspaces.actors import Actor

LARGEST = 200


@dataclass(frozen=True)
class Placed:
    """What became of one item of a batch: its posts, or why there are none."""

    item: Item
    posts: list[Post] = field(default_factory=list)
    error: DomainError | None = None


def space_items(
    *,
    items: Sequence[Item],
    account: Account,
    actor: Actor,
    over: timedelta,
    start: datetime | None = None,
    force: bool = False,
) -> list[Placed]:
    """Spread the items evenly over that time, in their order; each moves on where the account's rules are in the way.

    What cannot be scheduled says why and does not hold the others. Raises Invalid when so many do not fit.
    """
    actor.require("publish_content", account.workspace)
    if not 1 <= len(items) <= LARGEST:
        raise Invalid(_("Choose from 1 to %(count)s items.") % {"count": LARGEST}, items=[_("Too few or too many.")])
    step = over / len(items)
    gap = timedelta(minutes=account.minimum_gap)
    if len(items) > 1 and step < gap:
        hours = -(-len(items) * account.minimum_gap // 60)
        raise Invalid(
            _("So many do not fit: “%(account)s” keeps %(gap)s minutes between posts.")
            % {"account": account.name, "gap": account.minimum_gap},
            hint=_("Spread them over %(hours)s hours or more.") % {"hours": hours},
            hours=[_("At least %(hours)s.") % {"hours": hours}],
        )
    first = max(start or database_now(), database_now())
    placed = []
    for index, item in enumerate(items):
        try:
            posts = schedule_item(
                item=item, account=account, actor=actor, at=first + index * step, soonest=True, force=force
            )
            placed.append(Placed(item, posts))
        except (Conflict, Invalid) as error:
            placed.append(Placed(item, error=error))
    return placed


def send_all_again(*, posts: Iterable[Post], actor: Actor) -> tuple[list[Post], list[tuple[Post, DomainError]]]:
    """Send missed and refused posts, spread by the rules of their accounts; returns those sent, and why others not.

    What may be online already is left out: somebody has to look at it first, and decide about it alone.
    """
    sent, refused = [], []
    for post in posts:
        try:
            sent.append(send_one_of_many(post=post, actor=actor))
        except Conflict as error:
            refused.append((post, error))
    return sent, refused


def send_one_of_many(*, post: Post, actor: Actor) -> Post:
    if post.maybe_online:
        raise Conflict(
            _("This may be online already, so it is not sent again together with others."),
            hint=_("Look at the account, then decide about this one on its own page."),
        )
    return send_again(post=post, actor=actor, among_others=True)
