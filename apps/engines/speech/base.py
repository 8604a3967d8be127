"""What a speech recogniser is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

SAMPLE_RATE = 16_000

OnProgress = Callable[[float], None]
ShouldStop = Callable[[], bool]


class Stopped(Exception):
    """The caller's should_stop() said so."""


@dataclass(frozen=True, eq=False, slots=True)
class HearingRequest:
    """A recording. samples: mono float32 in -1..1 at 16 kHz, shape (frames,). language: a code, "" to find it out."""

    samples: np.ndarray
    language: str = ""

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as it is written, punctuation attached, and when it is heard. Seconds; probability: 0 to 1."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """language: that was heard, as a code; sure: how sure of the language, 0 to 1, and 1 where the caller named it."""

    language: str
    sure: float
    words: tuple[HeardWord, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def probability(self) -> float:
        """Of all words, on average; 0 when there are none."""
        return sum(word.probability for word in self.words) / len(self.words) if self.words else 0.0


class SpeechEngine(Protocol):
    """A model in memory, which takes hundreds of megabytes: close it, or use it in a `with`.

    It is loaded by path and never fetches anything. Failures are AdapterError. `tests/conformance/speech.py` states
    what else every engine keeps.
    """

    @property
    def english_only(self) -> bool:
        """Whether the model knows no language but English."""

    def fingerprint(self) -> str:
        """Names everything but the request that decides what is heard."""

    def transcribe(
        self,
        request: HearingRequest,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Transcript:
        """Every word in order, each inside the sound; none where nobody speaks.

        on_progress(fraction) rises to 1.0. Raises Stopped, and AdapterError for a language that the model cannot hear.
        """

    def close(self) -> None:
        """Give the memory back."""

    def __enter__(self) -> SpeechEngine: ...

    def __exit__(self, *_error: object) -> None: ...
