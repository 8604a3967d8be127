"""Pages of a workspace. Each takes a request, calls a query or a service, and renders; rules are elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.approvals.queries import review_queue
from apps.approvals.services import decide, policy_of
from apps.content.machine import ITEM_MACHINE
from apps.content.models import Asset, Item, Revision
from apps.content.queries import diff_revisions
from apps.content.services import Text, revise_item, submit_item
from apps.desk import queries
from apps.lifecycle.models import Run
from apps.lifecycle.runs import cancel_run, retry_run
from apps.lifecycle.services import advance, open_actions
from apps.platforms.feed.media import Stored, serve
from apps.stories.models import Story
from apps.stories.services import add_story, decide_stories

PAGE = 25


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
    """The story queue, and a form to paste one."""
    if request.method == "POST":
        title, text = request.POST.get("title", ""), request.POST.get("text", "")
        story = add_story(workspace=request.workspace, actor=request.actor, title=title, text=text)
        messages.success(request, _("“%(title)s” is in the queue.") % {"title": story.title})
        return go_back(request, "stories")
    request.actor.require("view_content", request.workspace)
    state = request.GET.get("state", "new")
    rows = Story.objects.select_related("source").filter(state=state).order_by("-pk")
    return render(request, "desk/stories.html", {"page": page_of(request, rows), "state": state})


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
    found = _item(item_id)
    revision = found.current_revision
    previous = Revision.objects.filter(item=found, number=revision.number - 1).first()
    posts = queries.posts_of(found)
    context = {
        "item": found,
        "revision": revision,
        "parts": queries.parts_of(revision),
        "changes": diff_revisions(previous, revision),
        "steps": queries.pipeline_steps(found),
        "runs": queries.runs_of(found),
        "posts": posts,
        "events": queries.timeline(found, posts),
        "decisions": queries.decisions_of(found),
        "policy": policy_of(request.workspace),
        "actions": [each for each in open_actions(found, request.actor) if each.action in {"submit", "retry"}],
    }
    return render(request, "desk/item.html", context)


@require_http_methods(["GET", "POST"])
def edit_item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Write the next revision. What was typed stays on the page when it cannot be saved."""
    request.actor.require("write_content", request.workspace)
    found = _item(item_id)
    if request.method == "POST":
        revise_item(
            item=found,
            actor=request.actor,
            text=_text(request),
            base=int(request.POST["base"]),
            note=request.POST.get("note", "")[:240],
        )
        messages.success(request, _("Saved as a new version."))
        return go_back(request, "item", found.pk)
    return render(request, "desk/item_edit.html", {"item": found, "revision": found.current_revision})


def _text(request: HttpRequest) -> Text:
    data = request.POST
    titles, texts = data.getlist("part_title"), data.getlist("part_text")
    return Text(
        title=data.get("title", ""),
        hook=data.get("hook", ""),
        parts=[{"title": title, "text": text} for title, text in zip(titles, texts, strict=True)],
        call_to_action=data.get("call_to_action", ""),
        description=data.get("description", ""),
        hashtags=data.get("hashtags", "").replace("#", " ").replace(",", " ").split(),
    )


@require_POST
def decide_item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """A decision on the revision that the page showed."""
    found = _item(item_id)
    decide(
        item=found,
        revision=int(request.POST["revision"]),
        verdict=request.POST["verdict"],
        actor=request.actor,
        comment=request.POST.get("comment", ""),
    )
    messages.success(request, _("Your decision on “%(title)s” is recorded.") % {"title": found.title})
    return next_or(request, reverse("desk:item", args=[slug, found.pk]))


@require_POST
def act_on_item(request: HttpRequest, slug: str, item_id: int, action: str) -> HttpResponse:
    found = _item(item_id)
    if action == "submit":
        submit_item(item=found, actor=request.actor)
    elif action == "retry":
        advance(found, "retry", actor=request.actor)
    else:
        return HttpResponse(status=404)
    return go_back(request, "item", found.pk)


@require_GET
def review(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    return render(request, "desk/review.html", {"page": page_of(request, review_queue())})


@require_GET
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    state = request.GET.get("state", "")
    context = {"page": page_of(request, queries.schedule(state=state)), "state": state}
    return render(request, "desk/schedule.html", context)


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
    kinds = {"video": "video/mp4", "preview": "video/mp4", "captions": "text/vtt", "thumbnail": "image/jpeg"}
    response = serve(
        request,
        Stored(
            name=found.file.name,
            size=found.bytes,
            content_type=kinds.get(found.kind, "application/octet-stream"),
            etag=f'"{found.sha256}"',
            changed=found.created_at,
        ),
    )
    response["Cache-Control"] = "private, max-age=3600"
    return response
