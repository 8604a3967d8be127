"""What a workspace may spend on text, and whom it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Invalid, NotFound
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates.models import Budget, Generation, TextProvider
from apps.templates.providers import asked_of
from apps.templates.signals import money_changed
from apps.templates.spending import dollars, locked_budget, month_of, spent_in_month
from apps.templates.turns import health_of
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

PROVIDER_FIELDS = ("engine", "base_url", "model", "input_price", "output_price", "concurrency", "calls_per_minute")


@dataclass(frozen=True)
class Month:
    """US dollars of the calendar month (UTC); a limit of None: there is none. unpriced: calls of unknown cost."""

    begins: date
    spent: Decimal
    reserved: Decimal
    soft_limit: Decimal | None
    hard_limit: Decimal | None
    calls: int
    reused: int
    unpriced: int

    @property
    def left(self) -> Decimal | None:
        return None if self.hard_limit is None else max(Decimal(0), self.hard_limit - self.spent - self.reserved)

    @property
    def state(self) -> str:
        """ "over", "near" or "within" the limits."""
        taken = self.spent + self.reserved
        if self.hard_limit is not None and taken >= self.hard_limit:
            return "over"
        return "near" if self.soft_limit is not None and taken >= self.soft_limit else "within"


@dataclass(frozen=True)
class Day:
    day: date
    kind: str
    cost: Decimal
    calls: int


@dataclass(frozen=True)
class Connection:
    """models: what the service offers, [] where it needs none. has_model: whether the chosen one is among them."""

    models: list[str]
    model: str

    @property
    def has_model(self) -> bool:
        return not self.model or self.model in self.models

    @property
    def in_words(self) -> str:
        if not self.models and not self.model:
            return _("Nobody needs to answer: no model is used.")
        said = _("It answers, and has the model.")
        if not self.has_model:
            said = _("It answers, but does not list the model “%(model)s”.") % {"model": self.model}
        if self.models:
            said += " " + _("It offers: %(models)s") % {"models": ", ".join(self.models[:12])}
        return said


def month(workspace: Workspace) -> Month:
    now = database_now()
    spent = spent_in_month(workspace, now)
    budget = Budget._base_manager.filter(workspace=workspace).first() or Budget(workspace=workspace)
    rows = Generation._base_manager.filter(workspace=workspace, created_at__gte=month_of(now))
    counted = rows.aggregate(all=Count("pk"), reused=Count("reused"))
    unpriced = rows.filter(cost=None, reused=None).exclude(engine="extractive").exclude(usage={}).count()
    return Month(
        month_of(now).date(),
        spent.spent,
        spent.reserved,
        budget.soft_limit,
        budget.hard_limit,
        counted["all"],
        counted["reused"],
        unpriced,
    )


def days(workspace: Workspace, *, last: int = 30) -> list[Day]:
    """Cost and calls by day and kind, oldest first; reused answers cost nothing and are no calls."""
    rows = Generation._base_manager.filter(
        workspace=workspace, created_at__gte=database_now() - timedelta(days=last - 1), reused=None
    )
    found = rows.annotate(day=TruncDate("created_at")).order_by("day", "kind").values("day", "kind")
    found = found.annotate(paid=Sum("cost"), calls=Count("pk"))
    return [Day(row["day"], row["kind"], dollars(row["paid"]), row["calls"]) for row in found]


def set_budget(*, workspace: Workspace, actor: Actor, soft_limit: Decimal | None, hard_limit: Decimal | None) -> Budget:
    """US dollars a month; None: no limit. A changed limit is told anew when it is reached."""
    actor.require("manage_workspace", workspace)
    if soft_limit is not None and hard_limit is not None and soft_limit > hard_limit:
        raise Invalid(_("The notice comes before the stop."), soft_limit=[_("Choose no more than what you stop at.")])
    with unit_of_work():
        budget = locked_budget(workspace)
        for name, value in (("soft", soft_limit), ("hard", hard_limit)):
            if getattr(budget, f"{name}_limit") != value:
                budget.noticed.pop(name, None)
                setattr(budget, f"{name}_limit", value)
        _clean(budget)
        budget.save()
        data = {"soft_limit": _said(soft_limit), "hard_limit": _said(hard_limit)}
        audit.record(workspace=workspace, actor=actor, action="budget.change", target=budget, data=data)
        emit(workspace=workspace, type="budget.changed", subject=budget, data={**data, "by": actor.label})
        _may_go_on(workspace)
    return budget


def own_provider(workspace: Workspace) -> TextProvider | None:
    return TextProvider._base_manager.filter(workspace=workspace).first()


def shown_provider(workspace: Workspace) -> dict[str, Any]:
    """Everything about whom the workspace asks but the key, and the address and key of the installation."""
    row, asked = own_provider(workspace), asked_of(workspace)
    return {
        "own": row is not None,
        "engine": asked.engine,
        "base_url": row.base_url if row else "",
        "model": asked.model,
        "has_key": bool(row and row.credentials.get("api_key")),
        "input_price": row.input_price if row else None,
        "output_price": row.output_price if row else None,
        "concurrency": asked.concurrency,
        "calls_per_minute": asked.calls_per_minute,
        "price": asked.price(asked.model),
        "health": health_of(workspace, asked),
    }


def set_provider(
    *, workspace: Workspace, actor: Actor, fields: Mapping[str, Any], api_key: str | None = None
) -> TextProvider:
    """The workspace's own provider. api_key: None keeps the present one, unless the address changes: a key goes only
    where it was meant for. Raises Invalid."""
    actor.require("manage_workspace", workspace)
    api_key = api_key.strip() if api_key is not None else None
    if api_key and not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
        raise Invalid(_("This is no key."), api_key=[_("A key has letters, digits and signs, and no blanks.")])
    with unit_of_work():
        row = TextProvider._base_manager.select_for_update().filter(workspace=workspace).first()
        row = row or TextProvider(workspace=workspace, credentials={})
        moved = "base_url" in fields and fields["base_url"] != row.base_url
        for name in PROVIDER_FIELDS:
            if name in fields:
                setattr(row, name, fields[name])
        if api_key is not None or moved:
            row.credentials = {"api_key": api_key} if api_key else {}
        _clean(row)
        row.save()
        data = {name: str(fields[name]) for name in PROVIDER_FIELDS if name in fields}
        data["key"] = "changed" if api_key else "forgotten" if moved or api_key == "" else "kept"
        audit.record(workspace=workspace, actor=actor, action="provider.change", target=row, data=data)
        emit(workspace=workspace, type="provider.changed", subject=row, data={"by": actor.label})
        _may_go_on(workspace)
    return row


def remove_provider(*, workspace: Workspace, actor: Actor) -> None:
    """Forget the key, and ask the installation's provider again. Raises NotFound."""
    actor.require("manage_workspace", workspace)
    with unit_of_work():
        row = TextProvider._base_manager.select_for_update().filter(workspace=workspace).first()
        if row is None:
            raise NotFound(_("This workspace has no provider of its own."))
        audit.record(workspace=workspace, actor=actor, action="provider.remove", target=row, data={})
        emit(workspace=workspace, type="provider.changed", subject=row, data={"by": actor.label})
        _may_go_on(workspace)
        row.delete()


def check_provider(*, workspace: Workspace, actor: Actor) -> Connection:
    """Whether whom the workspace asks answers, and has the model; nothing is spent. Raises AdapterError."""
    # The client library is a third of what a process takes to start, and most processes never ask anybody.
    from apps.engines.text.openai import OpenAIEngine

    actor.require("manage_workspace", workspace)
    asked = asked_of(workspace)
    engine = asked.make()
    offered = engine.models() if isinstance(engine, OpenAIEngine) else []
    return Connection(offered, asked.model)


def _may_go_on(workspace: Workspace) -> None:
    transaction.on_commit(lambda: money_changed.send(sender=Budget, workspace=workspace), robust=True)


def _clean(row: Budget | TextProvider) -> None:
    try:
        row.full_clean(exclude=["workspace", "credentials"])
    except ValidationError as error:
        raise Invalid(_("Some of the values cannot be used."), **error.message_dict) from error


def _said(limit: Decimal | None) -> str | None:
    return None if limit is None else str(limit)
