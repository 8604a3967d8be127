"""What a call costs: the workspace's own prices, else the shipped table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_MILLION = Decimal(1_000_000)
# Characters of a prompt that make a token, at the fewest; scripts other than Latin take more tokens a character.
_LATIN, _OTHER = 3, 1
_USUAL_ANSWER = 1500  # tokens, where a version sets no limit


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal

    def of(self, usage: Mapping[str, int]) -> Decimal:
        """Cost of the tokens that a provider counted."""
        tokens_in, tokens_out = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
        return (self.input * tokens_in + self.output * tokens_out) / _MILLION


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("prices.toml").read_text())


def listed_on() -> date:
    return _table()["as_of"]


def price_of(model: str) -> Price | None:
    """The shipped price; None for a model that is not in the table."""
    known = [name for name in _table()["models"] if model == name or model.startswith(f"{name}-")]
    if not known:
        return None
    entry = _table()["models"][max(known, key=len)]
    return Price(Decimal(entry["input"]), Decimal(entry["output"]))


def most_it_costs(price: Price | None, *, prompt: str, max_output_tokens: int | None) -> Decimal:
    """What to set aside before a call, on the safe side; 0 where no price is known."""
    if price is None:
        return Decimal(0)
    latin = sum(char.isascii() for char in prompt)
    tokens = latin // _LATIN + (len(prompt) - latin) // _OTHER + 1
    return price.of({"input_tokens": tokens, "output_tokens": max_output_tokens or _USUAL_ANSWER})
