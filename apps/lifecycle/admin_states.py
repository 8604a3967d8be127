"""What the admin of anything with a state machine shares: the badge and the filter, from the machine's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.lifecycle.machines import Machine, machine_of
from apps.lifecycle.models import StatefulModel
from apps.workspaces.actors import Actor
from apps.workspaces.admin_base import Badge, row_action

# Unfold's names of colours for the tones of states.
COLOURS = {"neutral": "", "waiting": "warning", "busy": "info", "good": "success", "bad": "danger"}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return machine_of(model_admin.model).choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(state=self.value()) if self.value() else queryset


def transition_action(machine: Machine, name: str, step: Callable[[Any, Actor], Any]) -> Callable[..., None]:
    """An action of a list under the name and with the permission that the machine's table gives it."""
    transition = machine.transition(name)
    return row_action(transition.label, step, permission=transition.permission)


class WithState:
    @display(description=_("state"), ordering="state", label=COLOURS)
    def shown_state(self, row: StatefulModel) -> Badge:
        return Badge(row.current.tone, row.get_state_display())
