"""What a call costs: the workspace's own prices, else the shipped table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_MILLION = Decimal(1_000_000)
# Bytes of a text that make a token, at the fewest; a letter of most scripts other than Latin has two or three.
_BYTES = 2
_USUAL_ANSWER = 1500  # tokens, where a version sets no limit
_FED_BACK = 200  # tokens that tell a model what is wrong with its answer
_MOST = Decimal(999_999)


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens. thinks: tokens that the model writes for itself first, at the most."""

    input: Decimal
    output: Decimal
    thinks: int = 0

    def of(self, usage: Mapping[str, int]) -> Decimal:
        """Cost of the tokens that a provider counted."""
        tokens_in, tokens_out = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
        paid = (self.input * tokens_in + self.output * tokens_out) / _MILLION
        return min(paid, _MOST).quantize(Decimal("0.000001"))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("prices.toml").read_text())


def price_of(model: str) -> Price | None:
    """The shipped price; None for a model that is not in the table."""
    known = [name for name in _table()["models"] if model == name or model.startswith(f"{name}-")]
    if not known:
        return None
    entry = _table()["models"][max(known, key=len)]
    return Price(Decimal(entry["input"]), Decimal(entry["output"]), entry.get("thinks", 0))


def price_in_words(said: Sequence[str]) -> Price | None:
    """From "0.25", "2": of what is read and written; None for nothing. Raises ValueError."""
    if not said:
        return None
    try:
        read, written = (Decimal(each) for each in said)
    except (ArithmeticError, ValueError):
        raise ValueError("OPENAI_PRICE is two numbers, as in 0.25,2") from None
    return Price(read, written)


def most_it_costs(price: Price, *, sent: str, max_output_tokens: int | None, repairs: int) -> Decimal:
    """What to set aside before a call, on the safe side: with every repair, each sent all that was said before."""
    asked = len(sent.encode()) // _BYTES + 1
    answer = (max_output_tokens or _USUAL_ANSWER) + price.thinks
    calls = 1 + repairs
    again = (answer + _FED_BACK) * calls * (calls - 1) // 2
    return price.of({"input_tokens": asked * calls + again, "output_tokens": answer * calls})
