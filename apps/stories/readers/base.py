"""What every reader shares: settings that check themselves, the story as read, and the reasons to leave one out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class SourceSettings(BaseModel):
    """What to read and what to leave out. Word counts are those of the body, without the title."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=50, ge=1, le=1000, description="How many entries one fetch looks at.")
    min_words: int = Field(default=150, ge=0, le=50_000)
    max_words: int = Field(default=3000, ge=1, le=50_000)

    @model_validator(mode="after")
    def _words_in_order(self) -> SourceSettings:
        if self.min_words > self.max_words:
            raise ValueError(_("The smallest number of words is above the largest."))
        return self


@dataclass(frozen=True)
class FetchedStory:
    """One story as its source tells it; `text` may still hold the source's light markup."""

    external_id: str
    title: str
    text: str
    url: str = ""
    author: str = ""
    community: str = ""
    flair: str = ""
    score: int | None = None
    nsfw: bool = False
    posted_at: datetime | None = None


@dataclass
class Findings:
    """What one fetch saw beside the stories it yields.

    left_out: how many entries by reason. marks: what the source wants back next time (ETag and the like).
    """

    seen: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    marks: dict[str, str] = field(default_factory=dict)
    unchanged: bool = False


class Reader(Protocol):
    """Yields stories that pass the settings and counts the rest in `findings`; raises AdapterError."""

    def read(self, findings: Findings) -> Iterator[FetchedStory]: ...


def length_problem(settings: SourceSettings, words: int) -> str:
    """Why a body of `words` words is left out, as a reason's name; "" when it is not."""
    if words < settings.min_words:
        return "too_short"
    if words > settings.max_words:
        return "too_long"
    return ""
