"""Making, changing and queueing plans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import regex
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content_plans.models import ContentPlan, PlanSettings
from apps.content_plans.queries import text_platforms
from apps.content_plans.services.options import settings_of
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.runs import cancel_run, start_run
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.models import Account
from apps.templates.models import Kind
from apps.templates.queries import versions_of
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import User, Workspace

MOST_PAGES, MOST_PHRASES, MOST_SAID = 10, 12, 5000
OVERRIDABLE = (
    Kind.RESEARCH_SUMMARY, Kind.OUTLINE, Kind.BLOG_DRAFT, Kind.METADATA, Kind.SEO_REWRITE, Kind.VARIANT,
)  # fmt: skip
_CLEAR: dict[str, Any] = {"problem": None, "waiting": None, "waits_until": None}
_LANGUAGE = regex.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
_SEPARATORS = regex.compile(r"[\n;]+")


@dataclass(frozen=True)
class PlanDraft:
    """What a person says about a plan. accounts: ids; owner: a member's id; overrides: version by kind of template."""

    title: str
    goal: str = ""
    audience: str = ""
    keyphrase: str = ""
    secondary: tuple[str, ...] = ()
    tone: str = ""
    language: str = ""
    platforms: tuple[str, ...] = ()
    accounts: tuple[int, ...] = ()
    competitor_urls: tuple[str, ...] = ()
    skip_research: bool = False
    overrides: dict[str, int] | None = None
    due_on: date | None = None
    owner: int | None = None


def listed(text: str) -> tuple[str, ...]:
    """The entries of a field that holds one a line, or several parted by semicolons."""
    return tuple(dict.fromkeys(entry.strip() for entry in _SEPARATORS.split(text) if entry.strip()))


def draft_of(plan: ContentPlan) -> PlanDraft:
    return PlanDraft(
        title=plan.title,
        goal=plan.goal,
        audience=plan.audience,
        keyphrase=plan.keyphrase,
        secondary=tuple(plan.secondary),
        tone=plan.tone,
        language=plan.language,
        platforms=tuple(plan.platforms),
        accounts=tuple(plan.accounts.values_list("pk", flat=True)),
        competitor_urls=tuple(plan.competitor_urls),
        skip_research=plan.skip_research,
        overrides=dict(plan.overrides),
        due_on=plan.due_on,
        owner=plan.owner_id,
    )


def mark_of(plan: ContentPlan) -> str:
    """Another one for every other brief."""
    return sha256(repr(draft_of(plan)).encode()).hexdigest()


def create_plan(*, workspace: Workspace, actor: Actor, draft: PlanDraft) -> ContentPlan:
    """A plan in draft; where the workspace wants it so, it is processed at once. Raises Invalid."""
    actor.require("write_content", workspace)
    owner = draft.owner or (actor.user.pk if actor.user else None)
    draft = checked(workspace, replace(draft, owner=owner))
    with unit_of_work():
        plan = ContentPlan(workspace=workspace)
        _write(plan, draft)
        _tell(plan, actor, "create")
        if settings_of(workspace).start == PlanSettings.Start.AT_ONCE:
            process(plan=plan, actor=actor)
    return plan


def edit_plan(*, plan: ContentPlan, actor: Actor, draft: PlanDraft, seen: str | None = None) -> ContentPlan:
    """Change the brief; it holds from the next processing on. seen: the mark of the brief that the author saw.

    Raises Invalid, Conflict while it is processed or when the brief is another by now.
    """
    actor.require("write_content", plan.workspace)
    draft = checked(plan.workspace, draft)
    with unit_of_work():
        plan = ContentPlan._base_manager.select_related("workspace").select_for_update(of=("self",)).get(pk=plan.pk)
        _require_rest(plan)
        if seen is not None and seen != mark_of(plan):
            raise Conflict(
                _("Somebody has changed this brief meanwhile."),
                hint=_("What you see is yours; saving again puts it in place of theirs."),
            )
        # What was begun is of another brief: trying again begins anew.
        plan.begun_at = None
        _write(plan, draft)
        _tell(plan, actor, "edit")
    return plan


def duplicate_plan(*, plan: ContentPlan, actor: Actor) -> ContentPlan:
    """A new draft with the same brief; nothing that was made comes along."""
    actor.require("write_content", plan.workspace)
    title = _("%(title)s (copy)") % {"title": fit(plan.title, 280)}
    with unit_of_work():
        copy = ContentPlan(workspace=plan.workspace)
        _write(copy, replace(draft_of(plan), title=title, owner=actor.user.pk if actor.user else plan.owner_id))
        _tell(copy, actor, "create")
    return copy


