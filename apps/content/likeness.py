"""How close a text is to what the workspace wrote lately."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from apps.common.text.normalise import normalise
from apps.common.text.similar import fingerprint, similarity
from apps.common.text.words import words
from apps.content.models import Item, Revision
from apps.workspaces.models import Workspace

# Texts are compared by their fingerprints first; only the closest are read and measured word by word.
_LOOKED_AT, _MEASURED = 200, 12
_RUN, _FEWEST_WORDS = 3, 20
WORTH_SAYING, ALARMING = 0.15, 0.5


@dataclass(frozen=True)
class Near:
    """An item that says some of the same. share: of the asked text's runs of three words, how many stand there too."""

    item: int
    title: str
    share: float

    @property
    def percent(self) -> int:
        return round(self.share * 100)

    @property
    def is_alarming(self) -> bool:
        return self.share >= ALARMING


def closest(workspace: Workspace, text: str, *, ignore: int | None = None, most: int = 3) -> list[Near]:
    """The workspace's latest items that share wording with the text, the closest first; empty where none does.

    ignore: the item that the text belongs to. A text of fewer than twenty words says nothing about likeness.
    """
    mine = _runs(text)
    if not mine:
        return []
    rows = Item._base_manager.filter(workspace=workspace).exclude(state="rejected").exclude(pk=ignore)
    latest = rows.exclude(current_revision__fingerprint="").order_by("-pk")
    prints = list(latest.values_list("current_revision_id", "current_revision__fingerprint")[:_LOOKED_AT])
    own = fingerprint(text)
    prints.sort(key=lambda row: -similarity(own, row[1]))
    revisions = Revision._base_manager.filter(pk__in=[pk for pk, _print in prints[:_MEASURED]])
    found = [Near(each.item_id, each.title, _share(mine, _runs(each.told))) for each in revisions]
    near = [each for each in found if each.share >= WORTH_SAYING]
    return sorted(near, key=lambda each: (-each.share, -each.item))[:most]


def _runs(text: str) -> Counter[str]:
    plain = [word.casefold() for word in words(normalise(text))]
    if len(plain) < _FEWEST_WORDS:
        return Counter()
    return Counter(" ".join(plain[at : at + _RUN]) for at in range(len(plain) - _RUN + 1))


def _share(mine: Counter[str], theirs: Counter[str]) -> float:
    return (mine & theirs).total() / mine.total()
