"""Rounds: judge the text, ask for what failed to be mended, and stop when it no longer pays."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.common.text.similar import fingerprint
from apps.common.text.words import words
from apps.common.transactions import unit_of_work
from apps.content.queries import diff_words
from apps.content_plans.integrity import integrity_of, new_statements
from apps.content_plans.judging import gap_of, report_of, scores_of
from apps.content_plans.models import ContentPlan, Round
from apps.content_plans.queries import rounds_of, sources_of
from apps.content_plans.services.asking import Bill, Writer
from apps.content_plans.services.drafting import write_metadata
from apps.content_plans.services.options import settings_of
from apps.engines.seo import Report
from apps.lifecycle.events import emit
from apps.lifecycle.runs import Work
from apps.templates.spending import BudgetExceeded

# Checks that another title or description mends, and none that a rewrite of the text does.
_OF_METADATA = frozenset(
    {"title_keyphrase", "title_width", "description_keyphrase", "description_length", "slug_keyphrase"}
)

# What only a person has: pictures, pages to link to, another keyphrase. A model that is asked for some makes them up.
_FOR_PEOPLE = frozenset({"images", "image_alt", "internal_links", "outbound_links", "keyphrase_length"})


def keep_round(
    plan: ContentPlan,
    *,
    markdown: str,
    metadata: dict[str, Any],
    claims: list[dict[str, Any]],
    bill: Bill,
    asked: list[str],
    before: Round | None,
) -> Round:
    """Judge a text and keep it with what it cost."""
    report, sources = report_of(plan, markdown, metadata), [*sources_of(plan).values()]
    # Where only title and description are new, the text is still by whom it was.
    author = bill.text or (before.generation if before else None)
    made = Round(
        workspace=plan.workspace,
        plan=plan,
        edition=plan.edition,
        number=before.number + 1 if before else 1,
        markdown=markdown,
        metadata=metadata,
        claims=claims,
        scores=scores_of(report),
        seo_score=report.score,
        readability=report.readability,
        words=len(words(markdown)),
        gap=gap_of(plan, markdown, sources),
        integrity=integrity_of(plan, markdown, claims, sources),
        asked=asked,
        diff=[[each.kind, each.text] for each in diff_words(before.markdown, markdown)] if before else [],
        engine=author.engine if author else "",
        model=author.model if author else "",
        cost=bill.cost,
        calls=bill.calls,
        generation=author,
    )
    with unit_of_work():
        made.save()
        plan.keep(seo_score=made.seo_score, rounds_done=made.number, fingerprint=fingerprint(markdown))
        bill.score(made.seo_score)
        data = {"round": made.number, "edition": made.edition, "score": made.seo_score, "title": plan.title}
        emit(workspace=plan.workspace, type="plan.round", subject=plan, data=data)
    return made


def refine(plan: ContentPlan, writer: Writer, work: Work) -> str:
    """Rewrite until the target, the last round allowed, no gain, or no money; says why it stopped."""
    options = settings_of(plan.workspace)
    while True:
        rounds = list(rounds_of(plan).filter(edition=plan.edition))
        last = rounds[-1]
        if last.seo_score >= options.target_score:
            return _("The target of %(score)d is reached") % {"score": options.target_score}
        if len(rounds) > options.most_rounds:
            return _("The last round is done")
        if len(rounds) > 1 and last.seo_score <= rounds[-2].seo_score:
            return _("No gain in the last round")
        work.progress(len(rounds) - 1, note=_("Round %(number)d") % {"number": len(rounds) + 1})
        try:
            changed = _mend(plan, writer, last)
        except BudgetExceeded:
            return _("There is no money for another round")
        if not changed:
            return _("Nothing was changed, so nothing is tried again")


def _mend(plan: ContentPlan, writer: Writer, last: Round) -> bool:
    """Another text for what a rewrite mends, another title and description for what these do; whether any changed."""
    report = report_of(plan, last.markdown, last.metadata)
    of_text, of_metadata = problems_of(report)
    markdown, metadata = last.markdown, last.metadata
    if of_text:
        variables = {"text": markdown, "keyphrase": plan.keyphrase, "tone": plan.tone, "problems": of_text}
        markdown = writer.ask("seo_rewrite", variables)["markdown"].strip()
    if of_metadata:
        metadata = write_metadata(plan, writer, markdown, problems=of_metadata)
    if (markdown, metadata) == (last.markdown, last.metadata):
        return False
    bill, asked = writer.settle(), of_text + of_metadata
    claims = [*last.claims, *new_statements(plan, last.markdown, markdown, sources_of(plan))]
    keep_round(plan, markdown=markdown, metadata=metadata, claims=claims, bill=bill, asked=asked, before=last)
    return True


def problems_of(report: Report) -> tuple[list[str], list[str]]:
    """In words: what a rewrite of the text can mend, and what another title or description can."""
    to_do = [check for check in report.to_do if check.hint and check.id not in _FOR_PEOPLE]
    failed = [(check.id in _OF_METADATA, f"{check.label}: {check.hint}") for check in to_do]
    return [said for about, said in failed if not about], [said for about, said in failed if about]


def best_round(plan: ContentPlan) -> Round:
    """Of this processing: the highest score, then the easiest to read, then the earliest."""
    rounds = rounds_of(plan).filter(edition=plan.edition)
    return max(rounds, key=lambda each: (each.seo_score, each.readability, -each.number))
