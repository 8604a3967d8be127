"""Pages about publishing: what needs a person, one post with its attempts, and posting by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.errors import Invalid
from apps.common.numbers import whole
from apps.lifecycle.models import Run
from apps.lifecycle.services import open_actions
from apps.platforms.feed.media import Stored, serve
from apps.schedules import queries as schedule
from apps.schedules.models import Post
from apps.uploads import by_hand as hands
from apps.uploads import dead_letters, queries
from apps.uploads.models import Evidence
from apps.uploads.outcomes import MAX_TRIES
from apps.uploads.problems import TABLE, explain

PAGE = 25
SEVERAL = {"replay": dead_letters.replay_all, "drop": dead_letters.drop_all}
ONE = {"replay": dead_letters.replay, "drop": dead_letters.drop}


@require_http_methods(["GET", "POST"])
def attention(request: HttpRequest, slug: str) -> HttpResponse:
    """What waits for people: to decide or post by hand, what failed for good, and work that failed."""
    if request.method == "POST":
        return _settle_chosen(request)
    request.actor.require("view_content", request.workspace)
    failed_runs = Run.objects.filter(state="failed").order_by("-finished_at")
    lists = {"by-hand": queries.by_hand(), "failed": queries.dead_letters(), "work": failed_runs}
    counts = {name: found.count() for name, found in lists.items()}
    shown = request.GET.get("list", "")
    if shown not in lists:
        # Nobody asked for one: the first with anything in it.
        shown = next((name for name, count in counts.items() if count), "by-hand")
    rows = lists[shown] if shown == "work" else lists[shown].order_by("state_at", "pk")
    context = {
        "list": shown,
        "counts": counts,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "uploads/attention.html", context)


def _settle_chosen(request: HttpRequest) -> HttpResponse:
    """Send again, or drop, several at once."""
    request.actor.require("publish_content", request.workspace)
    ids = [pk for each in request.POST.getlist("post") if (pk := whole(each)) is not None]
    posts = list(queries.for_people().filter(pk__in=ids)[: dead_letters.AT_ONCE])
    action = request.POST.get("action", "")
    if action not in SEVERAL or not posts:
        messages.error(request, _("Choose posts first."))
    else:
        settled = SEVERAL[action](posts=posts, actor=request.actor)
        for post, error in settled.refused:
            messages.error(request, f"{post.variant.title}: {error}")
        _say(request, action, len(settled.done))
    return _next(request, reverse("uploads:attention", args=[request.workspace.slug]))


@require_POST
def settle_one(request: HttpRequest, slug: str, post_id: int, action: str) -> HttpResponse:
    if action not in ONE:
        return HttpResponse(status=404)
    found = ONE[action](post=_post(post_id), actor=request.actor)
    _say(request, action, 1)
    return _next(request, reverse("uploads:post", args=[slug, found.pk]))


def _say(request: HttpRequest, action: str, count: int) -> None:
    if count and action == "replay":
        messages.success(request, ngettext("%d post is sent again.", "%d posts are sent again.", count) % count)
    elif count:
        messages.success(request, ngettext("%d post is dropped.", "%d posts are dropped.", count) % count)


def _next(request: HttpRequest, otherwise: str) -> HttpResponse:
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if ours else otherwise)


def _post(post_id: int) -> Post:
    return get_object_or_404(schedule.posts(), pk=post_id)


@require_GET
def post(request: HttpRequest, slug: str, post_id: int) -> HttpResponse:
    """One post: where it stands and why, what holds it, and every attempt."""
    request.actor.require("view_content", request.workspace)
    found = _post(post_id)
    attempts = list(queries.attempts_of(found))
    context = {
        "post": found,
        "platform": found.account.adapter,
        "error": explain(found),
        "attempts": attempts,
        "current": next((each for each in reversed(attempts) if not each.finished_at), None),
        "holding": queries.holding(found),
        "held": queries.held_by(found),
        "most_tries": MAX_TRIES,
        "actions": {each.action for each in open_actions(found, request.actor)},
    }
    return render(request, "uploads/post.html", context)


@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest, slug: str, post_id: int) -> HttpResponse:
    """Everything to post it by hand, and the form that reports it as posted."""
    request.actor.require("view_content", request.workspace)
    found = _post(post_id)
    if request.method == "POST":
        return _report(request, found)
    if not found.needs_person:
        return redirect("uploads:post", slug, found.pk)
    return _by_hand_page(request, found)


def _report(request: HttpRequest, found: Post) -> HttpResponse:
    url = request.POST.get("url", "")
    try:
        hands.report_posted(post=found, actor=request.actor, url=url)
    except Invalid as problem:
        return _by_hand_page(request, found, url=url, problem=problem)
    messages.success(request, _("“%(title)s” is reported as online.") % {"title": found.variant.title})
    return redirect("uploads:post", request.workspace.slug, found.pk)


def _by_hand_page(request: HttpRequest, found: Post, *, url: str = "", problem: Invalid | None = None) -> HttpResponse:
    kit = hands.kit_of(found)
    files = [{"asset": asset, "name": hands.file_name(asset, found)} for asset in kit.files]
    context = {
        "kit": kit,
        "post": found,
        "platform": found.account.adapter,
        "files": files,
        "attempt": queries.attempts_of(found).last(),
        "url": url,
        "problem": problem,
        "reasons": [reason for reasons in (problem.details.values() if problem else []) for reason in reasons],
    }
    return render(request, "uploads/by_hand.html", context, status=problem.status if problem else 200)


@require_GET
def evidence(request: HttpRequest, slug: str, evidence_id: int) -> HttpResponseBase:
    """A screenshot or a text of an attempt. It may show an account from within, so not every member sees it."""
    request.actor.require("publish_content", request.workspace)
    found = get_object_or_404(Evidence.objects.all(), pk=evidence_id)
    response = serve(request, _stored(found.file, found.bytes, found.content_type, f'"evidence-{found.pk}"', found))
    response["Cache-Control"] = "private, no-store"
    # A page of a platform, kept as text: it may be looked at, but nothing in it may run.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Content-Disposition"] = content_disposition_header(not found.is_picture, f"{found.name[:80]}")
    return response


@require_http_methods(["GET", "HEAD"])
def file_by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """The video of a mail, for whoever holds the link; saved, not played."""
    asset, found = hands.file_behind(token)
    response = serve(
        request, _stored(asset.file, asset.bytes, "application/octet-stream", f'"{asset.sha256 or asset.key}"', asset)
    )
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    response["Content-Disposition"] = content_disposition_header(True, hands.file_name(asset, found))
    return response


def _stored(file: Any, size: int, content_type: str, etag: str, row: Any) -> Stored:
    return Stored(name=file.name, size=size or file.size, content_type=content_type, etag=etag, changed=row.created_at)


@require_GET
def problems(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that can go wrong with a post, and the way out of each."""
    request.actor.require("view_content", request.workspace)
    return render(request, "uploads/problems.html", {"table": TABLE})
