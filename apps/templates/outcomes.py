"""What became of generations, and how the versions of a kind compare by it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from django.db.models import Avg, Count, FloatField, Q, Sum
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Invalid
from apps.templates.models import Generation, PromptVersion
from apps.templates.queries import versions_of
from apps.templates.spending import dollars
from apps.workspaces.models import Workspace

# Of fewer results no mean is shown: it would say more about chance than about the version.
FLOOR = 5
# How often a version may be called better, by one measure, while all are alike.
_CHANCE = 0.02
# Results are told apart by no less than this, so that a few equal ones do not look certain.
_STEPS = {"seo_score": 2.0, "edit_share": 0.05, "engagement": 0.1}


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
    """count results; mean and deviation, with an 80% interval of the mean from low to high; None of less than FLOOR."""

    measure: Measure
    count: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    deviation: float | None = None

    @property
    def missing(self) -> int:
        return max(0, FLOOR - self.count)


@dataclass(frozen=True)
class Ranked:
    version: PromptVersion
    calls: int
    cost: Any
    estimates: tuple[Estimate, ...]


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
    return sorted(ranked, key=_order)


def _ranked(version: PromptVersion, row: dict[str, Any]) -> Ranked:
    estimates = tuple(
        estimate(measure, row[f"{measure.name}_n"], row[f"{measure.name}_mean"], _deviation(row, measure.name))
        for measure in MEASURES
    )
    paid = None if row["paid"] is None else dollars(row["paid"])
    return Ranked(version, row["calls"], paid, estimates)


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
    return Estimate(measure, count, mean, max(low, mean - reach), min(high, mean + reach), deviation)


def _student(freedom: float, z: float = 1.2815515655446004) -> float:
    """The quantile of Student's t where the normal one is z, here of 90% (Abramowitz and Stegun 26.7.5; off by less
    than 0.002 from 4 degrees on)."""
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


@dataclass(frozen=True)
class Verdict:
    """What one measure says of the versions. version: the one that surely leads, None where no difference is seen.

    better: by how much at the least and at the most, against the next best. compared: versions with enough results.
    """

    measure: Measure
    version: PromptVersion | None
    better: tuple[float, float] | None
    compared: int


def verdicts(ranked: list[Ranked]) -> list[Verdict]:
    return [_verdict(measure, ranked) for measure in MEASURES]


def _verdict(measure: Measure, ranked: list[Ranked]) -> Verdict:
    """The best mean leads where it differs from every other by more than chance makes any pair differ once in fifty."""
    known = [(each.version, found) for each in ranked for found in each.estimates if found.measure is measure]
    known = [(version, found) for version, found in known if found.mean is not None]
    sign = 1 if measure.higher_is_better else -1
    known.sort(key=lambda pair: -sign * pair[1].mean)
    if len(known) < 2:
        return Verdict(measure, None, None, len(known))
    (version, best), others = known[0], [found for _version, found in known[1:]]
    level = 1 - _CHANCE / (len(known) * (len(known) - 1))
    gains = [_gain(best, other, level) for other in others]
    if any(low <= 0 for low, _high in gains):
        return Verdict(measure, None, None, len(known))
    return Verdict(measure, version, gains[0], len(known))


def _gain(best: Estimate, other: Estimate, level: float) -> tuple[float, float]:
    """Welch's interval of the difference of two means. Results that are all alike are not taken as certain."""
    least = _STEPS[best.measure.name]
    parts = [max(found.deviation, least) ** 2 / found.count for found in (best, other)]
    freedom = sum(parts) ** 2 / sum(
        part**2 / (found.count - 1) for part, found in zip(parts, (best, other), strict=True)
    )
    reach = _student(freedom, NormalDist().inv_cdf(level)) * math.sqrt(sum(parts))
    gain = abs(best.mean - other.mean)
    return gain - reach, gain + reach


def _order(each: Ranked) -> tuple[float, ...]:
    """Known before unknown; better before worse."""
    keys: list[float] = []
    for found in each.estimates:
        known = found.mean is not None
        keys += [not known, (-found.mean if found.measure.higher_is_better else found.mean) if known else 0]
    return (*keys, -each.version.number)
