"""Sound on its way to a recogniser: out of a film by the guarded ffmpeg, and cut where nobody speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from apps.engines.speech.base import SAMPLE_RATE, HeardWord
from apps.engines.video.ffmpeg import FFmpeg, media_input
from apps.engines.video.probe import MediaInfo, forced

FRAME = SAMPLE_RATE // 50
# Below -55 dB of full scale there is nothing to hear; models make words up there.
SILENCE = 10 ** (-55 / 20)
WINDOW = 28.0  # seconds that a model takes at once, a little less than the thirty it was made for
SEARCH = 6.0  # seconds before a window's end in which the quietest place is looked for


def extract_sound(
    source: Path,
    info: MediaInfo,
    *,
    out: Path,
    ffmpeg: FFmpeg,
    should_stop: Callable[[], bool] | None = None,
) -> Path:
    """Write the film's first sound track as 16 kHz mono PCM; its times are those of the film."""
    ffmpeg.run(
        [
            *media_input(source, *forced(info.container)),
            *("-map", "0:a:0", "-vn", "-sn", "-dn", "-af", "aresample=16000:async=1:first_pts=0", "-ac", "1"),
            *("-map_metadata", "-1", "-c:a", "pcm_s16le", "-f", "s16le"),
        ],
        output=out,
        duration=info.duration,
        should_stop=should_stop,
    )
    return out


def read_sound(path: Path) -> np.ndarray:
    """What `extract_sound` wrote, as float32 in -1..1, shape (frames,)."""
    return np.fromfile(path, dtype="<i2").astype(np.float32) / 32768.0


def windows(samples: np.ndarray) -> list[tuple[int, int]]:
    """Half-open ranges of at most 28 s that cover the sound, cut at the quietest place near each end."""
    most, search = int(WINDOW * SAMPLE_RATE), int(SEARCH * SAMPLE_RATE)
    found, start = [], 0
    while len(samples) - start > most:
        first = start + most - search
        quiet = int(np.argmin(loudness(samples[first : start + most])))
        end = first + quiet * FRAME + FRAME // 2
        found.append((start, end))
        start = end
    return [*found, (start, len(samples))] if len(samples) > start else found


def loudness(samples: np.ndarray) -> np.ndarray:
    """Root mean square of every 20 ms, shape (len // 320,)."""
    whole = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.sqrt(np.mean(np.square(whole), axis=1)) if len(whole) else np.zeros(1, dtype=np.float32)


def audible(words: Sequence[HeardWord], samples: np.ndarray) -> tuple[HeardWord, ...]:
    """The words where there is something to hear, in order, never overlapping and inside the sound."""
    levels, kept, before, end = loudness(samples), [], 0.0, len(samples) / SAMPLE_RATE
    for word in words:
        text = " ".join(word.text.split())
        first, last = int(word.start * 50), int(np.ceil(word.end * 50))
        around = levels[max(0, first - 5) : last + 5]
        if not text or not len(around) or around.max() < SILENCE:
            continue
        start = min(max(float(word.start), before), end)
        before = min(max(float(word.end), start), end)
        kept.append(HeardWord(text, round(start, 3), round(before, 3), round(float(word.probability), 3)))
    return tuple(kept)
