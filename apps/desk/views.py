"""Pages of a workspace. Each takes a request, calls a query or a service, and renders; rules are elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.approvals.queries import approvers_of, decisions_of, review_queue
from apps.approvals.reasons import reasons_for
from apps.approvals.services import assign_review, decide, policy_of
from apps.common.errors import Conflict, DomainError, Invalid
from apps.common.numbers import whole
from apps.content.findings import findings_of
from apps.content.images import images_of
from apps.content.machine import ITEM_MACHINE
from apps.content.models import Asset, Item
from apps.content.previews import previews_of
from apps.content.queries import diff_to_previous
from apps.content.services import EDITABLE, submit_item, text_of
from apps.content.variants import own_variants
from apps.desk import queries
from apps.desk.parsing import number, optional_number
from apps.lifecycle.models import Run
from apps.lifecycle.runs import cancel_run, retry_run
from apps.lifecycle.services import advance, open_actions
from apps.platforms.feed.media import Stored, serve
from apps.stories.machine import STORY_MACHINE
from apps.stories.models import Story
from apps.stories.services import add_story, decide_stories
from apps.uploads.queries import under_way

PAGE = 25
CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".vtt": "text/vtt; charset=utf-8",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".wav": "audio/wav",
}


ITEM_ACTIONS = frozenset({"submit", "retry", "restore"})


def page_of(request: HttpRequest, rows: Any) -> Any:
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))


def next_or(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Where the form asked to go on, if that is on this site."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return redirect(target)
    return redirect(otherwise)


def go_back(request: HttpRequest, view: str, *args: Any) -> HttpResponse:
    return redirect(f"desk:{view}", request.workspace.slug, *args)


@require_GET
def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    return render(request, "desk/dashboard.html", {"board": queries.dashboard(request.user)})


@require_http_methods(["GET", "POST"])
def stories(request: HttpRequest, slug: str) -> HttpResponse:
    """The story queue, and a form to paste one; what was typed stays on the page when it cannot be added."""
    request.actor.require("view_content", request.workspace)
    if request.method == "GET":
        return _stories_page(request)
    typed = {"title": request.POST.get("title", "").strip(), "text": request.POST.get("text", "")}
    again = bool(request.POST.get("again"))
    try:
        story = add_story(workspace=request.workspace, actor=request.actor, again=again, **typed)
    except (Conflict, Invalid) as problem:
        return _stories_page(request, typed=typed, problem=problem)
    messages.success(request, _("“%(title)s” is in the queue.") % {"title": story.title})
    return go_back(request, "stories")


def _stories_page(
    request: HttpRequest, *, typed: dict[str, str] | None = None, problem: DomainError | None = None
) -> HttpResponse:
    state, one = request.GET.get("state", "new"), request.GET.get("story", "")
    rows = Story.objects.select_related("source").order_by("-pk")
    if (pk := whole(one)) is not None:
        rows, state = rows.filter(pk=pk), ""
    else:
        rows, one = rows.filter(state=state), ""
    page = page_of(request, rows)
    context = {
        "page": page,
        "held_up": queries.held_up(page),
        "state": state,
        "one": one,
        "states": STORY_MACHINE.choices,
        "typed": typed,
        "problem": problem,
    }
    return render(request, "desk/stories.html", context, status=problem.status if problem else 200)


@require_POST
def act_on_story(request: HttpRequest, slug: str, story_id: int, action: str) -> HttpResponse:
    if action not in {"shortlist", "reject", "restore"}:
        return HttpResponse(status=404)
    story = get_object_or_404(Story.objects.select_related("workspace"), pk=story_id)
    decided = decide_stories(stories=[story], action=action, actor=request.actor)
    for _story, error in decided.refused:
        messages.error(request, str(error))
    return go_back(request, "stories")


@require_GET
def items(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    state, search = request.GET.get("state", ""), request.GET.get("q", "").strip()
    rows = queries.items(state=state, search=search)
    context = {"page": page_of(request, rows), "state": state, "search": search, "states": ITEM_MACHINE.choices}
    return render(request, "desk/items.html", context)


def _item(item_id: int) -> Item:
    related = ("workspace", "current_revision", "approved_revision", "author")
    return get_object_or_404(Item.objects.select_related(*related), pk=item_id)


@require_GET
def item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Text, player, diff, runs, posts and timeline of one item."""
    request.actor.require("view_content", request.workspace)
    return _item_page(request, _item(item_id))


