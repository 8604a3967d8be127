"""Both recognisers, held to the same conformance, with real weights."""

from __future__ import annotations

import pytest

from apps.common.errors import AdapterError, NotFound
from apps.engines.speech.faster_whisper import FasterWhisper
from apps.engines.speech.models import find_model
from apps.engines.speech.openai_whisper import OpenAIWhisper
from apps.engines.speech.registry import SPEECH_ENGINES
from tests.conformance.speech import SpeechConformance, hear, plain


class TestFasterWhisper(SpeechConformance):
    @pytest.fixture
    def engine(self, faster_whisper):
        return faster_whisper


class TestFasterWhisperOfAllLanguages(SpeechConformance):
    @pytest.fixture
    def engine(self, faster_whisper_of_all_languages):
        return faster_whisper_of_all_languages


class TestOpenAIWhisper(SpeechConformance):
    @pytest.fixture
    def engine(self, openai_whisper):
        return openai_whisper


def test_the_two_hear_the_same_words(faster_whisper, openai_whisper, fox):
    heard = [hear(engine, fox)[0].text for engine in (faster_whisper, openai_whisper)]
    assert plain(heard[0]) == plain(heard[1])


def test_an_engine_is_chosen_by_name():
    assert SPEECH_ENGINES["faster_whisper"] is FasterWhisper
    assert SPEECH_ENGINES["openai_whisper"] is OpenAIWhisper
    with pytest.raises(NotFound, match="There is no speech engine called “ear”"):
        SPEECH_ENGINES["ear"]


def test_without_a_path_the_best_packaged_model_is_taken(cache, multilingual):
    assert find_model("", cache_dir=cache) == multilingual


@pytest.mark.parametrize("make", [FasterWhisper, OpenAIWhisper])
@pytest.mark.parametrize("model", ["tiny.en", "Systran/faster-whisper-tiny", "/no/such/place"])
def test_a_name_is_never_fetched(make, model, cache, monkeypatch):
    """Asked for by name, both packages would go to the network."""
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("it went to the network"))
    with pytest.raises(AdapterError, match="There is no speech model at") as refused:
        make(model, cache_dir=cache)
    assert (refused.value.permanent, "SPEECH_MODEL" in refused.value.hint) == (True, True)


def test_a_damaged_model_is_named(tmp_path, english):
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes((english / name).read_bytes())
    (tmp_path / "model.bin").write_bytes(b"no weights at all")
    with pytest.raises(AdapterError, match="cannot be read"):
        FasterWhisper(str(tmp_path), cache_dir=tmp_path)
