"""The one call path for text: fill the version, be let in, ask, settle, record; see `spending` for the letting in."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import AdapterError, DomainError, Postponed
from apps.engines.text.base import REPAIRS, TextRequest, TextResult
from apps.templates import prices, provenance, rendering, spending
from apps.templates.models import Generation, PromptVersion
from apps.templates.providers import Asked, asked_of
from apps.templates.queries import template_of
from apps.templates.services import require_used_before
from apps.templates.splits import chosen_version
from apps.workspaces.actors import Actor
from apps.workspaces.audit import describe
from apps.workspaces.models import Workspace

# An answer is good for the same question this long; after it, the same question may be answered anew.
REUSED_FOR = timedelta(days=30)
_TURN_WITHIN, _LOOK_AGAIN = 30.0, 0.2  # seconds
_TRIES, _TRY_WITHIN, _TIMEOUT = 3, 30.0, 90.0


class NoText(AdapterError):
    """The engine answered, but not with what was asked for."""

    code = "no_text"


@dataclass(frozen=True)
class Written:
    """data: the answer in the form of the version's schema. generation: its row, for what is made from it."""

    data: dict[str, Any]
    generation: Generation


@dataclass(frozen=True)
class Style:
    """How the workspace sounds. text: for versions that have a variable `voice`; the others cannot be told.

    temperature: in place of the version's own; None leaves that.
    """

    text: str = ""
    temperature: float | None = None


def generate(
    *,
    workspace: Workspace,
    kind: str,
    variables: Mapping[str, Any],
    actor: Actor,
    subject: models.Model | str = "",
    version: PromptVersion | None = None,
    fresh: bool = False,
    trial: bool = False,
    without_model: bool = False,
    style: Style | None = None,
) -> Written:
    """Text of that kind from the active version, or from `version`. A question that was paid for is not paid again.

    Where several versions share the work, the subject decides which one: the same subject meets the same version.
    fresh: ask even so, because a person wants another answer. trial: to try the version, which may be unsaved; what
    becomes of the answer does not count for it. without_model: ask nobody, whatever the workspace's provider is. style:
    how it should sound; whatever drafts text for people passes one, see `apps.content.voice`.

    Call it outside of transactions: it waits for its turn. What the version does not ask for, it is not told. Every
    call that was let in leaves a Generation. Raises
    - NotFound without an active version, Invalid for wrong variables,
    - Conflict for a version that was never let into use, where that needs a second person or test cases,
    - BudgetExceeded over the month's hard limit, Postponed where its turn does not come or the provider rests,
    - AdapterError when the engine fails or does not give what was asked for.
    """
    about = describe_subject(subject)
    if version is None:
        version = chosen_version(kind, workspace, about)
    elif not trial:
        require_used_before(template_of(workspace, kind), version)
    if style is not None and takes_voice(version):
        variables = {**variables, "voice": style.text}
    known = {each["name"] for each in version.variables}
    variables = {name: value for name, value in variables.items() if name in known}
    prompt = rendering.render(version.instructions, version.text, version.variables, variables)
    asked = Asked("extractive") if without_model else asked_of(workspace, model=version.model)
    temperature = style.temperature if style else None
    return _Call(workspace, version, prompt, dict(variables), actor, about, asked, fresh, trial, temperature).run()


def takes_voice(version: PromptVersion) -> bool:
    """Whether the version has a place for the brand voice."""
    return any(variable["name"] == "voice" for variable in version.variables)


def describe_subject(subject: models.Model | str) -> str:
    return subject if isinstance(subject, str) else describe(subject)


