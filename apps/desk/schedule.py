"""The schedule: what goes out when, and changing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.common.errors import DomainError, Invalid
from apps.common.numbers import whole
from apps.common.text.words import fit
from apps.content.models import Item
from apps.desk import parsing, schedule_queries
from apps.desk.views import next_or
from apps.platforms.models import Account
from apps.platforms.queries import accounts as platform_accounts
from apps.schedules import queries
from apps.schedules.batches import send_all_again, space_items
from apps.schedules.concerns import Doubtful
from apps.schedules.models import Post
from apps.schedules.pausing import pause_workspace, resume_workspace
from apps.schedules.reservations import drop_reservation as drop
from apps.schedules.services import (
    cancel_post,
    post_now,
    reschedule,
    restore_post,
    schedule_item,
    send_again,
)
from apps.uploads.queries import under_way

PAGE = 50
SHOWN_ERRORS = 5
View = Callable[..., HttpResponse]


def asks_again(view: View) -> View:
    """What speaks against it is shown with a button that does it all the same: the same form, with `force`."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Doubtful as doubt:
            fields = [(name, value) for name, values in request.POST.lists() for value in values]
            hidden = [(name, value) for name, value in fields if name not in {"csrfmiddlewaretoken", "force"}]
            back = request.POST.get("next") or reverse("desk:schedule", args=[request.workspace.slug])
            context = {"doubt": doubt, "hidden": hidden, "back": back if back.startswith("/w/") else "/"}
            return render(request, "desk/schedule_doubt.html", context, status=doubt.status)

    return page


def posted(page: str) -> Callable[[View], View]:
    """For what is only posted to: whoever comes by a link, as after a reload, is taken to the page it belongs to."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if request.method != "POST":
                return redirect(f"desk:{page}", request.workspace.slug)
            return view(request, *args, **kwargs)

        return answer

    return wrap


def is_forced(request: HttpRequest) -> bool:
    return request.POST.get("force") == "1"


def back_to(request: HttpRequest, name: str = "schedule") -> HttpResponse:
    return next_or(request, reverse(f"desk:{name}", args=[request.workspace.slug]))


def account_of(request: HttpRequest) -> Account:
    """The account that the form names, among the workspace's connected ones."""
    return get_object_or_404(platform_accounts(), pk=parsing.number(request, "account"))


@require_GET
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """By day, with the time left until each post."""
    request.actor.require("view_content", request.workspace)
    state, account = request.GET.get("state", ""), request.GET.get("account", "")
    rows = schedule_queries.posts(state=state, account=whole(account))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "uploading": under_way(page.object_list),
        "days": schedule_queries.by_day(page.object_list, request.workspace.timezone),
        "state": state,
        "account": account,
        "tabs": schedule_queries.TABS,
        "single": schedule_queries.single_state(state),
        "accounts": list(schedule_queries.accounts()),
        "ready": schedule_queries.ready_items(_asked_for(request, "item")),
        "picked": _asked_for(request, "item"),
        "on": _asked_for(request, "on"),
        "reservations": list(queries.reservations()[:PAGE]),
        "missed": queries.missed().count(),
    }
    return render(request, "desk/schedule.html", context)


def _asked_for(request: HttpRequest, name: str) -> int | None:
    """The id that a link to the form names, to be chosen already."""
    return whole(request.GET.get(name, ""))


