from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content_plans.models.plan import ContentPlan
from apps.engines.research.base import Heading, Source
from apps.workspaces.models import WorkspaceModel


def snapshot_path(page: ResearchPage, filename: str) -> str:
    return f"w{page.workspace_id}/plans/{page.plan_id}/{filename}"


class ResearchPage(WorkspaceModel):
    """A page of somebody else, as it was read for a plan.

    headings: [[2, "What it costs"], …]; keywords: [["rain barrel", 14], …] with how often each stands there. snapshot:
    the page as it came; it is kept as proof and never shown as a page. error: why it was not read, or not again.
    """

    class Outcome(models.TextChoices):
        READ = "read", _("Read")
        FAILED = "failed", _("Not read")

    plan = models.ForeignKey(ContentPlan, on_delete=models.CASCADE, related_name="pages", verbose_name=_("plan"))
    position = models.PositiveSmallIntegerField(_("number"), default=1)
    url = models.URLField(_("address"), max_length=1000)
    found_at = models.URLField(_("found at"), max_length=1000, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, default=Outcome.FAILED)
    error = models.CharField(_("why not"), max_length=500, blank=True)
    title = models.CharField(_("title"), max_length=500, blank=True)
    description = models.TextField(_("description"), blank=True)
    text = models.TextField(_("text"), blank=True)
    headings = models.JSONField(_("headings"), default=list)
    questions = models.JSONField(_("questions"), default=list)
    keywords = models.JSONField(_("keywords"), default=list)
    words = models.PositiveIntegerField(_("words"), default=0)
    images = models.PositiveIntegerField(_("images"), default=0)
    links = models.PositiveIntegerField(_("links"), default=0)
    language = models.CharField(_("language"), max_length=8, blank=True)
    snapshot = models.FileField(_("snapshot"), upload_to=snapshot_path, max_length=300, blank=True, editable=False)
    read_at = models.DateTimeField(_("read"), default=timezone.now)

    class Meta:
        verbose_name = _("page read for a plan")
        verbose_name_plural = _("pages read for plans")
        ordering = ["plan", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "url"], name="page_once_per_plan")]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def source(self) -> Source:
        return Source(
            url=self.found_at or self.url,
            title=self.title,
            description=self.description,
            text=self.text,
            headings=tuple(Heading(level, text) for level, text in self.headings),
            questions=tuple(self.questions),
            words=self.words,
            images=self.images,
            links=self.links,
            language=self.language,
        )
