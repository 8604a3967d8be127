"""The brief of a plan in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.common.errors import Invalid
from apps.content_plans.models import ContentPlan
from apps.content_plans.queries import overrides_of, text_platforms
from apps.content_plans.services.batches import overrides_named
from apps.content_plans.services.plans import PlanDraft, checked, listed
from apps.workspaces.admin_fields import LanguageField
from apps.workspaces.models import Workspace

# What the admin makes of the model, and what is written here as text.
PLAIN = ("title", "goal", "audience", "keyphrase", "tone", "language", "accounts", "skip_research", "due_on", "owner")
LISTS = ("secondary", "platforms", "competitor_urls", "overrides")


SHORT = {"rows": 3}


class PlanForm(forms.ModelForm):
    """Every field of the brief. draft: what was said, once the form is valid."""

    workspace: Workspace

    secondary = forms.CharField(
        label=_("Further keyphrases"),
        required=False,
        help_text=_("One a line."),
        widget=UnfoldAdminTextareaWidget(attrs=SHORT),
    )
    competitor_urls = forms.CharField(
        label=_("Pages to read"),
        required=False,
        help_text=_("One a line."),
        widget=UnfoldAdminTextareaWidget(attrs=SHORT),
    )
    language = LanguageField()
    platforms = forms.MultipleChoiceField(
        label=_("Platforms"),
        required=False,
        choices=lambda: [(name, each.label) for name, each in text_platforms().items()],
        widget=UnfoldAdminSelectMultipleWidget,
    )
    overrides = forms.CharField(
        label=_("AI templates of its own"),
        required=False,
        help_text=_("By kind and version, one a line, such as outline=3."),
        widget=UnfoldAdminTextareaWidget(attrs=SHORT),
    )

    class Meta:
        model = ContentPlan
        # The accounts are those of a workspace, which is known when the page is asked for.
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.instance
        if plan.pk:
            chosen = [f"{each.template.kind}={each.number}" for each in overrides_of(plan)]
            self.initial |= {
                "secondary": "\n".join(plan.secondary),
                "competitor_urls": "\n".join(plan.competitor_urls),
                "platforms": plan.platforms,
                "overrides": "\n".join(chosen),
            }
        else:
            self.initial.setdefault("language", self.workspace.language)

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if self.errors:
            return said
        try:
            self.draft = checked(self.workspace, self._draft(said))
        except Invalid as problem:
            for name in problem.details.keys() & self.fields.keys():
                self.add_error(name, problem.details[name])
            if not self.errors:
                self.add_error("overrides", problem.message)
        return said

    def _draft(self, said: dict[str, Any]) -> PlanDraft:
        plain = {name: said[name] for name in ("title", "goal", "audience", "keyphrase", "tone", "language", "due_on")}
        return PlanDraft(
            **plain,
            secondary=listed(said["secondary"]),
            platforms=tuple(said["platforms"]),
            accounts=tuple(account.pk for account in said["accounts"]),
            competitor_urls=listed(said["competitor_urls"]),
            skip_research=said["skip_research"],
            overrides=overrides_named(self.workspace, listed(said["overrides"])),
            owner=said["owner"].pk if said["owner"] else None,
        )