@posted("schedule")
@asks_again
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the ticked items on an account: into its next free slots, at a time, or spread over hours."""
    request.actor.require("publish_content", request.workspace)
    account = account_of(request)
    items = list(
        Item.objects.select_related("workspace").filter(pk__in=parsing.numbers(request, "item")).order_by("pk")
    )
    if not items:
        raise Invalid(_("Choose what goes out."), hint=_("Tick one item or more."), item=[_("Nothing is chosen.")])
    when = request.POST.get("when")
    if when == "spread":
        start = parsing.optional_moment(request, "start", account.timezone)
        over = timedelta(hours=parsing.number(request, "hours"))
        placed = space_items(
            items=items, account=account, actor=request.actor, over=over, start=start, force=is_forced(request)
        )
        _say_placed(request, [(each.item, each.error) for each in placed])
        return back_to(request)
    if when == "at" and len(items) > 1:
        raise Invalid(_("Several items cannot go out at one time."), hint=_("Spread them over hours instead."))
    at = parsing.moment(request, "at", account.timezone) if when == "at" else None
    _say_placed(request, [(item, _put(request, item, account, at, alone=len(items) == 1)) for item in items])
    return back_to(request)


def _put(request: HttpRequest, item: Item, account: Account, at, *, alone: bool) -> DomainError | None:
    try:
        schedule_item(item=item, account=account, actor=request.actor, at=at, force=is_forced(request))
    except DomainError as error:
        if alone:
            raise
        return error
    return None


def _say_placed(request: HttpRequest, placed: list[tuple[Item, DomainError | None]]) -> None:
    done = sum(error is None for _item, error in placed)
    if done:
        said = ngettext("%(count)s item is on the schedule.", "%(count)s items are on the schedule.", done)
        messages.success(request, said % {"count": done})
    for item, error in [each for each in placed if each[1]][:SHOWN_ERRORS]:
        messages.error(request, f"{item.title}: {error}")


@require_POST
@asks_again
def act_on_post(request: HttpRequest, slug: str, post_id: int, action: str) -> HttpResponse:
    services = {"now": post_now, "cancel": cancel_post, "restore": restore_post, "send": send_again}
    if action not in services:
        return HttpResponse(status=404)
    post = get_object_or_404(Post.objects.select_related("workspace"), pk=post_id)
    options = {"force": True} if action == "now" and is_forced(request) else {}
    services[action](post=post, actor=request.actor, **options)
    if action == "cancel" and post.due_at > timezone.now():
        messages.success(request, _("Cancelled. Until its time comes, the list lets you undo that."))
    elif action == "cancel":
        messages.success(request, ngettext("%d post is dropped.", "%d posts are dropped.", 1) % 1)
    return back_to(request)


@require_POST
@asks_again
def move_post(request: HttpRequest, slug: str, post_id: int) -> HttpResponse:
    request.actor.require("publish_content", request.workspace)
    post = get_object_or_404(Post.objects.select_related("workspace", "account"), pk=post_id)
    at = parsing.moment(request, "at", post.account.timezone)
    reschedule(post=post, at=at, actor=request.actor, force=is_forced(request))
    messages.success(request, _("Moved."))
    return back_to(request)


@posted("schedule")
def send_missed(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that was missed, one gap apart on each account."""
    request.actor.require("publish_content", request.workspace)
    sent, refused = send_all_again(posts=queries.missed(), actor=request.actor)
    if sent:
        said = ngettext("%(count)s post goes out now.", "%(count)s posts go out, one after another.", len(sent))
        messages.success(request, said % {"count": len(sent)})
    for post, error in refused[:SHOWN_ERRORS]:
        messages.error(request, f"{post}: {error}")
    return back_to(request)


@posted("schedule")
def publishing(request: HttpRequest, slug: str, action: str) -> HttpResponse:
    """Pause or resume everything that the workspace publishes."""
    if action == "pause":
        reason = fit(request.POST.get("reason", ""), 240)
        pause_workspace(workspace=request.workspace, actor=request.actor, reason=reason)
        messages.warning(request, _("Publishing is paused. What is due waits."))
    elif action == "resume":
        resume_workspace(workspace=request.workspace, actor=request.actor)
        messages.success(request, _("Publishing goes on."))
    else:
        return HttpResponse(status=404)
    return back_to(request)


@require_POST
def drop_reservation(request: HttpRequest, slug: str, reservation_id: int) -> HttpResponse:
    drop(reservation=get_object_or_404(queries.reservations(), pk=reservation_id), actor=request.actor)
    return redirect("desk:schedule", request.workspace.slug)
