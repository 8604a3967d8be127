from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import State, Transition, machine_of
from apps.workspaces.models import WorkspaceModel


class StatefulModel(WorkspaceModel):
    """A row with a state machine. Only `lifecycle.advance()` writes `state`."""

    state = models.CharField(_("state"), max_length=24, editable=False)
    state_at = models.DateTimeField(_("in this state since"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args, **kwargs) -> None:
        if not self.state:
            self.state = machine_of(self).initial
        super().save(*args, **kwargs)

    @property
    def current(self) -> State:
        return machine_of(self).state(self.state)

    def get_state_display(self) -> str:
        return str(self.current.label)

    @property
    def open_transitions(self) -> tuple[Transition, ...]:
        return machine_of(self).from_state(self.state)
