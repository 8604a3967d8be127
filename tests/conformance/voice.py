"""What every voice engine keeps. Subclass with an `engine` fixture that speaks English."""

import numpy as np
import pytest

from apps.engines.voice.base import SpeechRequest, VoiceEngine

SENTENCE = ("She", "left", "the", "old", "house,", "and", "never", "came", "back.")


class VoiceConformance:
    @pytest.fixture
    def speech(self, engine: VoiceEngine):
        return engine.synthesize(SpeechRequest(SENTENCE))

    def test_speech_is_mono_sound_that_can_be_heard(self, speech):
        assert speech.samples.ndim == 1
        assert speech.samples.dtype == np.int16
        assert speech.sample_rate >= 16_000
        assert np.abs(speech.samples).max() > 1000
        assert 1.0 < speech.duration < 6.0

    def test_every_word_has_its_time_in_order_inside_the_sound(self, speech):
        assert len(speech.spans) == len(SENTENCE)
        edges = [edge for span in speech.spans for edge in span]
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= speech.duration
        assert all(end - start >= 0.03 for start, end in speech.spans)

    def test_twice_the_speed_takes_about_half_the_time(self, engine, speech):
        fast = engine.synthesize(SpeechRequest(SENTENCE, speed=2.0))
        assert 0.35 < fast.duration / speech.duration < 0.7

    def test_a_word_said_as_several_has_one_time(self, engine):
        speech = engine.synthesize(SpeechRequest(("It", "cost", "four hundred dollars", "today.")))
        lengths = [end - start for start, end in speech.spans]
        assert len(lengths) == 4
        assert max(lengths) == lengths[2]

    def test_marks_alone_are_silence(self, engine):
        speech = engine.synthesize(SpeechRequest(("…", "—")))
        assert len(speech.samples) == 0
        assert speech.spans == ((0.0, 0.0), (0.0, 0.0))

    def test_the_fingerprint_and_the_language_are_stable_text(self, engine):
        assert engine.fingerprint() == engine.fingerprint() != ""
        assert engine.language == "en"
