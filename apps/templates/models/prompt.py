from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager


class Immutable(Exception):
    """A version is changed by adding the next one."""


class Kind(models.TextChoices):
    """What a prompt is for. A kind has one active version in a workspace."""

    SCRIPT = "script", _("Script of a story")
    HOOK = "hook", _("First sentence")
    CAPTION = "caption", _("Caption")
    HASHTAGS = "hashtags", _("Hashtags")
    METADATA = "metadata", _("Title, description and tags")
    RESEARCH_SUMMARY = "research_summary", _("Summary of research")
    OUTLINE = "outline", _("Outline")
    BLOG_DRAFT = "blog_draft", _("Section of a draft")
    SEO_REWRITE = "seo_rewrite", _("Rewrite for search engines")
    VARIANT = "variant", _("Variant for a platform")
    REPORT = "report", _("Report")


class PromptTemplate(models.Model):
    """The versions of one kind of prompt, and which of them is active.

    A row without a workspace ships with Rundown; a workspace's own row of the same kind takes its place there, unless
    it was removed. staging: the version that is being tried. split: [{"version": 12, "weight": 70}, …], versions that
    share the work by weight; empty: the active one does it all.
    """

    workspace = models.ForeignKey(
        "workspaces.Workspace",
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("workspace"),
        editable=False,
    )
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices, editable=False)
    active = models.ForeignKey(
        "PromptVersion",
        on_delete=models.RESTRICT,
        null=True,
        related_name="+",
        verbose_name=_("active version"),
        editable=False,
    )
    staging = models.ForeignKey(
        "PromptVersion",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("version on trial"),
        editable=False,
    )
    split = models.JSONField(default=list, editable=False)
    needs_approval = models.BooleanField(
        _("a second person agrees before a version is used"), default=False, editable=False
    )
    needs_cases = models.BooleanField(
        _("a version passes its test cases before it is used"), default=False, editable=False
    )
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = ScopedManager(workspace="workspace")

    class Meta:
        verbose_name = _("AI template")
        verbose_name_plural = _("AI templates")
        ordering = ["kind"]
        constraints = [
            # One row a kind, and one `active` in the row: two active versions cannot be written down.
            models.UniqueConstraint(fields=["workspace", "kind"], name="one_template_per_kind"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(workspace=None), name="one_built_in_template_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_built_in(self) -> bool:
        return self.workspace_id is None


class PromptVersionQuerySet(models.QuerySet):
    def update(self, **fields) -> int:
        raise Immutable("Versions of a template are never changed; add the next one.")


class PromptVersion(models.Model):
    """An immutable version: instructions, text with placeholders, what fills them, and how the engine is asked.

    variables: [{"name": "title", "type": "text|number|list", "required": true, "about": "…"}].
    options: {"temperature": 0.7, "max_output_tokens": 800}; model: "" means the engine's own.
    schema: JSON Schema of the answer. answer_version: its number among the forms that answers of the kind have had;
    versions with the same form have the same number.
    """

    template = models.ForeignKey(PromptTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    instructions = models.TextField(_("instructions"), help_text=_("What the model is told about its job."))
    text = models.TextField(_("text"), help_text=_("What it is given; {{name}} stands for a variable."))
    variables = models.JSONField(_("variables"), default=list)
    model = models.CharField(_("model"), max_length=120, blank=True)
    options = models.JSONField(_("model settings"), default=dict, blank=True)
    schema = models.JSONField(_("form of the answer"), default=dict)
    answer_version = models.PositiveIntegerField(_("number of the answer's form"), default=1)
    note = models.CharField(_("what changed"), max_length=240, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    author_label = models.CharField(_("by"), max_length=160)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    objects = ScopedManager(
        workspace="template__workspace", _manager_class=models.Manager.from_queryset(PromptVersionQuerySet)
    )

    class Meta:
        verbose_name = _("version of a template")
        verbose_name_plural = _("versions of templates")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="prompt_version_number_once")]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise Immutable(str(self))
        super().save(*args, **kwargs)
