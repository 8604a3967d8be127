"""Posts for which nothing more happens by itself: sending them again, or dropping them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from apps.common.errors import DomainError
from apps.common.transactions import unit_of_work
from apps.platforms.models import Account
from apps.schedules.batches import send_one_of_many
from apps.schedules.models import Post
from apps.schedules.services import cancel_post, send_again
from apps.uploads.outcomes import WARY
from apps.workspaces.actors import Actor

AT_ONCE = 500


@dataclass
class Settled:
    """What became of several at once: those that went through, and the reasons of those that did not."""

    done: list[Post] = field(default_factory=list)
    refused: list[tuple[Post, DomainError]] = field(default_factory=list)


def replay(*, post: Post, actor: Actor, send: Callable[..., Post] = send_again) -> Post:
    """Send it again as soon as the account's rules allow. Its attempts stay as they are, and its tries count anew."""
    solved = (post.error or {}).get("code") == "captcha"
    with unit_of_work():
        held = Account._base_manager.filter(pk=post.account_id, hold_until__lte=post.state_at + WARY)
        if solved:
            held.update(hold_until=None)  # the wait that the puzzle began, not a later one that the platform asked for
        send(post=post, actor=actor)
    return post


def drop(*, post: Post, actor: Actor) -> Post:
    """Give it up. The parts after it go on."""
    return cancel_post(post=post, actor=actor)


def replay_all(*, posts: Iterable[Post], actor: Actor) -> Settled:
    """What may be online already is left out: somebody has to look at it first, and decide about it alone."""
    return _each(posts, actor, partial(replay, send=send_one_of_many))


def drop_all(*, posts: Iterable[Post], actor: Actor) -> Settled:
    return _each(posts, actor, drop)


def _each(posts: Iterable[Post], actor: Actor, service: Callable[..., Post]) -> Settled:
    """One transaction a post: what cannot be done with one is no reason to leave the others."""
    settled = Settled()
    for post in posts:
        try:
            settled.done.append(service(post=post, actor=actor))
        except DomainError as error:
            settled.refused.append((post, error))
    return settled
