from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.templates.models.prompt import Kind, PromptVersion
from apps.workspaces.models import WorkspaceModel


class Generation(WorkspaceModel):
    """One call to a text engine, or the reuse of an earlier answer to the same question.

    usage: {"input_tokens": 512, "output_tokens": 130}, as the engine counted; cost: in US dollars, None when unknown.
    reserved: set aside for the call while it runs. What became of the answer: seo_score 0 to 100; edit_share: how much
    of it people changed before it went out, 0 to 1; engagement: of the post made from it, relative to the expected.
    version: None for a draft that was tried without being kept. trial: asked to try a version, not for work.
    provider: whom it asked, "" for the installation's. rests_until: the provider asked not to be asked before then.
    new_links: links and mentions in the answer that it was not given; what is made from it is reviewed by a person.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", _("Being written")
        PARSED = "parsed", _("Answered")
        REFUSAL = "refusal", _("Refused")
        TRUNCATED = "truncated", _("Cut off")
        INVALID = "invalid", _("Not in the asked form")
        ERROR = "error", _("Failed")
        UNAVAILABLE = "unavailable", _("No answer")

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    version = models.ForeignKey(
        PromptVersion, on_delete=models.RESTRICT, null=True, related_name="generations", verbose_name=_("version")
    )
    subject = models.CharField(_("for"), max_length=80, blank=True, db_index=True)
    prompt_hash = models.CharField(max_length=64)
    question = models.CharField(max_length=64, help_text=_("Hash of everything that the answer depends on."))
    engine = models.CharField(_("engine"), max_length=40)
    model = models.CharField(_("model"), max_length=120, blank=True)
    provider = models.CharField(max_length=200, blank=True)
    rests_until = models.DateTimeField(null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    data = models.JSONField(_("answer"), null=True)
    note = models.TextField(_("what the engine said"), blank=True)
    usage = models.JSONField(_("usage"), default=dict)
    cost = models.DecimalField(_("cost, USD"), max_digits=12, decimal_places=6, null=True)
    reserved = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    seconds = models.FloatField(_("took, seconds"), default=0)
    reused = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("answer reused from")
    )
    seo_score = models.PositiveSmallIntegerField(_("SEO score"), null=True)
    edit_share = models.FloatField(_("changed by people"), null=True)
    engagement = models.FloatField(_("engagement"), null=True)
    trial = models.BooleanField(_("trial"), default=False)
    new_links = models.JSONField(_("links it was not given"), default=list)
    actor = models.CharField(_("asked by"), max_length=160)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("generation")
        verbose_name_plural = _("generations")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["workspace", "question"], name="generation_by_question"),
            models.Index(fields=["workspace", "created_at"], name="generation_by_time"),
            models.Index(fields=["provider", "created_at"], name="generation_by_provider"),
            models.Index(
                fields=["rests_until"], condition=models.Q(rests_until__isnull=False), name="generation_that_rests"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_outcome_display()}"
