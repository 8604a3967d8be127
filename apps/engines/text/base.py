"""What every text engine takes and gives. `apps/templates/generation.py` is the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

# How often at most a model is asked again because its answer does not have the asked form.
REPAIRS = 2

Outcome = Literal["parsed", "refusal", "truncated", "invalid"]


@dataclass(frozen=True)
class TextRequest:
    """One question.

    instructions: what the engine is to do; prompt: the filled template, scraped text marked as data. variables: the
    values behind the prompt, for engines that read no prompts. schema: the JSON schema of the answer. timeout: seconds
    for one try. repair: what a model is told when its answer does not fit; form: what it is told beforehand where the
    service takes no schema. In both {{schema}} stands for the schema, and in the former {{problem}} for the reason.
    """

    kind: str
    instructions: str
    prompt: str
    schema: Mapping[str, Any]
    variables: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    temperature: float | None = None
    max_output_tokens: int | None = None
    timeout: float = 60.0
    seed: int | None = None
    repair: str = "{{problem}}"
    form: str = "{{schema}}"


@dataclass(frozen=True)
class TextResult:
    """One answer. data: what the schema describes, when parsed. message: what was said instead, when not.

    model: that answered, "" when none was used. usage: input_tokens and output_tokens as the provider counted them.
    cost: US dollars, None when unknown. seconds: of all tries together.
    """

    outcome: Outcome
    data: dict[str, Any] | None = None
    message: str = ""
    model: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    cost: Decimal | None = None
    seconds: float = 0.0


class TextEngine(Protocol):
    """Raises AdapterError when there is no answer. `tests/conformance/text_engine.py` states what else it keeps."""

    def generate(self, request: TextRequest) -> TextResult: ...