def _item_page(
    request: HttpRequest, found: Item, *, comment: str = "", problem: DomainError | None = None
) -> HttpResponse:
    revision = found.current_revision
    posts, runs = queries.posts_of(found), queries.runs_of(found)
    text, own = text_of(revision), own_variants(revision)
    context = {
        "item": found,
        "revision": revision,
        "parts": queries.parts_of(revision),
        "images": images_of(revision.pk),
        "previews": previews_of(found, text, own),
        "findings": findings_of(found, text, own),
        "changes": diff_to_previous(revision),
        "steps": queries.pipeline_steps(found),
        "runs": runs,
        "open_runs": [run for run in runs if run.state in {"queued", "running"}],
        "posts": posts,
        "uploading": under_way(posts),
        "events": queries.timeline(found, posts),
        "decisions": list(decisions_of(found.pk)),
        "policy": policy_of(request.workspace),
        "reasons": reasons_for(found) if found.state == "in_review" else [],
        **_waiting_for(request, found),
        "actions": [each for each in open_actions(found, request.actor) if each.action in ITEM_ACTIONS],
        "editable": found.state in EDITABLE and request.actor.may("write_content", request.workspace),
        "comment": comment,
        "problem": problem,
    }
    return render(request, "desk/item.html", context, status=problem.status if problem else 200)


@require_POST
def decide_item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """A decision on the revision that the page showed."""
    found = _item(item_id)
    comment = request.POST.get("comment", "")
    try:
        decide(
            item=found,
            revision=number(request, "revision"),
            verdict=request.POST.get("verdict", ""),
            actor=request.actor,
            comment=comment,
        )
    except (Conflict, Invalid) as problem:
        return _item_page(request, _item(item_id), comment=comment, problem=problem)
    messages.success(request, _("Your decision on “%(title)s” is recorded.") % {"title": found.title})
    return next_or(request, reverse("desk:item", args=[slug, found.pk]))


def _waiting_for(request: HttpRequest, found: Item) -> dict[str, Any]:
    """Whom the review of an item waits for, and who else could be named, for those who may name them."""
    if found.state != "in_review" or not request.actor.may("approve_content", request.workspace):
        return {}
    return {
        "review": review_queue().filter(item=found).first(),
        "approvers": list(approvers_of(request.workspace)),
    }


@require_POST
def assign_item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """assignee: number of a person who may approve; empty: any approver."""
    request.actor.require("approve_content", request.workspace)
    waiting = get_object_or_404(review_queue(), item=_item(item_id))
    chosen = optional_number(request, "assignee")
    person = get_object_or_404(approvers_of(request.workspace), pk=chosen) if chosen else None
    assign_review(review=waiting, assignee=person, actor=request.actor)
    messages.success(request, _("It waits for %(person)s now.") % {"person": person or _("any approver")})
    return go_back(request, "item", item_id)


@require_POST
def act_on_item(request: HttpRequest, slug: str, item_id: int, action: str) -> HttpResponse:
    if action not in ITEM_ACTIONS:
        return HttpResponse(status=404)
    found = _item(item_id)
    if action == "submit":
        submit_item(item=found, actor=request.actor)
    else:
        advance(found, action, actor=request.actor)
    return go_back(request, "item", found.pk)


@require_GET
def review(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    return render(request, "desk/review.html", {"page": page_of(request, review_queue())})


@require_POST
def act_on_run(request: HttpRequest, slug: str, run_id: int, action: str) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("workspace"), pk=run_id)
    service = {"cancel": cancel_run, "retry": retry_run}.get(action)
    if service is None:
        return HttpResponse(status=404)
    service(run=run, actor=request.actor)
    return next_or(request, reverse("desk:dashboard", args=[slug]))


@require_http_methods(["GET", "HEAD"])
def asset(request: HttpRequest, slug: str, asset_id: int) -> HttpResponseBase:
    """A made file, for members only; seekable."""
    request.actor.require("view_content", request.workspace)
    found = get_object_or_404(Asset.objects, pk=asset_id)
    response = serve(
        request,
        Stored(
            name=found.file.name,
            size=found.bytes,
            content_type=CONTENT_TYPES.get(Path(found.file.name).suffix, "application/octet-stream"),
            etag=f'"{found.sha256}"',
            changed=found.created_at,
        ),
    )
    response["Cache-Control"] = "private, max-age=3600"
    return response
