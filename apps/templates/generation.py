"""The one call path for text: active version, fill, look for an answer already paid for, ask, record."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError, DomainError
from apps.engines.text.base import TextEngine, TextRequest, TextResult
from apps.engines.text.registry import TEXT_ENGINES
from apps.templates import queries, rendering
from apps.templates.models import Generation, PromptVersion
from apps.workspaces.actors import Actor
from apps.workspaces.audit import describe
from apps.workspaces.models import Workspace

# An answer is good for the same question this long; after it, the same question may be answered anew.
REUSED_FOR = timedelta(days=30)


class NoText(AdapterError):
    """The engine answered, but not with what was asked for."""

    code = "no_text"


@dataclass(frozen=True)
class Written:
    """data: the answer in the form of the version's schema. generation: its row, for what is made from it."""

    data: dict[str, Any]
    generation: Generation


def generate(
    *,
    workspace: Workspace,
    kind: str,
    variables: Mapping[str, Any],
    actor: Actor,
    subject: models.Model | str = "",
    version: PromptVersion | None = None,
    fresh: bool = False,
) -> Written:
    """Text of that kind from the active version. The same question is answered from the earlier answer.

    version: instead of the active one; fresh: ask anew, because somebody did not like the earlier answer.
    Raises NotFound without an active version, Invalid for wrong variables, AdapterError when the engine fails or does
    not give what was asked for; every call leaves a Generation, failed ones too.
    """
    version = version or queries.active_version(kind, workspace)
    prompt = rendering.render(version.instructions, version.text, version.variables, variables)
    call = _Call(workspace, version, prompt, dict(variables), actor, describe_subject(subject))
    earlier = None if fresh else call.earlier()
    if earlier:
        return Written(earlier.data, call.record("parsed", data=earlier.data, reused=earlier, model=earlier.model))
    return call.ask()


def describe_subject(subject: models.Model | str) -> str:
    return subject if isinstance(subject, str) else describe(subject)


class _Call:
    """One question to the engine that the settings name."""

    def __init__(
        self,
        workspace: Workspace,
        version: PromptVersion,
        prompt: rendering.Rendered,
        variables: dict[str, Any],
        actor: Actor,
        subject: str,
    ) -> None:
        self.workspace, self.version, self.prompt, self.variables = workspace, version, prompt, variables
        self.actor, self.subject = actor, subject
        self.engine_name = settings.TEXT_ENGINE
        self.model = "" if self.engine_name == "extractive" else version.model or settings.OPENAI_MODEL

    def question(self) -> str:
        content = [
            self.version.pk,
            self.prompt.hash,
            self.variables,
            self.engine_name,
            settings.OPENAI_BASE_URL if self.model else "",
            self.model,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def earlier(self) -> Generation | None:
        return (
            Generation._base_manager.filter(
                workspace=self.workspace,
                question=self.question(),
                outcome=Generation.Outcome.PARSED,
                reused=None,
                created_at__gt=timezone.now() - REUSED_FOR,
            )
            .order_by("-created_at")
            .first()
        )

    def ask(self) -> Written:
        started = time.monotonic()
        try:
            result = self._engine().generate(self._request())
        except DomainError as error:
            self.record("error", note=str(error), seconds=time.monotonic() - started)
            raise
        generation = self.record(
            result.outcome,
            data=result.data,
            note=result.message,
            model=result.model or self.model,
            usage=dict(result.usage),
            cost=result.cost,
            seconds=result.seconds,
        )
        if result.outcome != "parsed":
            raise _not_parsed(result, generation)
        return Written(result.data, generation)

    def _engine(self) -> TextEngine:
        make = TEXT_ENGINES[self.engine_name]
        if self.engine_name == "extractive":
            return make()
        return make(base_url=settings.OPENAI_BASE_URL, api_key=settings.OPENAI_API_KEY)

    def _request(self) -> TextRequest:
        return TextRequest(
            kind=self.version.template.kind,
            instructions=self.prompt.instructions,
            prompt=self.prompt.text,
            schema=self.version.schema,
            variables=self.variables,
            model=self.model,
            **self.version.options,
        )

    def record(self, outcome: str, **fields: Any) -> Generation:
        return Generation._base_manager.create(
            workspace=self.workspace,
            kind=self.version.template.kind,
            version=self.version,
            subject=self.subject,
            prompt_hash=self.prompt.hash,
            question=self.question(),
            engine=self.engine_name,
            outcome=outcome,
            actor=self.actor.label,
            **{"model": self.model, **fields},
        )


def _not_parsed(result: TextResult, generation: Generation) -> NoText:
    sentences = {
        "refusal": _("The model declined to write this."),
        "truncated": _("The model's answer was cut off at its length limit."),
        "invalid": _("The model did not answer in the asked form."),
    }
    hints = {
        "refusal": _("Change the text, or write it yourself."),
        "truncated": _("Raise the largest number of tokens in the AI template."),
        "invalid": _("Try again, or choose another model in the AI template."),
    }
    return NoText(
        sentences[result.outcome],
        permanent=result.outcome != "invalid",
        hint=hints[result.outcome],
        generation=generation.pk,
    )
