"""Pages about content plans: the table, one plan with everything that was made for it, the form, the file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.errors import Conflict, DomainError, Invalid
from apps.content_plans import forms, pages, queries, services
from apps.content_plans.machine import PLAN_MACHINE
from apps.content_plans.models import ContentPlan, PlanSettings, ResearchPage, Round
from apps.content_plans.services import PlanDraft
from apps.content_plans.services.batches import COLUMNS, MOST_BYTES
from apps.workspaces.models import User

PAGE = 50


def _plan(plan_id: int) -> ContentPlan:
    found = queries.plan_to_show(plan_id)
    if found is None:
        raise Http404
    return found


@require_GET
def plans(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    asked = {name: request.GET.get(name, "").strip() for name in ("state", "q", "owner", "platform", "sort")}
    rows = queries.find_plans(
        state=asked["state"],
        search=asked["q"],
        owner=forms.whole(asked["owner"], None),
        platform=asked["platform"],
        sort=asked["sort"],
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "asked": asked,
        "narrowed": any(asked[name] for name in ("state", "q", "owner", "platform")),
        "runs": queries.open_runs_of(page.object_list),
        "states": PLAN_MACHINE.choices,
        "owners": User.objects.filter(memberships__workspace=request.workspace).order_by("email"),
        "platforms": [(name, each.label) for name, each in queries.text_platforms().items()],
        "columns": [("title", _("Title")), ("score", _("SEO")), ("due", _("Due")), ("made", _("Made"))],
    }
    return render(request, "plans/list.html", context)


@require_GET
def plan(request: HttpRequest, slug: str, plan_id: int) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    return render(request, "plans/plan.html", pages.context_of(request, _plan(plan_id)))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("write_content", request.workspace)
    if request.method == "GET":
        start = PlanDraft(title="", language=request.workspace.language, owner=request.user.pk)
        return _form(request, None, start)
    draft = None
    try:
        draft = forms.draft_from(request)
        made = services.create_plan(workspace=request.workspace, actor=request.actor, draft=draft)
        if request.POST.get("then") == "process" and made.state == "draft":
            services.process(plan=made, actor=request.actor)
    except Invalid as problem:
        return _form(request, None, draft or PlanDraft(title=request.POST.get("title", "")), problem)
    return redirect("plans:plan", slug, made.pk)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str, plan_id: int) -> HttpResponse:
    request.actor.require("write_content", request.workspace)
    found, draft = _plan(plan_id), None
    if request.method == "GET" and found.is_under_way:
        messages.error(request, _("This plan is being processed. Its brief can change when that is done."))
        return redirect("plans:plan", slug, plan_id)
    if request.method == "GET":
        return _form(request, found, services.draft_of(found))
    try:
        draft = forms.draft_from(request)
        services.edit_plan(plan=found, actor=request.actor, draft=draft, seen=request.POST.get("seen"))
    except DomainError as problem:
        return _form(request, found, draft or services.draft_of(found), problem)
    messages.success(request, _("Saved. It holds from the next processing on."))
    return redirect("plans:plan", slug, plan_id)


def _form(
    request: HttpRequest, found: ContentPlan | None, draft: PlanDraft, problem: DomainError | None = None
) -> HttpResponse:
    seen = request.POST.get("seen", "")
    if found and (problem is None or isinstance(problem, Conflict)):
        seen = services.mark_of(found)
    context: dict[str, Any] = {
        "plan": found,
        "seen": seen,
        "draft": draft,
        "problem": problem,
        "errors": problem.details if problem else {},
        **forms.choices_of(request, found),
    }
    return render(request, "plans/form.html", context, status=problem.status if problem else 200)


@require_POST
def process(request: HttpRequest, slug: str, plan_id: int) -> HttpResponse:
    """Begin, try again, or go on, as the plan stands."""
    request.actor.require("write_content", request.workspace)
    services.process(plan=_plan(plan_id), actor=request.actor)
    return redirect("plans:plan", slug, plan_id)


@require_POST
def duplicate(request: HttpRequest, slug: str, plan_id: int) -> HttpResponse:
    copy = services.duplicate_plan(plan=_plan(plan_id), actor=request.actor)
    messages.success(request, _("This is the copy; change what differs."))
    return redirect("plans:edit", slug, copy.pk)


@require_POST
def delete(request: HttpRequest, slug: str, plan_id: int) -> HttpResponse:
    found = _plan(plan_id)
    services.delete_plan(plan=found, actor=request.actor)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": found.title})
    return redirect("plans:plans", slug)


@require_POST
def take(request: HttpRequest, slug: str, plan_id: int, round_id: int) -> HttpResponse:
    request.actor.require("write_content", request.workspace)
    found = _plan(plan_id)
    chosen = get_object_or_404(Round.objects, pk=round_id, plan=found)
    services.take_round(plan=found, found=chosen, actor=request.actor)
    messages.success(request, _("The item gets the text of this round, and is reviewed again."))
    return redirect("plans:plan", slug, plan_id)


@require_POST
def read(request: HttpRequest, slug: str, plan_id: int) -> HttpResponse:
    """Fetch one page anew, or without one all of them."""
    request.actor.require("write_content", request.workspace)
    found = _plan(plan_id)
    named = request.POST.get("page", "")
    page = get_object_or_404(ResearchPage.objects, pk=forms.number(named), plan=found) if named else None
    services.read_again(plan=found, actor=request.actor, page=page)
    return redirect(reverse("plans:plan", args=[slug, plan_id]) + "#research")


@require_GET
def snapshot(request: HttpRequest, slug: str, page_id: int) -> HttpResponse:
    """A page as it was read: it may be looked at, but nothing in it may run, load or be sent."""
    request.actor.require("view_content", request.workspace)
    found = get_object_or_404(ResearchPage.objects.exclude(snapshot=""), pk=page_id)
    try:
        with found.snapshot.open() as file:
            response = HttpResponse(file.read(), content_type="text/html")
    except FileNotFoundError as error:
        raise Http404 from error
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest, slug: str) -> HttpResponse:
    """A CSV file is looked over first; the same form then makes the plans."""
    request.actor.require("write_content", request.workspace)
    report, problem = None, None
    if request.method == "POST":
        file = request.FILES.get("file")
        content = file.read(MOST_BYTES + 1) if file else request.POST.get("text", "").encode()
        dry_run = request.POST.get("step") != "import"
        try:
            report = services.import_plans(
                workspace=request.workspace, actor=request.actor, content=content, dry_run=dry_run
            )
        except Invalid as error:
            problem = error
        if report and report.imported and not report.bad:
            count = len(report.good)
            messages.success(
                request, ngettext("%(count)d plan made.", "%(count)d plans made.", count) % {"count": count}
            )
            return redirect("plans:plans", slug)
    context = {"report": report, "problem": problem, "columns": COLUMNS}
    return render(request, "plans/import.html", context, status=problem.status if problem else 200)


@require_http_methods(["GET", "POST"])
def options(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("manage_workspace", request.workspace)
    found, problem = services.settings_of(request.workspace), None
    if request.method == "POST":
        said = request.POST
        try:
            services.set_settings(
                workspace=request.workspace,
                actor=request.actor,
                start=said.get("start", ""),
                lead_days=forms.whole(said.get("lead_days", ""), found.lead_days),
                target_score=forms.whole(said.get("target_score", ""), found.target_score),
                most_rounds=forms.whole(said.get("most_rounds", ""), found.most_rounds),
            )
        except Invalid as error:
            problem = error
        else:
            messages.success(request, _("Saved."))
            return redirect("plans:options", slug)
    context = {"options": found, "starts": PlanSettings.Start.choices, "problem": problem}
    return render(request, "plans/options.html", context, status=problem.status if problem else 200)
