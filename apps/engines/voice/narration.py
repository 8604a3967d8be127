"""Says a script sentence by sentence and joins it to one sound file with word times.

A sentence is said once: its sound is kept under the hash of what made it, so an edit costs only what it changed.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.text.tokens import SpokenToken
from apps.engines.video.ffmpeg import FFmpeg, ShouldStop, Stopped

from .base import Speech, SpeechRequest, TimedWord, VoiceEngine
from .cache import SpeechCache, speech_key
from .loudness import write_at_loudness

TARGET_LUFS = -14.0

OnSentence = Callable[[int, int], None]


@dataclass(frozen=True)
class Pauses:
    """Silence, in seconds, after every sentence but the last, and after the last."""

    sentence: float = 0.25
    part: float = 0.6


@dataclass(frozen=True)
class Narration:
    """A finished narration.

    path: 48 kHz mono 16 bit wav. duration: seconds. words: everything shown, in order, never overlapping.
    sentence_spans: start and end in seconds of every sentence given; of no length when nothing in it is said.
    synthesized, reused: sentences said now, and found in the cache.
    """

    path: Path
    duration: float
    words: tuple[TimedWord, ...]
    sentence_spans: tuple[tuple[float, float], ...]
    synthesized: int
    reused: int


def narrate(
    sentences: Sequence[tuple[SpokenToken, ...]],
    *,
    voice: VoiceEngine,
    cache_dir: Path,
    out: Path,
    speed: float = 1.0,
    pauses: Pauses = Pauses(),
    target_lufs: float = TARGET_LUFS,
    ffmpeg: FFmpeg | None = None,
    on_progress: OnSentence | None = None,
    should_stop: ShouldStop | None = None,
) -> Narration:
    """Say the sentences, bring them to target_lufs (integrated, EBU R128) and write them to `out`.

    on_progress(done, total) counts sentences. Raises Stopped when should_stop() says so, with `out` untouched and what
    was said kept; AdapterError when the voice or ffmpeg fails, or when there is nothing to say.
    """
    speech, synthesized = _say_all(sentences, voice, SpeechCache(cache_dir), speed, on_progress, should_stop)
    said = [sentence for sentence in speech if sentence is not None]
    if not any(len(sentence.samples) for sentence in said):
        raise AdapterError(
            _("There is nothing to say in this text."), permanent=True, hint=_("Write at least one word.")
        )
    timeline = _Timeline(said[0].sample_rate, pauses)
    for tokens, sentence in zip(sentences, speech, strict=True):
        timeline.add(tokens, sentence)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_at_loudness(
        timeline.samples(),
        timeline.rate,
        out,
        target_lufs=target_lufs,
        ffmpeg=ffmpeg or FFmpeg.find(),
        should_stop=should_stop,
    )
    return Narration(
        path=out,
        duration=_wav_seconds(out),
        words=tuple(timeline.words),
        sentence_spans=tuple(timeline.spans),
        synthesized=synthesized,
        reused=len(said) - synthesized,
    )


def _say_all(
    sentences: Sequence[tuple[SpokenToken, ...]],
    voice: VoiceEngine,
    cache: SpeechCache,
    speed: float,
    on_progress: OnSentence | None,
    should_stop: ShouldStop | None,
) -> tuple[list[Speech | None], int]:
    """The speech of every sentence (None where nothing is voiced) and how many were said now."""
    speech: list[Speech | None] = []
    synthesized = 0
    for done, tokens in enumerate(sentences, start=1):
        if should_stop and should_stop():
            raise Stopped
        words = tuple(token.spoken for token in tokens if token.spoken.strip())
        found = None
        if words:
            request = SpeechRequest(words, speed)
            key = speech_key(voice, request)
            found = cache.load(key)
            if found is None:
                found = voice.synthesize(request)
                cache.save(key, found)
                synthesized += 1
        speech.append(found)
        if on_progress:
            on_progress(done, len(sentences))
    return speech, synthesized


class _Timeline:
    """Sentences one after the other, with the silence between them."""

    def __init__(self, rate: int, pauses: Pauses) -> None:
        self.rate = rate
        self.words: list[TimedWord] = []
        self.spans: list[tuple[float, float]] = []
        self._pauses = pauses
        self._parts: list[np.ndarray] = []
        self._frames = 0

    def add(self, tokens: tuple[SpokenToken, ...], speech: Speech | None) -> None:
        if speech is None or not len(speech.samples):
            self.spans.append((self._frames / self.rate,) * 2)
            return
        if self._parts:
            self._append(self._silence(self._pauses.sentence))
        start = self._frames / self.rate
        self.words += _shown(tokens, [(start + first, start + last) for first, last in speech.spans])
        self._append(speech.samples)
        self.spans.append((start, self._frames / self.rate))

    def samples(self) -> np.ndarray:
        """Mono int16, with the silence that ends the part."""
        return np.concatenate([*self._parts, self._silence(self._pauses.part)])

    def _append(self, samples: np.ndarray) -> None:
        self._parts.append(samples)
        self._frames += len(samples)

    def _silence(self, seconds: float) -> np.ndarray:
        return np.zeros(round(seconds * self.rate), np.int16)


def _shown(tokens: Sequence[SpokenToken], spans: Sequence[tuple[float, float]]) -> list[TimedWord]:
    """One word for every voiced token. What is shown but not voiced stands beside the word before it, else after it."""
    words: list[TimedWord] = []
    waiting = ""
    times = iter(spans)
    for token in tokens:
        shown = token.display.strip()
        if token.spoken.strip():
            start, end = next(times)
            words.append(TimedWord(f"{waiting} {shown}".strip(), start, end))
            waiting = ""
        elif words:
            words[-1] = TimedWord(f"{words[-1].text} {shown}".strip(), words[-1].start, words[-1].end)
        else:
            waiting = f"{waiting} {shown}".strip()
    return words


def _wav_seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()
