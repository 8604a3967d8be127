"""Reading what others have published. One page that cannot be read never stops a plan."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError, Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content_plans.models import ContentPlan, ResearchPage
from apps.content_plans.services.plans import start_beside
from apps.engines.research import RESEARCHERS, Researcher, Source, keywords
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.runs import Work
from apps.workspaces.actors import Actor

log = structlog.get_logger(__name__)
_KEYWORDS = 15


def researcher() -> Researcher:
    """Firecrawl where the installation has a key or an address for it, else our own."""
    if settings.FIRECRAWL_KEY or settings.FIRECRAWL_URL:
        return RESEARCHERS["firecrawl"](
            api_key=settings.FIRECRAWL_KEY, base_url=settings.FIRECRAWL_URL, private_hosts=settings.PRIVATE_HOSTS
        )
    return RESEARCHERS["direct"](private_hosts=settings.PRIVATE_HOSTS)


def read_again(*, plan: ContentPlan, actor: Actor, page: ResearchPage | None = None) -> Run:
    """Queue that one page, or all of them, are fetched anew. Raises Conflict while the plan is processed, Invalid."""
    actor.require("write_content", plan.workspace)
    if plan.is_under_way:
        raise Conflict(_("This plan is being processed."), hint=_("Wait until it is done, or cancel the work."))
    if plan.skip_research or not plan.competitor_urls:
        raise Invalid(_("The brief names no pages to read."), hint=_("Add some to the brief."))
    urls = [page.url] if page else plan.competitor_urls
    return start_beside(plan, "plan_read", actor, {"urls": urls})


def carry_out_reading(*, plan: ContentPlan, work: Work) -> None:
    """The text that was written stays; what is found now is used when the plan is processed again."""
    work.plan(1)
    work.step("research", label=_("Researching"), total=max(len(plan.competitor_urls), 1))
    read_pages(plan, work, again=frozenset(work.run.args["urls"]))


def read_pages(plan: ContentPlan, work: Work, *, again: frozenset[str] = frozenset()) -> None:
    """Read the plan's pages. Those that were read before are kept, but for `again`; those that failed are retried."""
    urls = [] if plan.skip_research else plan.competitor_urls
    _forget(plan, urls)
    read = set(plan.pages.filter(outcome=ResearchPage.Outcome.READ).values_list("url", flat=True))
    reads = researcher()
    for number, url in enumerate(urls, 1):
        work.progress(number - 1, note=_("Page %(number)d of %(total)d") % {"number": number, "total": len(urls)})
        if url in read and url not in again:
            plan.pages.filter(url=url).update(position=number)
        else:
            _keep(plan, number, url, *_read(reads, url))
    count = plan.pages.filter(outcome=ResearchPage.Outcome.READ).count()
    said = _("%(read)d of %(total)d pages read") % {"read": count, "total": len(urls)}
    note = said if urls else _("No pages to read")
    work.progress(max(len(urls), 1), note=note)


def _forget(plan: ContentPlan, urls: list[str]) -> None:
    for page in plan.pages.exclude(url__in=urls):
        if page.snapshot:
            page.snapshot.delete(save=False)
        page.delete()


def _read(reads: Researcher, url: str) -> tuple[Source | None, str]:
    """What stands there, or why it could not be read."""
    try:
        return reads.read(url), ""
    except AdapterError as error:
        return None, f"{error.message} {error.hint}".strip()
    except Exception:
        # Whatever a page does to the parsers, the other pages are read.
        log.warning("page_not_read", url=url, exc_info=True)
        return None, _("The page could not be understood.")


def _keep(plan: ContentPlan, number: int, url: str, source: Source | None, error: str) -> None:
    """What was read before stays when the page cannot be read again; the reason then stands beside it."""
    page = plan.pages.filter(url=url).first() or ResearchPage(workspace=plan.workspace, plan=plan, url=url)
    page.position, page.error = number, fit(error, 500)
    if source:
        earlier = (page.snapshot.storage, page.snapshot.name) if page.snapshot else None
        _fill(page, source, plan)
        page.snapshot.save(f"{number}.html", ContentFile(source.snapshot), save=False)
        if earlier:
            earlier[0].delete(earlier[1])
    with unit_of_work():
        page.save()
        data = {"url": url, "outcome": page.outcome, "error": page.error, "title": page.title}
        emit(workspace=plan.workspace, type="plan.page", subject=plan, data=data)


def _fill(page: ResearchPage, source: Source, plan: ContentPlan) -> None:
    lines = [heading.text for heading in source.headings]
    language = source.language or plan.language
    found = keywords(source.text, language=language, headings=lines, title=source.title, most=_KEYWORDS)
    page.outcome, page.read_at, page.found_at = ResearchPage.Outcome.READ, timezone.now(), source.url[:1000]
    page.title, page.description, page.text = fit(source.title, 500), source.description, source.text
    page.headings = [[heading.level, heading.text] for heading in source.headings]
    page.questions, page.keywords = list(source.questions), [[each.text, each.count] for each in found]
    page.words, page.images, page.links = source.words, source.images, source.links
    page.language = source.language[:8]
