"""What competitors speak of and a draft does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from apps.common.text.words import WORD
from apps.engines.research.base import Source
from apps.engines.research.keywords import keywords, stem

_TERMS_A_SOURCE = 25


@dataclass(frozen=True)
class Gap:
    """sources: how many of the pages speak of it; theirs: their mean count per 1,000 words; ours: the draft's count."""

    term: str
    sources: int
    theirs: float
    ours: int

    @property
    def missing(self) -> bool:
        return self.ours == 0


def term_gap(draft: str, sources: Sequence[Source], *, language: str = "en", least: int = 2) -> list[Gap]:
    """Terms of at least `least` sources (or of the only one), those the draft lacks first."""
    least = min(least, len(sources))
    found: dict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
    for source in sources:
        lines = [heading.text for heading in source.headings]
        for term in keywords(source.text, language=language, headings=lines, title=source.title, most=_TERMS_A_SOURCE):
            key = _stems(term.text, language)
            found[key].append((term.text, 1000 * term.count / max(source.words, 1)))
    ours = _stems(draft, language)
    gaps = [
        Gap(
            Counter(text for text, _rate in said).most_common(1)[0][0],
            len(said),
            round(sum(rate for _text, rate in said) / len(said), 1),
            _count(key, ours),
        )
        for key, said in found.items()
        if len(said) >= least
    ]
    return sorted(gaps, key=lambda gap: (not gap.missing, -gap.sources, -gap.theirs, gap.term))


def _stems(text: str, language: str) -> tuple[str, ...]:
    return tuple(stem(match[0], language) for match in WORD.finditer(text))


def _count(key: tuple[str, ...], there: tuple[str, ...]) -> int:
    size = len(key)
    return sum(there[at : at + size] == key for at in range(len(there) - size + 1))
