from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.templates.models.generation import Generation
from apps.templates.models.prompt import Kind, PromptVersion
from apps.workspaces.models import WorkspaceModel


class PromptCase(WorkspaceModel):
    """What a version of a kind must do right: variables, and what must hold for the answer.

    checks: [{"check": "contains", "field": "hook", "value": "harbour"}, …]; field "": the answer as a whole.
    """

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120)
    variables = models.JSONField(_("variables"), default=dict)
    checks = models.JSONField(_("checks"), default=list)
    author_label = models.CharField(_("by"), max_length=160)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("test case of a template")
        verbose_name_plural = _("test cases of templates")
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "kind", "name"], name="prompt_case_name_once")]

    def __str__(self) -> str:
        return self.name


class CaseResult(WorkspaceModel):
    """What came of one case with one version. failures: sentences, empty when it passed."""

    case = models.ForeignKey(PromptCase, on_delete=models.CASCADE, related_name="results", verbose_name=_("test case"))
    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="+", verbose_name=_("version"))
    generation = models.ForeignKey(Generation, on_delete=models.SET_NULL, null=True, related_name="+")
    engine = models.CharField(_("engine"), max_length=40)
    passed = models.BooleanField(_("passed"))
    failures = models.JSONField(_("what failed"), default=list)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("result of a test case")
        verbose_name_plural = _("results of test cases")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["version", "case"], name="case_result_by_version")]

    def __str__(self) -> str:
        return f"{self.case} · {self.version}"
