"""What every speech engine keeps. Subclass with an `engine` fixture, and `spoken`: the sentence below, said."""

from __future__ import annotations

import numpy as np
import pytest
import regex

from apps.common.errors import AdapterError
from apps.engines.speech.base import SAMPLE_RATE, HearingRequest, SpeechEngine, Stopped, Transcript

SENTENCE = "The fox found a brass key under the old bridge, and she kept it for years."


# By fingerprint: what an engine heard, and how it told of its progress. Listening takes seconds.
_HEARD: dict[str, tuple[Transcript, list[float]]] = {}


def plain(text: str) -> list[str]:
    return regex.findall(r"[\p{L}\p{N}']+", text.lower())


def mistakes(said: list[str], heard: list[str]) -> int:
    """Words to change, add or drop."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


def hear(engine: SpeechEngine, spoken: np.ndarray) -> tuple[Transcript, list[float]]:
    name = engine.fingerprint()
    if name not in _HEARD:
        told: list[float] = []
        _HEARD[name] = engine.transcribe(HearingRequest(spoken), on_progress=told.append), told
    return _HEARD[name]


class SpeechConformance:
    @pytest.fixture
    def spoken(self, fox) -> np.ndarray:
        return fox

    @pytest.fixture
    def transcript(self, engine: SpeechEngine, spoken):
        return hear(engine, spoken)[0]

    def test_it_hears_what_is_said(self, transcript):
        assert transcript.language == "en"
        assert mistakes(plain(SENTENCE), plain(transcript.text)) <= 1
        assert transcript.probability > 0.6

    def test_words_follow_each_other_inside_the_sound(self, transcript, spoken):
        edges = [edge for word in transcript.words for edge in (word.start, word.end)]
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= len(spoken) / SAMPLE_RATE
        assert all(type(edge) is float for edge in edges)
        assert all(0 <= word.probability <= 1 for word in transcript.words)
        assert [word.text for word in transcript.words if word.text != word.text.strip() or not word.text] == []

    def test_a_word_is_where_it_is_heard(self, engine, spoken, transcript):
        """The same sentence after two seconds of silence: every word two seconds later."""
        later = np.concatenate([np.zeros(2 * SAMPLE_RATE, dtype=np.float32), spoken])
        heard = (transcript, engine.transcribe(HearingRequest(later, language="en")))
        before, after = ({w.text.strip(",.").lower(): w.start for w in each.words} for each in heard)
        shifts = [
            after[word] - before[word] for word in ("bridge", "kept", "years") if word in after and word in before
        ]
        assert len(shifts) >= 2
        assert shifts == pytest.approx([2.0] * len(shifts), abs=0.3)

    @pytest.mark.parametrize("level", [0.0, 0.0005], ids=["silence", "hiss"])
    def test_where_nobody_speaks_there_are_no_words(self, engine, level):
        quiet = np.random.default_rng(3).normal(0, 1, 4 * SAMPLE_RATE).astype(np.float32) * level
        assert engine.transcribe(HearingRequest(quiet)).words == ()

    def test_progress_rises_to_one(self, engine, spoken):
        told = hear(engine, spoken)[1]
        assert told == sorted(told)
        assert told[-1] == 1.0

    def test_it_stops_when_told_to(self, engine, spoken):
        with pytest.raises(Stopped):
            engine.transcribe(HearingRequest(spoken, language="en"), should_stop=lambda: True)

    def test_a_language_that_it_cannot_hear_is_refused_in_words(self, engine):
        with pytest.raises(AdapterError) as refused:
            engine.transcribe(HearingRequest(np.zeros(SAMPLE_RATE, dtype=np.float32), language="xx"))
        assert refused.value.permanent

    def test_an_english_model_says_that_it_hears_no_malayalam(self, engine):
        if not engine.english_only:
            heard = engine.transcribe(HearingRequest(np.zeros(SAMPLE_RATE, dtype=np.float32), language="ml"))
            assert (heard.language, heard.words) == ("ml", ())
            return
        with pytest.raises(AdapterError, match="English only") as refused:
            engine.transcribe(HearingRequest(np.zeros(SAMPLE_RATE, dtype=np.float32), language="ml"))
        assert refused.value.permanent

    def test_its_fingerprint_is_stable(self, engine):
        assert engine.fingerprint() == engine.fingerprint() != ""
