"""What a voice is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as it is shown, and when it is heard. Seconds from the start of the sound."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One sentence. words: as they are said, punctuation included; speed: 1.0 is the voice's own, 2.0 twice as fast."""

    words: tuple[str, ...]
    speed: float = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class Speech:
    """One sentence, said.

    samples: mono int16, shape (frames,); sample_rate: Hz; spans: start and end in seconds of every word of the request,
    in its order, never decreasing, inside the sound.
    """

    samples: np.ndarray
    sample_rate: int
    spans: tuple[tuple[float, float], ...]

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sample_rate


class VoiceEngine(Protocol):
    """Says a sentence and knows when each of its words is heard.

    Failures are AdapterError. `tests/conformance/voice.py` states what else every engine keeps.
    """

    @property
    def language(self) -> str:
        """The language the voice speaks, as a two or three letter code ("en", "ml")."""

    def fingerprint(self) -> str:
        """Names everything but the request that decides how it sounds; equal fingerprints share a cache."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Say the words. Empty sound when nothing in them can be said, such as punctuation alone."""
