from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.platforms.models import Account
from apps.workspaces.models import WorkspaceModel


class ClipSettings(WorkspaceModel):
    """What happens to the clips of a workspace; one row a workspace, with defaults that work."""

    folder_on = models.BooleanField(
        _("watch the folder"), default=True, help_text=_("Videos that are dropped into it are taken by themselves.")
    )
    captions_on = models.BooleanField(
        _("captions"), default=True, help_text=_("What is said is written into the picture, word by word.")
    )
    caption_preset = models.CharField(
        _("caption style"), max_length=40, blank=True, help_text=_("Empty means the workspace's video style.")
    )
    language = models.CharField(
        _("language spoken"), max_length=8, blank=True, help_text=_("Empty: found out by listening.")
    )
    template = models.ForeignKey(
        "prompt_templates.PromptVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("AI template"),
        help_text=_("Writes title, description and tags; empty means the active one."),
    )
    accounts = models.ManyToManyField(
        Account,
        blank=True,
        related_name="+",
        verbose_name=_("accounts"),
        help_text=_("Where clips go, each into its next free slot; none: where accounts take items by themselves."),
    )

    class Meta:
        verbose_name = _("clip settings")
        verbose_name_plural = _("clip settings")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_clip_settings_per_workspace")]

    def __str__(self) -> str:
        return str(_("Clip settings"))