class _Call:
    """One question to the workspace's provider."""

    def __init__(
        self,
        workspace: Workspace,
        version: PromptVersion,
        prompt: rendering.Rendered,
        variables: dict[str, Any],
        actor: Actor,
        subject: str,
        asked: Asked,
        fresh: bool,
        trial: bool,
        temperature: float | None,
    ) -> None:
        self.workspace, self.version, self.prompt, self.variables = workspace, version, prompt, variables
        self.actor, self.subject, self.asked, self.trial = actor, subject, asked, trial
        self.options = version.options if temperature is None else {**version.options, "temperature": temperature}
        self.reuse_after = timezone.now() - (timedelta() if fresh else REUSED_FOR)

    def run(self) -> Written:
        admission = self._admission()
        if isinstance(admission, spending.Answered):
            earlier = admission.earlier
            row = self._row(Generation.Outcome.PARSED, data=earlier.data, reused=earlier, model=earlier.model)
            row.new_links = earlier.new_links
            row.save()
            return Written(earlier.data, row)
        return self._ask(admission.generation)

    def _admission(self) -> spending.LetIn | spending.Answered:
        """Waits for its turn, a little and then not; nothing is held meanwhile."""
        give_up = time.monotonic() + _TURN_WITHIN
        while True:
            try:
                verdict = spending.admit(
                    draft=self._row(Generation.Outcome.RUNNING),
                    asked=self.asked,
                    cost=self._most_it_costs(),
                    reuse_after=self.reuse_after,
                )
            except spending.BudgetExceeded:
                spending.give_notice(workspace=self.workspace, over_hard=True)
                raise
            if not isinstance(verdict, spending.NotYet):
                return verdict
            if time.monotonic() > give_up:
                raise Postponed(verdict.reason, retry_after=_TURN_WITHIN, hint=_("It is tried again by itself."))
            time.sleep(_LOOK_AGAIN)

    def _most_it_costs(self) -> Decimal | None:
        price = self.asked.price(self.asked.model)
        if price is None:
            return None
        schema = json.dumps(self.version.schema, ensure_ascii=False)
        # A repair says it once more, beside what the service is given as the form.
        sent = "\n".join([*vars(self.prompt).values(), schema, schema])
        most = self.options.get("max_output_tokens")
        return prices.most_it_costs(price, sent=sent, max_output_tokens=most, repairs=REPAIRS)

    def _ask(self, row: Generation) -> Written:
        started = time.monotonic()
        try:
            result = self._try(row, started)
        except BaseException as error:  # Ctrl-C too: whoever asks again must not wait for an answer that never comes
            seconds = time.monotonic() - started
            close_generation(row, outcome=_outcome_of(error), note=_said_of(error), seconds=seconds)
            raise
        usage = dict(result.usage)
        model = result.model or self.asked.model
        close_generation(
            row,
            outcome=result.outcome,
            data=result.data,
            note=result.message,
            model=model,
            usage=usage,
            cost=self._cost(result, model, usage, row.reserved),
            seconds=result.seconds,
            new_links=provenance.new_links(result.data, self._given()),
        )
        spending.give_notice(workspace=self.workspace)
        if result.outcome != "parsed":
            raise _not_parsed(result, row)
        return Written(result.data, row)

    def _try(self, row: Generation, started: float) -> TextResult:
        """A busy or failing provider is asked again a few times, after as long as it asks for."""
        for number in range(1, _TRIES + 1):
            try:
                return self.asked.make().generate(self._request())
            except AdapterError as error:
                if error.retry_after:
                    # Other calls keep to it as well.
                    row.rests_until = database_now() + timedelta(seconds=error.retry_after)
                    row.save(update_fields=["rests_until"])
                wait = error.retry_after or 2**number * random.uniform(0.5, 1)
                spent = time.monotonic() - started
                if error.permanent or number == _TRIES or spent + wait > _TRY_WITHIN:
                    raise
                time.sleep(wait)
        raise AssertionError("unreachable")

    def _cost(self, result: TextResult, model: str, usage: dict[str, int], reserved: Decimal) -> Decimal | None:
        """As the provider says, else by price; what was set aside where it counts nothing, None where nobody knows."""
        if result.cost is not None or self.asked.is_free:
            return result.cost
        price = self.asked.price(model) or self.asked.price(self.asked.model)
        if price is None:
            return None
        return price.of(usage) if usage else reserved

    def _request(self) -> TextRequest:
        price, options = self.asked.price(self.asked.model), dict(self.options)
        if price and "max_output_tokens" in options:
            options["max_output_tokens"] += price.thinks
        return TextRequest(
            kind=self.version.template.kind,
            instructions=self.prompt.instructions,
            prompt=self.prompt.text,
            schema=self.version.schema,
            variables=self.variables,
            model=self.asked.model,
            timeout=_TIMEOUT,
            repair=rendering.rule("repair"),
            form=rendering.rule("form"),
            **options,
        )

    def _given(self) -> list[Any]:
        """Whose links an answer may have: the version's own words and what the workspace gave, not what strangers wrote
        (a page may tell a model to add a link), but for a piece of the workspace's own that is worked on."""
        strangers = {each["name"] for each in self.version.variables if each.get("material") and not each.get("links")}
        ours = [value for name, value in self.variables.items() if name not in strangers]
        return [self.version.instructions, self.version.text, *ours]

    def _question(self) -> str:
        """Everything that the answer depends on."""
        version = self.version
        content = [
            version.pk or [version.template.kind, version.schema, version.options],
            *([self.options] if self.options != version.options else []),
            self.prompt.hash,
            self.variables,
            self.asked.engine,
            self.asked.base_url,
            self.asked.model,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def _row(self, outcome: str, **fields: Any) -> Generation:
        return Generation(
            workspace=self.workspace,
            kind=self.version.template.kind,
            version=self.version if self.version.pk else None,
            trial=self.trial,
            subject=self.subject,
            prompt_hash=self.prompt.hash,
            question=self._question(),
            engine=self.asked.engine,
            provider=self.asked.provider,
            outcome=outcome,
            actor=self.actor.label,
            **{"model": self.asked.model, **fields},
        )


def close_generation(row: Generation, **fields: Any) -> None:
    """Write how a call ended; the money set aside for it is free again."""
    fields["reserved"] = Decimal(0)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def _outcome_of(error: BaseException) -> str:
    temporary = isinstance(error, AdapterError) and not error.permanent
    return Generation.Outcome.UNAVAILABLE if temporary else Generation.Outcome.ERROR


def _said_of(error: BaseException) -> str:
    return str(error) if isinstance(error, DomainError) else type(error).__name__


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
