"""Reading what others have published. One page that cannot be read never stops a plan."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.transactions import unit_of_work
from apps.content_plans.models import ContentPlan, ResearchPage
from apps.engines.research import RESEARCHERS, Researcher, Source, keywords
from apps.lifecycle.events import emit
from apps.lifecycle.runs import Work

log = structlog.get_logger(__name__)
_KEYWORDS = 15


def researcher() -> Researcher:
    """Firecrawl where the installation has a key for it, else our own."""
    if settings.FIRECRAWL_KEY:
        return RESEARCHERS["firecrawl"](api_key=settings.FIRECRAWL_KEY, private_hosts=settings.PRIVATE_HOSTS)
    return RESEARCHERS["direct"](private_hosts=settings.PRIVATE_HOSTS)


def read_pages(plan: ContentPlan, work: Work) -> None:
    """Read the plan's pages; those that were read before are kept, those that failed are tried again."""
    urls = [] if plan.skip_research else plan.competitor_urls
    _forget(plan, urls)
    known = set(plan.pages.filter(outcome=ResearchPage.Outcome.READ).values_list("url", flat=True))
    reads = researcher()
    for number, url in enumerate(urls, 1):
        work.progress(number - 1, note=_("Page %(number)d of %(total)d") % {"number": number, "total": len(urls)})
        if url in known:
            plan.pages.filter(url=url).update(position=number)
        else:
            _keep(plan, number, url, *_read(reads, url))
    read = plan.pages.filter(outcome=ResearchPage.Outcome.READ).count()
    note = _("%(read)d of %(total)d pages read") % {"read": read, "total": len(urls)} if urls else _("No pages to read")
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
    page = plan.pages.filter(url=url).first() or ResearchPage(workspace=plan.workspace, plan=plan, url=url)
    page.position, page.error = number, error[:500]
    page.outcome = ResearchPage.Outcome.READ if source else ResearchPage.Outcome.FAILED
    if source:
        _fill(page, source, plan)
        page.snapshot.save(f"{number}.html", ContentFile(source.snapshot), save=False)
    with unit_of_work():
        page.save()
        data = {"url": url, "outcome": page.outcome, "error": page.error, "title": page.title}
        emit(workspace=plan.workspace, type="plan.page", subject=plan, data=data)


def _fill(page: ResearchPage, source: Source, plan: ContentPlan) -> None:
    lines = [heading.text for heading in source.headings]
    language = source.language or plan.language
    found = keywords(source.text, language=language, headings=lines, title=source.title, most=_KEYWORDS)
    page.found_at = source.url[:1000]
    page.title, page.description, page.text = source.title[:500], source.description, source.text
    page.headings = [[heading.level, heading.text] for heading in source.headings]
    page.questions, page.keywords = list(source.questions), [[each.text, each.count] for each in found]
    page.words, page.images, page.links = source.words, source.images, source.links
    page.language = source.language[:8]
