import re
import statistics
import subprocess
import wave
from itertools import pairwise

import imageio_ffmpeg
import numpy as np
import pytest

from apps.common.errors import AdapterError
from apps.common.text.tokens import SpokenToken
from apps.engines.video.ffmpeg import Stopped
from apps.engines.voice.base import Speech
from apps.engines.voice.narration import Pauses, narrate
from tests.engines.voice.conftest import SCRIPT, tokens


def measured(path):
    """Integrated loudness (LUFS) and true peak (dBTP) by ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return tuple(
        float(re.findall(rf"{name}:\s+(-?[\d.]+) {unit}", log)[-1]) for name, unit in (("I", "LUFS"), ("Peak", "dBFS"))
    )


def test_a_narration_is_broadcast_ready_sound(narration):
    with wave.open(str(narration.path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (48_000, 1, 2)
        assert narration.duration == sound.getnframes() / 48_000
    loudness, peak = measured(narration.path)
    assert loudness == pytest.approx(-14, abs=0.5)
    assert peak <= -1.0


def test_every_word_is_shown_once_in_order_and_never_overlaps(narration):
    assert [word.text for word in narration.words] == " ".join(SCRIPT).split()
    edges = [edge for word in narration.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= narration.duration


def test_sentences_are_apart_by_a_pause_and_the_part_ends_with_one(narration, script):
    assert len(narration.sentence_spans) == len(script)
    gaps = [after[0] - before[1] for before, after in pairwise(narration.sentence_spans)]
    assert gaps == pytest.approx([Pauses().sentence] * (len(script) - 1), abs=1e-3)
    assert narration.duration - narration.sentence_spans[-1][1] == pytest.approx(Pauses().part, abs=2e-3)


def onset(loudness, around):
    """Seconds at which sound first rises within 0.2 s of `around`. loudness: one value a millisecond."""
    first = max(round((around - 0.2) * 1000), 0)
    window = loudness[first : round((around + 0.2) * 1000)]
    return (first + np.argmax(window > 0.1 * window.max())) / 1000


def test_words_after_a_pause_start_when_sound_rises(narration):
    with wave.open(str(narration.path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(float)
    blocks = samples[: len(samples) // 48 * 48].reshape(-1, 48)
    loudness = np.sqrt(np.convolve((blocks**2).mean(axis=1), np.ones(10) / 10, "same"))
    starts = [after.start for before, after in pairwise(narration.words) if after.start - before.end > 0.2]
    apart = [abs(start - onset(loudness, start)) for start in starts]
    assert len(apart) >= 4
    assert statistics.median(apart) <= 0.04
    assert max(apart) <= 0.12


def test_a_changed_sentence_is_the_only_one_said_again(voice, script, speech_dir, narration, tmp_path):
    assert (narration.synthesized, narration.reused) == (5, 0)
    edited = (*script[:3], tokens("Nobody would have believed me."), script[4])
    steps = []
    again = narrate(
        edited,
        voice=voice,
        cache_dir=speech_dir,
        out=tmp_path / "again.wav",
        on_progress=lambda done, total: steps.append((done, total)),
    )
    assert (again.synthesized, again.reused) == (1, 4)
    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert again.words[:30] == narration.words[:30]


def test_what_is_shown_may_change_without_saying_it_again(voice, script, speech_dir, narration, tmp_path):
    shown = tuple(tuple(SpokenToken(token.display.upper(), token.spoken) for token in sentence) for sentence in script)
    loud = narrate(shown, voice=voice, cache_dir=speech_dir, out=tmp_path / "loud.wav")
    assert loud.synthesized == 0
    assert [word.text for word in loud.words] == " ".join(SCRIPT).upper().split()


def test_a_damaged_cache_entry_is_made_again(voice, script, speech_dir, narration, tmp_path):
    cache = tmp_path / "speech"
    narrate(script[:2], voice=voice, cache_dir=cache, out=tmp_path / "first.wav")
    first, second = sorted(cache.rglob("*.npz"))
    first.write_bytes(first.read_bytes()[:1000])
    data = bytearray(second.read_bytes())
    data[len(data) // 2] ^= 0xFF
    second.write_bytes(data)
    again = narrate(script[:2], voice=voice, cache_dir=cache, out=tmp_path / "second.wav")
    assert (again.synthesized, again.reused) == (2, 0)
    assert narrate(script[:2], voice=voice, cache_dir=cache, out=tmp_path / "third.wav").reused == 2


def test_what_is_not_voiced_stands_beside_its_neighbour(voice, tmp_path):
    sentence = (
        SpokenToken("🔥", ""),
        SpokenToken("$400", "four hundred dollars"),
        SpokenToken("—", ""),
        SpokenToken("gone.", "gone."),
    )
    silent = (SpokenToken("***", ""),)
    made = narrate([sentence, silent], voice=voice, cache_dir=tmp_path / "c", out=tmp_path / "n.wav")
    assert [word.text for word in made.words] == ["🔥 $400 —", "gone."]
    assert made.synthesized == 1
    assert made.sentence_spans[1] == (made.sentence_spans[0][1],) * 2


def test_stopping_leaves_no_file_and_keeps_what_was_said(voice, script, tmp_path):
    out, said = tmp_path / "n.wav", []
    with pytest.raises(Stopped):
        narrate(
            script,
            voice=voice,
            cache_dir=tmp_path / "c",
            out=out,
            on_progress=lambda done, total: said.append(done),
            should_stop=lambda: len(said) == 1,
        )
    assert not out.exists()
    assert said == [1]
    assert len(list((tmp_path / "c").rglob("*.npz"))) == 1


def test_nothing_to_say_is_an_error_with_a_way_out(voice, tmp_path):
    with pytest.raises(AdapterError, match="Write at least one word"):
        narrate([(SpokenToken("***", ""),)], voice=voice, cache_dir=tmp_path, out=tmp_path / "n.wav")


class Silence:
    """A voice that says nothing for a second a word."""

    language = "en"

    def fingerprint(self):
        return "silence"

    def synthesize(self, request):
        spans = tuple((float(index), index + 1.0) for index, _ in enumerate(request.words))
        return Speech(np.zeros(16_000 * len(request.words), np.int16), 16_000, spans)


def test_silence_is_not_amplified(tmp_path):
    made = narrate([tokens("one two")], voice=Silence(), cache_dir=tmp_path / "c", out=tmp_path / "n.wav")
    assert made.duration == pytest.approx(2 + Pauses().part, abs=1e-3)
    with wave.open(str(made.path)) as sound:
        assert not any(sound.readframes(sound.getnframes()))
