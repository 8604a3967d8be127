"""What speaks against a time or a text before it is scheduled. A person may overrule it; the system never does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, NotAllowed
from apps.common.text.similar import fingerprint, overlap, similarity
from apps.common.text.words import words
from apps.content.models import Item, Variant
from apps.platforms.models import Account
from apps.schedules.booking import GONE, Taken
from apps.schedules.drafts import left_out_of
from apps.schedules.models import Post
from apps.schedules.quiet import quiet_end
from apps.workspaces.actors import Actor

# A text that was said so lately, or will be said so soon, is the same thing twice.
REMEMBERED = timedelta(days=30)
# Of shorter texts, only the same words count.
_LONG = 20
_COMPARED, _READ = 2000, 50
# Unrelated texts have fingerprints that are alike to a half.
_ALIKE = 0.75
_NEARLY = 0.7
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Concern:
    """code: quiet, gap, limit, minute, text, item or media. post, at: what it collides with, where that is one post."""

    code: str
    message: str
    post: int | None = None
    at: datetime | None = None


class Doubtful(Conflict):
    """Something speaks against it that a person may overrule with `force`; `concerns` says what."""

    code = "needs_force"

    def __init__(self, concerns: Iterable[Concern]) -> None:
        self.concerns = list(concerns)
        super().__init__(
            " ".join(dict.fromkeys(each.message for each in self.concerns)),
            hint=_("Choose another time or text, or send it again with force to do it all the same."),
            concerns=[_plain(each) for each in self.concerns],
        )

    @property
    def of_times(self) -> bool:
        """Whether the time is doubtful, and not the text alone."""
        return any(each.code in ("quiet", "gap", "limit", "minute") for each in self.concerns)


def _plain(concern: Concern) -> dict[str, Any]:
    return {**asdict(concern), "at": concern.at.isoformat() if concern.at else None}


def check(concerns: list[Concern], *, actor: Actor, force: bool) -> None:
    """Raises Doubtful unless there are none or a person overrules them."""
    if force and actor.is_system:
        raise NotAllowed(_("Only a person may overrule a warning."))
    if concerns and not force:
        raise Doubtful(concerns)


def of_item(account: Account, item: Item) -> list[Concern]:
    """The post that the item's approved version has on the account already, the first of its parts."""
    posts = Post._base_manager.filter(account=account, revision=item.approved_revision_id).exclude(state="cancelled")
    stands = posts.order_by("part", "pk").first()
    if stands is None:
        return []
    said = _("This is on the schedule of “%(account)s” already.") % {"account": account.name}
    return [Concern("item", said, post=stands.pk, at=stands.due_at)]


def of_times(account: Account, times: list[datetime], *, ignore: int | None = None) -> list[Concern]:
    """Quiet hours, posts closer than the gap, and days that are full. ignore: the post that is being moved."""
    if not times or not (account.minimum_gap or account.daily_limit or account.quiet_from):
        return []
    taken = Taken(account, min(times), ignore=ignore)
    found = []
    for at in sorted(times):
        if at - taken.start > timedelta(days=28):
            taken = Taken(account, at, ignore=ignore)
        found += _of_time(account, at, taken)
        taken.add(at)
    return found


def of_minute(account: Account, item: Item, at: datetime) -> list[Concern]:
    """Another item's post within a minute, on an account that keeps no gap: likely a slip, so a person is asked."""
    if account.minimum_gap or at <= database_now():
        return []
    posts = Post._base_manager.filter(account=account, due_at__gt=at - _MINUTE, due_at__lt=at + _MINUTE)
    other = posts.exclude(state__in=GONE).exclude(item=item).order_by("due_at").first()
    if other is None:
        return []
    said = _("“%(account)s” has another post at %(at)s.")
    return [Concern("minute", said % _said(account, other.due_at), post=other.pk, at=other.due_at)]


