from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content_plans.models.plan import ContentPlan, tone_of
from apps.workspaces.models import WorkspaceModel


class Round(WorkspaceModel):
    """One version of a plan's text, as it was written and judged; but for `item` it is never changed.

    edition: which processing of the plan made it; number: 1 is the draft. metadata: {"title", "seo_title",
    "description", "slug", "excerpt", "hashtags"}. scores: {"keyphrase_density": 9, …}. gap: [["rain barrel", 3, 4.1,
    0], …], terms with the number of pages that have them, their count per 1,000 words there, and ours. integrity: as
    `integrity_of` says. asked: what was to be mended. diff: [["same"|"added"|"removed", text], …] to the round before.
    cost: US dollars, None when unknown; calls: questions that were not answered before. item: the one that got this
    text last.
    """

    plan = models.ForeignKey(ContentPlan, on_delete=models.CASCADE, related_name="rounds", verbose_name=_("plan"))
    edition = models.PositiveIntegerField(_("processing"))
    number = models.PositiveIntegerField(_("round"))
    markdown = models.TextField(_("text"))
    metadata = models.JSONField(_("metadata"), default=dict)
    claims = models.JSONField(_("claims"), default=list)
    scores = models.JSONField(_("scores"), default=dict)
    seo_score = models.PositiveSmallIntegerField(_("SEO score"))
    readability = models.PositiveSmallIntegerField(_("readability"))
    words = models.PositiveIntegerField(_("words"), default=0)
    gap = models.JSONField(_("term gap"), default=list)
    integrity = models.JSONField(_("integrity"), default=dict)
    asked = models.JSONField(_("asked for"), default=list)
    diff = models.JSONField(_("changes"), default=list)
    engine = models.CharField(_("engine"), max_length=40, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    cost = models.DecimalField(_("cost, USD"), max_digits=12, decimal_places=6, null=True)
    calls = models.PositiveIntegerField(_("model calls"), default=0)
    generation = models.ForeignKey(
        "prompt_templates.Generation", on_delete=models.SET_NULL, null=True, related_name="+",
        verbose_name=_("generation"),
    )  # fmt: skip
    item = models.ForeignKey(
        "content.Item", on_delete=models.SET_NULL, null=True, related_name="rounds", editable=False,
        verbose_name=_("item"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        verbose_name = _("round of a plan")
        verbose_name_plural = _("rounds of plans")
        ordering = ["plan", "edition", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "edition", "number"], name="round_number_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} · {self.edition}.{self.number}"

    @property
    def score_tone(self) -> str:
        return tone_of(self.seo_score)
