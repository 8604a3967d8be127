"""Choosing the version that a workspace uses: at once, or after a second person's word; and the way back."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, NotAllowed
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates import cases
from apps.templates.mails import tell_activation
from apps.templates.models import Activation, PromptTemplate, PromptVersion
from apps.templates.services import check_kind, own_template
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

State = Activation.State


def activate_version(*, workspace: Workspace, version: PromptVersion, actor: Actor) -> PromptTemplate:
    """Make `version` the one that generations of its kind use.

    Where the kind asks for a second person, it waits for one. Raises Conflict when its test cases do not pass.
    """
    actor.require("manage_templates", workspace)
    kind = version.template.kind
    check_kind(workspace, kind, version)
    with unit_of_work():
        template = own_template(workspace, kind)
        _require_cases(template, version)
        waiting = _waiting(template)
        if template.needs_approval and waiting.filter(version=version, asked_by=actor.user).exists():
            return template
        waiting.update(state=State.DECLINED, decided_label=actor.label, decided_at=timezone.now())
        row = Activation(
            workspace=workspace,
            template=template,
            version=version,
            state=State.WAITING,
            asked_by=actor.user,
            asked_label=actor.label,
        )
        if template.needs_approval:
            row.save()
            _told(row, actor, "ask_activation", "template.activation_waits")
            transaction.on_commit(partial(tell_activation, row.pk), robust=True)
        else:
            _use(row, template, actor)
    return template


def approve_activation(*, activation: Activation, actor: Actor) -> PromptTemplate:
    """The second person's word. Raises NotAllowed for the one who asked."""
    actor.require("manage_templates", activation.workspace)
    with unit_of_work():
        template = own_template(activation.workspace, activation.template.kind)
        row = _locked(activation)
        if actor.user is not None and actor.user.pk == row.asked_by_id:
            raise NotAllowed(
                _("You asked for this version, and this kind asks for a second person."),
                hint=_("Ask somebody else who manages templates."),
            )
        _require_cases(template, row.version)
        _use(row, template, actor)
    return template


def decline_activation(*, activation: Activation, actor: Actor) -> Activation:
    """Leave everything as it is; who asked may take it back this way too."""
    actor.require("manage_templates", activation.workspace)
    with unit_of_work():
        row = _locked(activation)
        row.state, row.decided_label, row.decided_at = State.DECLINED, actor.label, timezone.now()
        row.save()
        _told(row, actor, "decline_activation", "template.changed")
    return row


def roll_back(*, workspace: Workspace, kind: str, actor: Actor) -> PromptTemplate:
    """Use again what was used before the last activation; once more leads one step further back. Raises Conflict."""
    actor.require("manage_templates", workspace)
    with unit_of_work():
        template = own_template(workspace, kind)
        last = last_activation(template)
        if last is None:
            raise Conflict(_("There is nothing to go back to."), hint=_("No version was in use before this one."))
        template.active, template.split = last.before, []
        template.save(update_fields=["active", "split"])
        last.state, last.decided_label, last.decided_at = State.UNDONE, actor.label, timezone.now()
        last.save()
        _told(last, actor, "roll_back", "template.activated")
    return template


def last_activation(template: PromptTemplate) -> Activation | None:
    """The one that a rollback would undo."""
    rows = template.activations.filter(state=State.DONE, version=template.active_id).exclude(before=None)
    return rows.select_related("before__template", "version__template", "workspace").order_by("-pk").first()


def _waiting(template: PromptTemplate) -> Any:
    return Activation._base_manager.filter(template=template, state=State.WAITING)


def _locked(activation: Activation) -> Activation:
    rows = Activation._base_manager.select_related("version__template", "workspace").select_for_update(of=("self",))
    row = rows.get(pk=activation.pk)
    if row.state != State.WAITING:
        raise Conflict(_("This is decided already: %(state)s.") % {"state": row.get_state_display().lower()})
    return row


def _use(row: Activation, template: PromptTemplate, actor: Actor) -> None:
    row.before, template.active = template.active, row.version
    if template.staging_id == row.version_id:
        template.staging = None
    # Who chooses a version wants it used, not the versions that shared the work until now.
    template.split = []
    template.save(update_fields=["active", "staging", "split"])
    row.state, row.decided_label, row.decided_at = State.DONE, actor.label, timezone.now()
    row.save()
    _told(row, actor, "activate", "template.activated")


def _require_cases(template: PromptTemplate, version: PromptVersion) -> None:
    if not template.needs_cases:
        return
    open_cases = cases.not_passed(template.workspace, template.kind, version)
    if open_cases:
        names = ", ".join(f"“{case}”" for case in open_cases[:5])
        raise Conflict(
            _("Version %(number)s has not passed its test cases: %(names)s.")
            % {"number": version.number, "names": names},
            hint=_("Run the test cases, and change the version until they pass."),
            cases=[case.pk for case in open_cases],
        )


def _told(row: Activation, actor: Actor, action: str, event: str) -> None:
    before = row.before
    data = {
        "kind": row.version.template.kind,
        "version": row.version_id,
        "number": row.version.number,
        "before": before.number if before else None,
    }
    audit.record(workspace=row.workspace, actor=actor, action=f"template.{action}", target=row.version, data=data)
    emit(workspace=row.workspace, type=event, subject=row.version, data={**data, "by": actor.label})
