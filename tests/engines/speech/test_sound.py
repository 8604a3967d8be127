"""Sound out of films, and edited words that keep their times."""

from __future__ import annotations

import numpy as np
import pytest

from apps.engines.speech.align import retime
from apps.engines.speech.base import SAMPLE_RATE, HeardWord
from apps.engines.speech.sound import audible, extract_sound, read_sound, windows
from apps.engines.video.ffmpeg import FFmpeg, media_input
from apps.engines.video.probe import probe
from apps.engines.voice.base import TimedWord

HEARD = (
    TimedWord("The", 0.0, 0.3),
    TimedWord("fox", 0.3, 0.6),
    TimedWord("found", 0.6, 1.0),
    TimedWord("a", 1.0, 1.1),
    TimedWord("quay.", 1.1, 1.6),
)


@pytest.fixture(scope="module")
def ffmpeg():
    return FFmpeg.find()


def test_sound_that_starts_after_the_picture_keeps_its_place(ffmpeg, tmp_path):
    tone, film = tmp_path / "tone.wav", tmp_path / "late.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=440:d=1", "-f", "wav"], output=tone)
    picture = ["-f", "lavfi", "-i", "color=c=red:s=64x64:r=10:d=2"]
    options = ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-c:a", "aac", "-f", "mp4"]
    ffmpeg.run([*picture, *media_input(tone, "-itsoffset", "1"), *options], output=film)
    samples = read_sound(extract_sound(film, probe(film, ffmpeg), out=tmp_path / "sound.pcm", ffmpeg=ffmpeg))
    assert samples.dtype == np.float32
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    assert loud[0] / SAMPLE_RATE == pytest.approx(1.0, abs=0.06)


def test_long_sound_is_cut_where_it_is_quiet():
    samples = np.random.default_rng(1).normal(0, 0.1, 70 * SAMPLE_RATE).astype(np.float32)
    for second in (25, 48):
        samples[second * SAMPLE_RATE : second * SAMPLE_RATE + SAMPLE_RATE // 2] = 0
    cuts = windows(samples)
    assert [cuts[0][0], cuts[-1][1]] == [0, len(samples)]
    assert [end for _start, end in cuts[:-1]] == [start for start, _end in cuts[1:]]
    assert [int(end / SAMPLE_RATE) for _start, end in cuts[:-1]] == [25, 48]
    assert windows(np.zeros(0, dtype=np.float32)) == []


def test_words_that_a_model_made_up_in_silence_are_dropped():
    samples = np.zeros(4 * SAMPLE_RATE, dtype=np.float32)
    samples[: 2 * SAMPLE_RATE] = 0.1
    words = [HeardWord(" Hello", 0.5, 1.0, 0.9), HeardWord(" you", 3.2, 3.6, 0.9), HeardWord(" ", 1, 1.2, 0.9)]
    assert audible(words, samples) == (HeardWord("Hello", 0.5, 1.0, 0.9),)


def test_a_transcript_that_nobody_edited_keeps_every_time():
    assert retime(HEARD, "The fox found a quay.", duration=2.0) == HEARD


def test_a_corrected_word_takes_the_time_of_the_wrong_one():
    assert retime(HEARD, "The fox found a key.", duration=2.0) == (*HEARD[:-1], TimedWord("key.", 1.1, 1.6))


def test_punctuation_and_capitals_change_no_time():
    edited = retime(HEARD, "the Fox, found a quay!", duration=2.0)
    assert [(word.start, word.end) for word in edited] == [(word.start, word.end) for word in HEARD]
    assert [word.text for word in edited] == ["the", "Fox,", "found", "a", "quay!"]


def test_added_and_removed_words_leave_the_others_in_place():
    edited = retime(HEARD, "The little red fox found it", duration=2.0)
    assert [word.text for word in edited] == ["The", "little", "red", "fox", "found", "it"]
    times = {word.text: (word.start, word.end) for word in edited}
    assert times["The"] == (0.0, 0.3)
    assert times["it"] == (1.0, 1.6)
    assert times["found"] == (0.6, 1.0)
    edges = [edge for word in edited for edge in (word.start, word.end)]
    assert edges == sorted(edges)


def test_words_for_a_film_in_which_none_were_heard_share_its_length():
    edited = retime((), "Look at this", duration=3.0)
    assert (edited[0].start, edited[-1].end, len(edited)) == (0.0, 3.0, 3)
    assert retime(HEARD, "", duration=2.0) == ()