def delete_plan(*, plan: ContentPlan, actor: Actor) -> None:
    """The item made from it stays; what is done about it otherwise ends. Raises Conflict while it is processed."""
    actor.require("write_content", plan.workspace)
    snapshots = [page.snapshot for page in plan.pages.all() if page.snapshot]
    with unit_of_work():
        plan = ContentPlan._base_manager.select_related("workspace").select_for_update(of=("self",)).get(pk=plan.pk)
        _require_rest(plan)
        for run in Run._base_manager.filter(subject=audit.describe(plan), state__in=["queued", "running"]):
            cancel_run(run=run, actor=SYSTEM)
        _tell(plan, actor, "delete")
        plan.delete()
    for snapshot in snapshots:
        snapshot.storage.delete(snapshot.name)


def process(*, plan: ContentPlan, actor: Actor) -> ContentPlan:
    """Queue a plan, or one that failed again; one that waits for money looks again. Raises TransitionRefused."""
    if plan.waiting and plan.is_under_way:
        actor.require("write_content", plan.workspace)
        resume_plan(plan=plan, actor=actor)
        return plan
    if plan.state == "failed":
        return retry_plan(plan=plan, actor=actor)
    return advance(plan, "process", actor=actor, fields=_from_the_start(), data={"title": plan.title})


def retry_plan(*, plan: ContentPlan, actor: Actor) -> ContentPlan:
    """Queue a plan that failed again; of the same brief, what is there already is kept. Raises TransitionRefused."""
    fields = _CLEAR if plan.begun_at else _from_the_start()
    return advance(plan, "retry", actor=actor, fields=fields, data={"title": plan.title})


def _from_the_start() -> dict[str, Any]:
    return {**_CLEAR, "edition": F("edition") + 1, "begun_at": timezone.now(), "brief": None, "outline": None}


def resume_plan(*, plan: ContentPlan, actor: Actor = SYSTEM) -> Run:
    """Go on with a plan from the state it is in; work that is under way already is returned as it is."""
    return start_run(workspace=plan.workspace, kind="plan", subject=plan, actor=actor)


def start_beside(plan: ContentPlan, kind: str, actor: Actor, args: dict[str, Any]) -> Run:
    """Queue work on a plan that is not its processing. Raises Conflict while the same is done with something else."""
    run = start_run(workspace=plan.workspace, kind=kind, subject=plan, actor=actor, args=args)
    if run.args != args:
        raise Conflict(_("Work like this is under way with this plan."), hint=_("Wait until it is done, or cancel it."))
    return run


def fail_plan(*, plan: ContentPlan, run: Run) -> None:
    """After its work ended badly: say so, with what the work said."""
    error = run.error or {"message": _("The work was cancelled."), "hint": _("Try again.")}
    problem = {"message": error["message"], "hint": error.get("hint", "")}
    fields = {"problem": problem, "waiting": None, "waits_until": None}
    advance(plan, "fail", actor=SYSTEM, fields=fields, data={"title": plan.title, **problem})


def start_due_plans(*, most: int = 50) -> int:
    """Queue the drafts whose due date has come near, where workspaces want that; the sweeper calls it."""
    count = 0
    for options in PlanSettings._base_manager.filter(start=PlanSettings.Start.DUE).select_related("workspace"):
        today = timezone.localdate(timezone=options.workspace.timezone)
        until = today + timedelta(days=options.lead_days)
        due = ContentPlan._base_manager.filter(workspace=options.workspace, state="draft", due_on__lte=until)
        for plan in due.select_related("workspace").order_by("due_on", "pk")[: most - count]:
            try:
                process(plan=plan, actor=SYSTEM)
                count += 1
            except TransitionRefused:
                continue
    return count


def _require_rest(plan: ContentPlan) -> None:
    if plan.is_under_way:
        raise Conflict(_("This plan is being processed."), hint=_("Wait until it is done, or cancel the work."))


def _tell(plan: ContentPlan, actor: Actor, action: str) -> None:
    data = {"title": plan.title}
    audit.record(workspace=plan.workspace, actor=actor, action=f"plan.{action}", target=plan, data=data)
    said = {"action": action, "from": None, "to": plan.state, "by": actor.label, **data}
    kind = "plan.state" if action == "create" else f"plan.{action}"
    emit(workspace=plan.workspace, type=kind, subject=plan, data=said)


