from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.templates.models.prompt import PromptTemplate, PromptVersion
from apps.workspaces.models import WorkspaceModel


class Activation(WorkspaceModel):
    """One choice of the version that a workspace uses. before: what was used until then, and where a rollback leads."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a second person")
        DONE = "done", _("Done")
        DECLINED = "declined", _("Declined")
        UNDONE = "undone", _("Rolled back")

    template = models.ForeignKey(PromptTemplate, on_delete=models.CASCADE, related_name="activations")
    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="+", verbose_name=_("version"))
    before = models.ForeignKey(
        PromptVersion, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("version before")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_label = models.CharField(_("asked by"), max_length=160)
    decided_label = models.CharField(_("decided by"), max_length=160, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    created_at = models.DateTimeField(_("asked"), default=timezone.now)

    class Meta:
        verbose_name = _("activation of a version")
        verbose_name_plural = _("activations of versions")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["template"], condition=models.Q(state="waiting"), name="one_activation_waits_per_template"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.get_state_display()}"
