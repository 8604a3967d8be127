"""What became of generations, and how the versions of a kind compare by it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, FloatField, Q, Sum
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Invalid
from apps.templates.models import Generation, PromptVersion
from apps.templates.queries import versions_of
from apps.workspaces.models import Workspace

# Of fewer results no mean is shown: it would say more about chance than about the version.
FLOOR = 5


@dataclass(frozen=True)
class Measure:
    """One way to judge a version. bounds: of its values. higher_is_better: how the ranking reads it."""

    name: str
    label: Any
    bounds: tuple[float, float]
    higher_is_better: bool


MEASURES = (
    Measure("seo_score", _("SEO score"), (0, 100), True),
    Measure("edit_share", _("Changed by people"), (0, 1), False),
    Measure("engagement", _("Engagement"), (0, math.inf), True),
)


@dataclass(frozen=True)
class Estimate:
    """count results; mean with an 80% interval from low to high, None of fewer than FLOOR."""

    measure: Measure
    count: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def missing(self) -> int:
        return max(0, FLOOR - self.count)


@dataclass(frozen=True)
class Ranked:
    """best: the measures by which this version surely leads, that is: its interval lies clear of all others."""

    version: PromptVersion
    calls: int
    cost: Any
    estimates: tuple[Estimate, ...]
    best: frozenset[str] = frozenset()


def record_outcome(
    *,
    generation: Generation,
    seo_score: int | None = None,
    edit_share: float | None = None,
    engagement: float | None = None,
) -> None:
    """Write down what became of an answer; None leaves what is known. Later values replace earlier ones.

    seo_score: 0 to 100. edit_share: 0 to 1. engagement: 0 or more, 1 being what was to be expected.
    """
    given = {"seo_score": seo_score, "edit_share": edit_share, "engagement": engagement}
    known = {name: value for name, value in given.items() if value is not None}
    for measure in MEASURES:
        value = known.get(measure.name)
        if value is not None and not measure.bounds[0] <= value <= measure.bounds[1]:
            raise Invalid(_("This is no possible outcome."), **{measure.name: [str(value)]})
    if known:
        Generation._base_manager.filter(pk=generation.pk).update(**known)


def ranking(workspace: Workspace, kind: str) -> list[Ranked]:
    """The versions that wrote something with a model, the best by SEO score, then the least edited, first.

    What was written without a model read no prompt and tells nothing of a version.
    """
    rows = Generation._base_manager.filter(workspace=workspace, kind=kind, outcome="parsed", trial=False)
    rows = rows.exclude(engine="extractive").exclude(version=None)
    sums = {"calls": Count("pk"), "paid": Sum("cost")}
    for measure in MEASURES:
        known = Q(**{f"{measure.name}__isnull": False})
        sums |= {
            f"{measure.name}_n": Count("pk", filter=known),
            f"{measure.name}_mean": Avg(measure.name),
            f"{measure.name}_squares": Avg(Cast(measure.name, FloatField()) * Cast(measure.name, FloatField())),
        }
    found = list(rows.order_by().values("version").annotate(**sums))
    versions = versions_of(workspace).in_bulk([row["version"] for row in found])
    ranked = [_ranked(versions[row["version"]], row) for row in found if row["version"] in versions]
    return sorted(_with_best(ranked), key=_order)


def _ranked(version: PromptVersion, row: dict[str, Any]) -> Ranked:
    estimates = tuple(
        estimate(measure, row[f"{measure.name}_n"], row[f"{measure.name}_mean"], _deviation(row, measure.name))
        for measure in MEASURES
    )
    return Ranked(version, row["calls"], row["paid"], estimates)


def _deviation(row: dict[str, Any], name: str) -> float | None:
    """Of the sample. SQLite knows no standard deviation of a single value, so it is made from the means."""
    count = row[f"{name}_n"]
    if count < 2:
        return None
    spread = max(0.0, float(row[f"{name}_squares"]) - float(row[f"{name}_mean"]) ** 2)
    return math.sqrt(spread * count / (count - 1))


def estimate(measure: Measure, count: int, mean: float | None, deviation: float | None) -> Estimate:
    """Student's interval of the mean: it assumes nothing but that the results do not depend on each other."""
    if count < FLOOR or mean is None or deviation is None:
        return Estimate(measure, count)
    reach = _student(count - 1) * deviation / math.sqrt(count)
    low, high = measure.bounds
    return Estimate(measure, count, mean, max(low, mean - reach), min(high, mean + reach))


def _student(freedom: int) -> float:
    """The 90th percentile of Student's t (Abramowitz and Stegun 26.7.5; off by less than 0.002 from 4 on)."""
    z = 1.2815515655446004
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _with_best(ranked: list[Ranked]) -> Iterable[Ranked]:
    for each in ranked:
        best = {mine.measure.name for mine in each.estimates if _leads(mine, each, ranked)}
        yield Ranked(each.version, each.calls, each.cost, each.estimates, frozenset(best))


def _leads(mine: Estimate, owner: Ranked, ranked: list[Ranked]) -> bool:
    if mine.mean is None:
        return False
    others = [
        other
        for each in ranked
        if each is not owner
        for other in each.estimates
        if other.measure is mine.measure and other.mean is not None
    ]
    if mine.measure.higher_is_better:
        return bool(others) and all(mine.low > other.high for other in others)
    return bool(others) and all(mine.high < other.low for other in others)


def _order(each: Ranked) -> tuple[float, ...]:
    """Known before unknown; better before worse."""
    keys: list[float] = []
    for found in each.estimates:
        known = found.mean is not None
        keys += [not known, (-found.mean if found.measure.higher_is_better else found.mean) if known else 0]
    return (*keys, -each.version.number)
