"""Trying a version, kept or not, before any work uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.templates import rendering
from apps.templates.generation import NoText, generate
from apps.templates.models import Generation, PromptVersion
from apps.templates.queries import template_of
from apps.templates.services import Draft, check_version
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace


@dataclass(frozen=True)
class Trial:
    """version: unsaved for a draft. output: None without an answer; problem: a sentence about why, with its way out.

    generation: the call's row, with usage, cost and time; None when nobody was asked.
    """

    version: PromptVersion
    prompt: rendering.Rendered
    output: dict[str, Any] | None
    problem: str
    generation: Generation | None

    @property
    def is_valid(self) -> bool:
        return self.output is not None


def try_version(
    *,
    workspace: Workspace,
    version: PromptVersion,
    variables: Mapping[str, Any],
    actor: Actor,
    fresh: bool = False,
    without_model: bool = False,
) -> Trial:
    """Ask with that version and these variables, within the budget; those that it does not know are left out.

    An answer that was paid for before is shown again unless `fresh`. Raises Invalid for missing variables,
    BudgetExceeded over the limit.
    """
    actor.require("manage_templates", workspace)
    known = {variable["name"] for variable in version.variables}
    given = {name: value for name, value in variables.items() if name in known}
    prompt = rendering.render(version.instructions, version.text, version.variables, given)
    row, output, problem = None, None, ""
    try:
        written = generate(
            workspace=workspace,
            kind=version.template.kind,
            variables=given,
            actor=actor,
            subject="trial",
            version=version,
            fresh=fresh,
            trial=True,
            without_model=without_model,
        )
        row, output = written.generation, written.data
    except NoText as error:
        row = Generation._base_manager.select_related("version").get(pk=error.details["generation"])
        problem = _sentence(error)
        if row.note:
            told = (
                _("It said: “%(words)s”") if row.outcome == Generation.Outcome.REFUSAL else _("The reason: %(words)s")
            )
            problem = f"{problem} {told % {'words': row.note}}"
    except AdapterError as error:
        problem = _sentence(error)
    return Trial(version, prompt, output, problem, row)


def unsaved_version(*, workspace: Workspace, kind: str, draft: Draft) -> PromptVersion:
    """A version that is in no database, to be tried. Raises Invalid."""
    check_version(kind, draft)
    return PromptVersion(template=template_of(workspace, kind), number=0, **asdict(draft))


def _sentence(error: AdapterError) -> str:
    message = error.message if error.message[-1:] in ".!?”" else f"{error.message}."
    return f"{message} {error.hint}".strip()
