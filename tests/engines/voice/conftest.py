import pytest

from apps.common.text.tokens import SpokenToken
from apps.engines.voice.narration import narrate
from apps.engines.voice.piper import Piper

SCRIPT = (
    "My neighbour knocked at two in the morning and asked for four hundred dollars.",
    "I said no, of course.",
    "He smiled, put a small brass key on the kitchen table, and left without another word.",
    "What would you have done?",
    "The next day there was a note under my door, and the house across the street stood empty.",
)


def tokens(sentence: str) -> tuple[SpokenToken, ...]:
    return tuple(SpokenToken(word, word) for word in sentence.split())


@pytest.fixture(scope="session")
def voice(tmp_path_factory):
    return Piper(cache_dir=tmp_path_factory.mktemp("voices"))


@pytest.fixture(scope="session")
def script():
    return tuple(tokens(sentence) for sentence in SCRIPT)


@pytest.fixture(scope="session")
def speech_dir(tmp_path_factory):
    """The cache of sentences that `narration` filled."""
    return tmp_path_factory.mktemp("speech")


@pytest.fixture(scope="session")
def narration(voice, script, speech_dir, tmp_path_factory):
    return narrate(script, voice=voice, cache_dir=speech_dir, out=tmp_path_factory.mktemp("out") / "narration.wav")
