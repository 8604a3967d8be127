"""From a round to an item in review, with a variant for each platform."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.errors import Conflict, NotFound
from apps.common.text.similar import fingerprint
from apps.common.transactions import unit_of_work
from apps.content.models import Item, Revision
from apps.content.services import EDITABLE, Origin, Text, create_item, revise_item, submit_item
from apps.content_plans.models import ContentPlan, Round
from apps.content_plans.queries import text_platforms
from apps.content_plans.services.asking import Writer
from apps.content_plans.services.plans import start_beside
from apps.content_plans.services.variants import Prepared, keep_variants, prepare_variant, targets_of
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.runs import Work
from apps.templates.models import Generation
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor


def take_round(*, plan: ContentPlan, found: Round, actor: Actor) -> Run:
    """Queue that the item gets this round's text, as a new version. Raises Conflict, NotFound."""
    actor.require("write_content", plan.workspace)
    if found.plan_id != plan.pk:
        raise NotFound(_("There is no such round."))
    if plan.is_under_way:
        raise Conflict(_("This plan is being processed."), hint=_("Wait until it is done."))
    with unit_of_work():
        data = {"title": plan.title, "edition": found.edition, "round": found.number}
        audit.record(workspace=plan.workspace, actor=actor, action="plan.take", target=plan, data=data)
        return start_beside(plan, "plan_take", actor, {"round": found.pk})


def carry_out_take(*, plan: ContentPlan, work: Work) -> Item:
    work.plan(2)
    found = Round._base_manager.filter(plan=plan, pk=work.run.args["round"]).first()
    if found is None:
        raise NotFound(_("There is no such round."))
    return deliver(plan, found, Writer(plan), work)


def deliver(plan: ContentPlan, found: Round, writer: Writer, work: Work) -> Item:
    """Variants first, then the item at once with all of them: a review never sees half of it."""
    prepared = _prepare(plan, found, writer, work)
    work.step("item", label=_("Handing over for review"), total=1)
    with unit_of_work():
        item = _open_item(plan)
        revision = _revise(plan, found, item) if item else None
        if item is None:
            item = _create(plan, found)
            revision = item.current_revision
        if not revision.variants.exists():
            keep_variants(revision, prepared)
        if item.state == "draft":
            submit_item(item=item, actor=SYSTEM)
        plan.keep(
            item=item,
            round=found,
            variant_notes={each.platform: each.note for each in prepared if each.note},
            fingerprint=fingerprint(found.markdown),
            seo_score=found.seo_score,
        )
        Round._base_manager.filter(pk=found.pk).update(item=item)
        data = {"title": plan.title, "item": item.pk, "round": found.number}
        emit(workspace=plan.workspace, type="plan.item", subject=plan, data=data)
    return item


def _prepare(plan: ContentPlan, found: Round, writer: Writer, work: Work) -> list[Prepared]:
    targets = targets_of(plan)
    work.step("variants", label=_("Writing variants"), total=max(len(targets), 1))
    prepared = []
    for number, platform in enumerate(targets, 1):
        work.progress(number - 1, note=str(text_platforms()[platform].label))
        prepared.append(prepare_variant(plan, found, platform, writer))
    said = ngettext("%(count)d variant", "%(count)d variants", len(prepared)) % {"count": len(prepared)}
    work.progress(max(len(targets), 1), note=said)
    return prepared


def _open_item(plan: ContentPlan) -> Item | None:
    """The plan's item while its text can still change; what was published stays as it is."""
    rows = Item._base_manager.select_related("workspace", "current_revision")
    item = rows.filter(plan=plan.pk).first()
    return item if item and item.state in EDITABLE else None


def _text(found: Round) -> Text:
    meta = found.metadata
    return Text(
        title=meta["title"],
        parts=[{"number": 1, "title": "", "text": found.markdown}],
        description=meta["description"],
        hashtags=meta["hashtags"],
        card={"title": meta.get("seo_title", ""), "description": meta["description"]},
    )


def _create(plan: ContentPlan, found: Round) -> Item:
    origin = Origin(name=str(plan._meta.verbose_name), title=plan.title)
    item = create_item(
        workspace=plan.workspace,
        actor=SYSTEM,
        kind=Item.Kind.PLAN,
        format=Item.Format.TEXT,
        text=_text(found),
        origin=origin,
        language=plan.language,
        generation=_generation(found),
    )
    return Item._base_manager.select_related("workspace", "current_revision").get(pk=item.pk)


def _generation(found: Round) -> Generation | None:
    return Generation._base_manager.filter(pk=found.generation_id).first()


def _revise(plan: ContentPlan, found: Round, item: Item) -> Revision:
    """A new version of the item, unless it says the same already."""
    text, current = _text(found), item.current_revision
    same = (current.title, current.body, current.description) == (text.title, found.markdown, text.description)
    if same and plan.round_id == found.pk:
        return current
    note = _("Round %(number)d of processing %(edition)d") % {"number": found.number, "edition": found.edition}
    return revise_item(
        item=item,
        actor=SYSTEM,
        text=text,
        base=current.number,
        note=note,
        variants=[],
        generation=_generation(found),
    )