def _write(plan: ContentPlan, draft: PlanDraft) -> None:
    for name in (
        "title", "goal", "audience", "keyphrase", "tone", "language", "skip_research", "due_on",
    ):  # fmt: skip
        setattr(plan, name, getattr(draft, name))
    for name in ("secondary", "platforms", "competitor_urls"):
        setattr(plan, name, list(getattr(draft, name)))
    plan.overrides, plan.owner_id = draft.overrides or {}, draft.owner
    plan.save()
    plan.accounts.set(draft.accounts)


def checked(workspace: Workspace, draft: PlanDraft) -> PlanDraft:
    """The draft as it is kept. Raises Invalid with every problem, by field."""
    title = " ".join(draft.title.split())
    language = (draft.language or workspace.language).lower()
    urls = tuple(dict.fromkeys(url.strip().partition("#")[0] for url in draft.competitor_urls if url.strip()))
    phrases = tuple(dict.fromkeys(" ".join(each.split()) for each in draft.secondary if each.strip()))
    problems = {
        "title": _said(not title, _("Give it a title.")) or _said(len(title) > 300, _("At most 300 characters.")),
        "goal": _said(len(draft.goal) > MOST_SAID, _("At most %(count)d characters.") % {"count": MOST_SAID}),
        "audience": _said(len(draft.audience) > MOST_SAID, _("At most %(count)d characters.") % {"count": MOST_SAID}),
        "keyphrase": _said(len(draft.keyphrase) > 120, _("At most 120 characters.")),
        "tone": _said(len(draft.tone) > 120, _("At most 120 characters.")),
        "secondary": _said(
            len(phrases) > MOST_PHRASES or any(len(each) > 120 for each in phrases),
            _("At most %(count)d phrases, of 120 characters each.") % {"count": MOST_PHRASES},
        ),
        "language": _said(not _LANGUAGE.fullmatch(language) or len(language) > 8, _("Give a code, such as en or ml.")),
        "competitor_urls": _url_problems(urls),
        "platforms": _unknown(draft.platforms, text_platforms(), _("“%(name)s” takes no texts, or is unknown.")),
        "accounts": _account_problems(workspace, draft.accounts),
        "overrides": _override_problems(workspace, draft.overrides or {}),
        "owner": _owner_problems(workspace, draft.owner),
    }
    problems = {name: said for name, said in problems.items() if said}
    if problems:
        raise Invalid(_("The plan is not complete."), **problems)
    return replace(
        draft,
        title=title,
        keyphrase=" ".join(draft.keyphrase.split()),
        secondary=phrases,
        language=language,
        competitor_urls=urls,
        platforms=tuple(dict.fromkeys(draft.platforms)),
    )


def _said(wrong: bool, sentence: str) -> list[str]:
    return [sentence] if wrong else []


def _url_problems(urls: tuple[str, ...]) -> list[str]:
    wrong = [url for url in urls if not _is_web_address(url)]
    said = [_("“%(url)s” is no web address.") % {"url": url[:100]} for url in wrong]
    return said + _said(len(urls) > MOST_PAGES, _("At most %(count)d pages.") % {"count": MOST_PAGES})


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    fit = len(url) <= 1000 and not any(each.isspace() for each in url)
    return fit and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _unknown(names: Iterable[str], known: Iterable[str], sentence: str) -> list[str]:
    return [sentence % {"name": name} for name in names if name not in set(known)]


def _account_problems(workspace: Workspace, accounts: tuple[int, ...]) -> list[str]:
    found = Account._base_manager.filter(workspace=workspace, pk__in=accounts).count() if accounts else 0
    return _said(found != len(set(accounts)), _("There is no such account here."))


def _override_problems(workspace: Workspace, overrides: dict[str, int]) -> list[str]:
    said = _unknown(overrides, OVERRIDABLE, _("Plans use no template of the kind “%(name)s”."))
    for kind, version in overrides.items():
        if not versions_of(workspace).filter(pk=version, template__kind=kind).exists():
            said.append(_("There is no such version of the template “%(name)s” here.") % {"name": kind})
    return said


def _owner_problems(workspace: Workspace, owner: int | None) -> list[str]:
    known = owner is None or User.objects.filter(pk=owner, memberships__workspace=workspace).exists()
    return _said(not known, _("The owner must be a member."))