def _of_time(account: Account, at: datetime, taken: Taken) -> list[Concern]:
    found = []
    if (end := quiet_end(account, at)) is not None:
        said = _("%(at)s is in the quiet hours of “%(account)s”, which end at %(end)s.")
        wall = end.astimezone(account.timezone)
        found.append(Concern("quiet", said % {**_said(account, at), "end": f"{wall:%H:%M}"}, at=end))
    if (near := taken.too_near(at)) is not None:
        said = _("“%(account)s” has a post at %(at)s, and keeps %(gap)s minutes between posts.")
        other = Post._base_manager.filter(account=account, due_at=near).exclude(state__in=GONE).first()
        values = {**_said(account, near), "gap": account.minimum_gap}
        found.append(Concern("gap", said % values, post=other.pk if other else None, at=near))
    if taken.is_full(at):
        said = _("“%(account)s” has its %(limit)s posts for the day of %(at)s.")
        found.append(Concern("limit", said % {**_said(account, at), "limit": account.daily_limit}, at=at))
    return found


def _said(account: Account, at: datetime) -> dict[str, str]:
    return {"account": account.name, "at": date_format(at.astimezone(account.timezone), "j M Y, H:i")}


def of_texts(account: Account, item: Item, variants: list[Variant]) -> list[Concern]:
    """An earlier version of the item, whenever it was out, or nearly the same text, scheduled or out lately."""
    posts = Post._base_manager.filter(account=account).exclude(state__in=GONE)
    same = posts.filter(item=item).exclude(revision=item.approved_revision_id).order_by("-due_at").first()
    if same is not None:
        said = _("An earlier version of this has its post on “%(account)s” at %(at)s.")
        return [Concern("item", said % _said(account, same.due_at), post=same.pk, at=same.due_at)]
    others = posts.filter(due_at__gte=database_now() - REMEMBERED).exclude(item=item)
    return [found for variant in variants if (found := _of_text(account, variant, others))]


def _of_text(account: Account, variant: Variant, posts: QuerySet[Post]) -> Concern | None:
    print_ = print_of(variant)
    same = posts.filter(fingerprint=print_).select_related("variant").first()
    other = same or _nearly_same(text_of(variant), print_, posts)
    if other is None:
        return None
    said = _("“%(title)s” on “%(account)s” at %(at)s says nearly the same.")
    values = {**_said(account, other.due_at), "title": other.variant.title}
    return Concern("text", said % values, post=other.pk, at=other.due_at)


def _nearly_same(text: str, print_: str, posts: QuerySet[Post]) -> Post | None:
    """Fingerprints find the few that may be meant, and their words decide."""
    if len(words(text)) < _LONG:
        return None
    latest = posts.exclude(fingerprint="").order_by("-due_at").values_list("pk", "fingerprint")[:_COMPARED]
    alike = [pk for pk, fingerprint in latest if similarity(print_, fingerprint) >= _ALIKE][:_READ]
    found = posts.filter(pk__in=alike).select_related("variant__revision").order_by("-due_at")
    return next((post for post in found if overlap(text, text_of(post.variant)) >= _NEARLY), None)


def of_content(account: Account, item: Item, variants: list[Variant], *, actor: Actor) -> list[Concern]:
    """What speaks against the texts, and against the media; these the system takes as the previews have shown them."""
    texts = of_texts(account, item, variants)
    return texts if actor.is_system else texts + of_media(account, item, variants)


def of_media(account: Account, item: Item, variants: list[Variant]) -> list[Concern]:
    """Images that the platform does not show beside a video, and that would stay out of the posts."""
    left_out = [each for variant in variants for each in left_out_of(variant, item, account)]
    return [Concern("media", str(each.message)) for each in left_out]


def text_of(variant: Variant) -> str:
    """All that people read or hear of a post."""
    spoken = next((each["text"] for each in variant.revision.parts if each["number"] == variant.part), "")
    return "\n".join((variant.title, spoken, variant.text))


def print_of(variant: Variant) -> str:
    return fingerprint(text_of(variant))
