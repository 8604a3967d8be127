from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content_plans.machine import UNDER_WAY
from apps.lifecycle.models import StatefulModel
from apps.platforms.models import Account


class ContentPlan(StatefulModel):
    """A brief, and what became of it.

    secondary: further keyphrases. platforms: slugs of platforms that get a variant of their own; accounts: where the
    finished item is scheduled, beside those that take items by themselves. overrides: {"outline": 12}, the version of
    an AI template by kind. edition: how often it was processed, begun_at: the last time, None when the brief has
    changed since. waiting: {"message", "hint"} while it may not go on; waits_until: when to look again. problem:
    {"message", "hint"} of what stopped it.
    fingerprint: of the text it has, for finding doubles. variant_notes: by platform, what had to be done to make a
    variant fit. round: the one whose text the item has.
    """

    title = models.CharField(_("title"), max_length=300)
    goal = models.TextField(_("goal"), blank=True)
    audience = models.TextField(_("audience"), blank=True)
    keyphrase = models.CharField(_("keyphrase"), max_length=120, blank=True)
    secondary = models.JSONField(_("further keyphrases"), default=list, blank=True)
    tone = models.CharField(_("tone"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    platforms = models.JSONField(_("platforms"), default=list, blank=True)
    accounts = models.ManyToManyField(Account, blank=True, related_name="+", verbose_name=_("accounts"))
    competitor_urls = models.JSONField(_("pages to read"), default=list, blank=True)
    skip_research = models.BooleanField(_("skip research"), default=False)
    overrides = models.JSONField(_("AI templates of its own"), default=dict, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("owner"),
    )  # fmt: skip

    edition = models.PositiveIntegerField(_("times processed"), default=0, editable=False)
    begun_at = models.DateTimeField(_("processing begun"), null=True, editable=False)
    brief = models.JSONField(_("summary of the research"), null=True, editable=False)
    outline = models.JSONField(_("outline"), null=True, editable=False)
    waiting = models.JSONField(_("waits for"), null=True, editable=False)
    waits_until = models.DateTimeField(null=True, editable=False)
    problem = models.JSONField(_("problem"), null=True, editable=False)
    seo_score = models.PositiveSmallIntegerField(_("SEO score"), null=True, editable=False)
    rounds_done = models.PositiveSmallIntegerField(_("rounds"), default=0, editable=False)
    fingerprint = models.CharField(max_length=16, blank=True, editable=False)
    round = models.ForeignKey(
        "content_plans.Round", on_delete=models.SET_NULL, null=True, related_name="+", editable=False,
        verbose_name=_("round taken"),
    )  # fmt: skip
    item = models.OneToOneField(
        "content.Item", on_delete=models.SET_NULL, null=True, related_name="plan", editable=False,
        verbose_name=_("item"),
    )  # fmt: skip
    variant_notes = models.JSONField(_("about the variants"), default=dict, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("content plan")
        verbose_name_plural = _("content plans")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["workspace", "state", "-created_at"], name="plan_by_state"),
            models.Index(fields=["workspace", "-created_at", "-id"], name="plan_by_time"),
            models.Index(fields=["state", "due_on"], name="plan_by_due"),
        ]

    def __str__(self) -> str:
        return self.title

    def keep(self, **fields: Any) -> None:
        """Write these fields and no other: somebody else may have the plan in hand as well."""
        for name, value in fields.items():
            setattr(self, name, value)
        type(self)._base_manager.filter(pk=self.pk).update(**fields)

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def score_tone(self) -> str:
        return tone_of(self.seo_score)


def tone_of(score: int | None) -> str:
    """The colour of an SEO score: the limits that Yoast's lights have."""
    if score is None:
        return "neutral"
    return "good" if score > 70 else "waiting" if score > 40 else "bad"
