"""The pages around the schedule: slots, what repeats, files and calendars."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.clock import database_now, zone_names
from apps.common.errors import Conflict, Invalid
from apps.content.models import Item
from apps.desk import parsing, schedule_queries
from apps.desk.schedule import account_of, asks_again, is_forced, posted
from apps.platforms.models import Account
from apps.schedules import calendars, evergreen, queries, recurring, spreadsheet, timetable
from apps.schedules.booking import next_free_slots
from apps.schedules.models import EvergreenEntry, EvergreenPool, Slot
from apps.schedules.spreadsheet import Report


# --- Slots ------------------------------------------------------------------------------------------------------------
@require_GET
def slots(request: HttpRequest, slug: str) -> HttpResponse:
    """The week of one account, and the next times that are free."""
    request.actor.require("view_content", request.workspace)
    accounts = list(schedule_queries.accounts())
    wanted = request.GET.get("account", "")
    account = next((each for each in accounts if str(each.pk) == wanted), accounts[0] if accounts else None)
    context = {"accounts": accounts, "account": account}
    if account is not None:
        week = schedule_queries.week(account)
        elsewhere = {str(slot.timezone) for day in week for slot in day.slots} - {str(account.timezone)}
        context |= {"week": week, "elsewhere": sorted(elsewhere), "free": _free(account)}
        context |= {"zones": sorted(zone_names())}
    return render(request, "desk/schedule_slots.html", context)


def _free(account: Account) -> list:
    try:
        return next_free_slots(account, after=database_now(), count=5)
    except Conflict:
        return []


@posted("schedule-slots")
def add_slots(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("manage_accounts", request.workspace)
    account = account_of(request)
    wall, days = parsing.wall_time(request, "time"), parsing.numbers(request, "weekday")
    zone = parsing.zone(request, "timezone", account.timezone)
    made = timetable.add_slots(account=account, actor=request.actor, weekdays=days, time=wall, timezone=zone)
    said = ngettext("%(count)s slot added.", "%(count)s slots added.", len(made)) % {"count": len(made)}
    messages.success(request, said if made else _("These slots are there already."))
    return _to_slots(request, account.pk)


@posted("schedule-slots")
def follow_account(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("manage_accounts", request.workspace)
    account = account_of(request)
    count = timetable.follow_account(account=account, actor=request.actor)
    said = ngettext("%(count)s slot is moved.", "%(count)s slots are moved.", count)
    messages.success(request, said % {"count": count})
    return _to_slots(request, account.pk)


@require_POST
def remove_slot(request: HttpRequest, slug: str, slot_id: int) -> HttpResponse:
    slot = get_object_or_404(Slot.objects.select_related("workspace"), pk=slot_id)
    timetable.remove_slot(slot=slot, actor=request.actor)
    return _to_slots(request, slot.account_id)


def _to_slots(request: HttpRequest, account: int) -> HttpResponse:
    response = redirect("desk:schedule-slots", request.workspace.slug)
    response["Location"] += f"?account={account}"
    return response


# --- What repeats -----------------------------------------------------------------------------------------------------
@require_GET
def repeats(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    accounts = list(schedule_queries.accounts())
    pools = schedule_queries.pools()
    pooled = {each.pool.account_id for each in pools}
    context = {
        "rules": schedule_queries.rules(),
        "pools": pools,
        "accounts": accounts,
        "poolless": [each for each in accounts if each.pk not in pooled],
        "items": list(schedule_queries.items_to_choose()),
        "weekdays": sorted(WEEKDAYS_ABBR.items()),
    }
    return render(request, "desk/schedule_repeats.html", context)


@posted("schedule-repeats")
@asks_again
def add_recurrence(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("publish_content", request.workspace)
    account = account_of(request)
    item = get_object_or_404(Item.objects.select_related("workspace"), pk=parsing.number(request, "item"))
    if request.POST.get("rule") == "hours":
        rule = {"every_hours": parsing.number(request, "every_hours")}
    else:
        rule = {"weekdays": parsing.numbers(request, "weekday"), "time": parsing.wall_time(request, "time")}
    recurring.add_recurrence(
        item=item,
        account=account,
        actor=request.actor,
        starts_at=parsing.optional_moment(request, "starts_at", account.timezone),
        until=parsing.optional_moment(request, "until", account.timezone),
        count=parsing.optional_number(request, "count"),
        force=is_forced(request),
        **rule,
    )
    messages.success(
        request, _("“%(title)s” recurs. Its next posts show on the schedule shortly.") % {"title": item.title}
    )
    return redirect("desk:schedule-repeats", request.workspace.slug)


@require_POST
def act_on_recurrence(request: HttpRequest, slug: str, recurrence_id: int, action: str) -> HttpResponse:
    rule = get_object_or_404(queries.recurrences(), pk=recurrence_id)
    if action in {"stop", "resume"}:
        recurring.set_active(recurrence=rule, active=action == "resume", actor=request.actor)
    elif action == "remove":
        recurring.remove_recurrence(recurrence=rule, actor=request.actor)
    else:
        return HttpResponse(status=404)
    return redirect("desk:schedule-repeats", request.workspace.slug)


@posted("schedule-repeats")
def set_pool(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("publish_content", request.workspace)
    evergreen.set_pool(
        account=account_of(request),
        actor=request.actor,
        minimum_days=parsing.number(request, "minimum_days"),
        ahead_hours=parsing.number(request, "ahead_hours"),
        active=request.POST.get("active") == "1",
    )
    messages.success(request, _("Saved."))
    return redirect("desk:schedule-repeats", request.workspace.slug)


@require_POST
def add_to_pool(request: HttpRequest, slug: str, evergreen_pool_id: int) -> HttpResponse:
    pool = get_object_or_404(EvergreenPool.objects.select_related("workspace"), pk=evergreen_pool_id)
    request.actor.require("publish_content", request.workspace)
    item = get_object_or_404(Item.objects.select_related("workspace"), pk=parsing.number(request, "item"))
    evergreen.add_to_pool(pool=pool, item=item, actor=request.actor)
    return redirect("desk:schedule-repeats", request.workspace.slug)


@require_POST
def remove_from_pool(request: HttpRequest, slug: str, evergreen_entry_id: int) -> HttpResponse:
    entries = EvergreenEntry.objects.select_related("workspace", "pool")
    evergreen.remove_from_pool(entry=get_object_or_404(entries, pk=evergreen_entry_id), actor=request.actor)
    return redirect("desk:schedule-repeats", request.workspace.slug)


# --- Files and calendars ----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def files(request: HttpRequest, slug: str) -> HttpResponse:
    """Import with a look at every row first, export, and calendar addresses."""
    request.actor.require("view_content", request.workspace)
    if request.method == "GET":
        return _files_page(request)
    request.actor.require("publish_content", request.workspace)
    upload = request.FILES.get("file")
    content = upload.read(spreadsheet.MAX_BYTES + 1) if upload else request.POST.get("content", "")
    try:
        if not content:
            raise Invalid(_("Choose a CSV file with rows in it."))
        text = spreadsheet.decoded(content)
        report = spreadsheet.import_schedule(
            workspace=request.workspace,
            actor=request.actor,
            content=text,
            dry_run=request.POST.get("import") != "1",
            force=is_forced(request),
        )
    except Invalid as problem:
        return _files_page(request, problem=problem)
    if report.imported:
        count = len(report.rows)
        said = ngettext("%(count)s row is imported.", "%(count)s rows are imported.", count)
        messages.success(request, said % {"count": count})
        return redirect("desk:schedule", request.workspace.slug)
    return _files_page(request, report=report, content=text)


def _files_page(
    request: HttpRequest,
    *,
    report: Report | None = None,
    content: str = "",
    problem: Invalid | None = None,
    address: str = "",
) -> HttpResponse:
    context = {
        "report": report,
        "content": content,
        "problem": problem,
        "address": address,
        "columns": spreadsheet.COLUMNS,
        "calendars": list(queries.calendars()),
        "forced": is_forced(request),
    }
    return render(request, "desk/schedule_files.html", context, status=problem.status if problem else 200)


@require_GET
def export(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    posts = schedule_queries.posts(state=request.GET.get("state", "all"))
    return _csv(spreadsheet.export_schedule(posts[: spreadsheet.MAX_ROWS]), "schedule.csv")


@require_GET
def template(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    return _csv(spreadsheet.template(), "schedule-template.csv")


def _csv(content: str, name: str) -> HttpResponse:
    """Marked as UTF-8: Excel takes it for an older encoding otherwise."""
    response = HttpResponse(f"\ufeff{content}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@posted("schedule-files")
def make_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The address is on the answer and nowhere else."""
    name = request.POST.get("name", "") or str(_("Calendar"))
    _feed, address = calendars.make_calendar(workspace=request.workspace, actor=request.actor, name=name)
    response = _files_page(request, address=address)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_calendar(request: HttpRequest, slug: str, calendar_feed_id: int) -> HttpResponse:
    feed = get_object_or_404(queries.calendars(), pk=calendar_feed_id)
    calendars.revoke_calendar(feed=feed, actor=request.actor)
    messages.success(request, _("Revoked. The address answers nobody any more."))
    return redirect("desk:schedule-files", request.workspace.slug)
