"""A sentence said by Piper, and Whisper's packaged models. Each is made once for each test process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from apps.engines.speech.base import SAMPLE_RATE
from apps.engines.speech.faster_whisper import FasterWhisper
from apps.engines.speech.models import packaged_base, packaged_english
from apps.engines.speech.openai_whisper import OpenAIWhisper
from tests.conformance.speech import SENTENCE
from tests.engines.speech.checkpoint import write_checkpoint
from tests.spoken import say


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("speech-models")


@pytest.fixture(scope="session")
def english() -> Path:
    return packaged_english()


@pytest.fixture(scope="session")
def multilingual(cache) -> Path:
    return packaged_base(cache)


@pytest.fixture(scope="session")
def fox(cache) -> np.ndarray:
    """SENTENCE as float32 at 16 kHz."""
    speech = say(SENTENCE, cache_dir=cache)
    samples = speech.samples.astype(np.float32) / 32768
    at = np.arange(int(len(samples) * SAMPLE_RATE / speech.sample_rate)) * speech.sample_rate / SAMPLE_RATE
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


@pytest.fixture(scope="session")
def faster_whisper(english, cache) -> Iterator[FasterWhisper]:
    with FasterWhisper(str(english), cache_dir=cache) as engine:
        yield engine


@pytest.fixture(scope="session")
def faster_whisper_of_all_languages(multilingual, cache) -> Iterator[FasterWhisper]:
    with FasterWhisper(str(multilingual), cache_dir=cache) as engine:
        yield engine


@pytest.fixture(scope="session")
def openai_whisper(english, cache) -> Iterator[OpenAIWhisper]:
    from whisper import tokenizer  # brings torch, which takes seconds: not in every process that only collects

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the package leaves its vocabulary's file to the collector
        tokenizer.get_encoding(name="gpt2", num_languages=99)  # as transcribing asks for it, and keeps it
    with OpenAIWhisper(str(write_checkpoint(english, cache / "tiny.en.pt")), cache_dir=cache) as engine:
        yield engine
