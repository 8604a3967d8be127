"""Whom a workspace asks for text: its own provider, else the installation's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.conf import settings

from apps.engines.text.base import TextEngine
from apps.engines.text.registry import TEXT_ENGINES
from apps.templates.models import TextProvider
from apps.templates.prices import Price, price_in_words, price_of
from apps.workspaces.models import Workspace


@dataclass(frozen=True)
class Asked:
    """Where a question goes. model: "" where none is used. own: the prices that the workspace set.

    is_trusted: the address is the installation's; one that a workspace has set may not lead to private addresses.
    """

    engine: str
    base_url: str = ""
    model: str = ""
    api_key: str = field(default="", repr=False)
    concurrency: int = 1
    calls_per_minute: int = 0
    own: Price | None = None
    is_trusted: bool = True

    @property
    def is_free(self) -> bool:
        """Nothing is asked of anybody."""
        return self.engine == "extractive"

    @property
    def provider(self) -> str:
        """As calls remember it: "" for the installation's, which all workspaces share."""
        return "" if self.is_trusted else self.base_url or "openai"

    def price(self, model: str) -> Price | None:
        listed = price_of(model)
        return replace(self.own, thinks=listed.thinks if listed else 0) if self.own else listed

    def make(self) -> TextEngine:
        make = TEXT_ENGINES[self.engine]
        if self.is_free:
            return make()
        private = None if self.is_trusted else settings.PRIVATE_HOSTS
        return make(base_url=self.base_url, api_key=self.api_key, private_hosts=private)


def asked_of(workspace: Workspace, *, model: str = "") -> Asked:
    """model: the one that a version asks for; it wins over the provider's."""
    row = TextProvider._base_manager.filter(workspace=workspace).first()
    if row is None:
        return _of_the_installation(model)
    if row.engine == TextProvider.Engine.EXTRACTIVE:
        return Asked(row.engine)
    own = None
    if row.input_price is not None or row.output_price is not None:
        own = Price(row.input_price or Decimal(0), row.output_price or Decimal(0))
    return Asked(
        row.engine,
        row.base_url,
        model or row.model or settings.OPENAI_MODEL,
        row.credentials.get("api_key", ""),
        row.concurrency,
        row.calls_per_minute,
        own,
        is_trusted=False,
    )


def _of_the_installation(model: str) -> Asked:
    if settings.TEXT_ENGINE == "extractive":
        return Asked(settings.TEXT_ENGINE)
    return Asked(
        settings.TEXT_ENGINE,
        settings.OPENAI_BASE_URL,
        model or settings.OPENAI_MODEL,
        settings.OPENAI_API_KEY,
        settings.OPENAI_CONCURRENCY,
        settings.OPENAI_CALLS_PER_MINUTE,
        price_in_words(settings.OPENAI_PRICE),
    )
