"""The footage library: bringing clips in once, and choosing shots for a part without visible repeats."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

from .ffmpeg import FFmpeg, OnProgress, ShouldStop, media_input
from .frame import FPS, HEIGHT, WIDTH, BackgroundClip, encode_library_clip
from .keys import content_key, file_key
from .probe import ProbeLimits, forced, probe

FOOTAGE_LIMITS = ProbeLimits(seconds=30 * 60)
SHORTEST_FOOTAGE = 1.0  # seconds; less is a still, not a shot
SHOT_SECONDS = 8.0


@dataclass(frozen=True)
class Shot:
    """A stretch of a clip. start: whole seconds, where a library clip has a keyframe. frames: at 30 a second."""

    clip: BackgroundClip
    start: int
    frames: int


@dataclass(frozen=True)
class BackgroundPlan:
    """Shots in order, cut hard: one demuxer and one decoder play them all, so a long montage costs no more memory."""

    shots: tuple[Shot, ...]

    @property
    def duration(self) -> float:
        return sum(shot.frames for shot in self.shots) / FPS

    def key_parts(self) -> list[object]:
        return [[shot.clip.key, shot.start, shot.frames] for shot in self.shots]

    def script(self) -> str:
        """The plan in the language of ffmpeg's concat demuxer."""
        lines = ["ffconcat version 1.0"]
        for shot in self.shots:
            path = str(shot.clip.path.absolute()).replace("'", "'\\''")
            end = shot.start + shot.frames / FPS
            lines += [f"file 'file:{path}'", f"inpoint {shot.start}", f"outpoint {end:.6f}"]
        return "\n".join(lines) + "\n"


def footage_key(source: Path) -> str:
    """The library key a source file gets."""
    return content_key("footage", source=file_key(source))


def import_footage(
    source: Path,
    *,
    cache_dir: Path,
    ffmpeg: FFmpeg,
    limits: ProbeLimits = FOOTAGE_LIMITS,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> BackgroundClip:
    """Bring a video into the library: upright, cropped to fill 1080x1920, 30 fps, silent. The same file is made once.

    Raises AdapterError(permanent=True) when the file is refused.
    """
    info = probe(source, ffmpeg, limits)
    if not info.has_video:
        raise AdapterError(_("The file holds only sound: a background needs a picture."), permanent=True)
    if info.duration < SHORTEST_FOOTAGE:
        raise AdapterError(_("The video is shorter than a second: too short for a background."), permanent=True)
    key = footage_key(source)
    path = cache_dir / f"{key}.mp4"
    if not path.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        fill = f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase:flags=bicubic"
        colours = "out_color_matrix=bt709:out_range=tv"
        encode_library_clip(
            ffmpeg,
            [
                *media_input(source, *forced(info.container), "-max_pixels", str(limits.pixels)),
                *("-map", "0:v:0", "-vf", f"fps={FPS},{fill}:{colours},crop={WIDTH}:{HEIGHT},setsar=1"),
            ],
            output=path,
            seconds=info.duration,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    return BackgroundClip(path=path, key=key, duration=probe(path, ffmpeg).duration)


def plan_background(clips: Sequence[BackgroundClip], *, duration: float, seed: int) -> BackgroundPlan:
    """Choose shots that fill `duration` seconds; the same clips and seed give the same plan.

    A lone clip plays on from a seeded place and begins again when it ends. Otherwise shots come from different
    stretches: no clip twice in a row, and no stretch again before all were shown.
    """
    if not clips:
        raise ValueError("a background needs at least one clip")
    dice = random.Random(seed)
    frames = math.ceil(duration * FPS - 1e-6)
    shots = _one_clip(clips[0], frames, dice) if len(clips) == 1 else _many_clips(clips, frames, dice)
    return BackgroundPlan(tuple(_filling(shots, frames)))


def _one_clip(clip: BackgroundClip, frames: int, dice: random.Random) -> Iterator[Shot]:
    """Endless: a seamless clip may start anywhere, another early enough not to end before it must."""
    latest = clip.duration - 1 if clip.seamless else clip.duration - frames / FPS
    start = dice.randint(0, max(0, int(latest)))
    while True:
        yield Shot(clip, start, _frames_of(clip) - start * FPS)
        start = 0


def _many_clips(clips: Sequence[BackgroundClip], frames: int, dice: random.Random) -> Iterator[Shot]:
    """Endless: from the clip with most stretches left, except the one just shown."""
    length = math.ceil(frames / math.ceil(frames / FPS / SHOT_SECONDS))
    left: list[list[Shot]] = []
    last = -1
    while True:
        choice = [number for number, stretches in enumerate(left) if stretches and number != last]
        if not choice:
            left = [_stretches(clip, length, dice) for clip in clips]
            choice = [number for number in range(len(clips)) if number != last]
        dice.shuffle(choice)
        last = max(choice, key=lambda number: len(left[number]))
        yield left[last].pop()


def _stretches(clip: BackgroundClip, length: int, dice: random.Random) -> list[Shot]:
    """Cut a clip into stretches of `length` frames, or less when it is shorter, in a random order."""
    available = _frames_of(clip)
    count = max(1, available // (math.ceil(length / FPS) * FPS))
    apart = available // FPS // count
    slack = max(0, apart - math.ceil(length / FPS))
    starts = [number * apart + dice.randint(0, slack) for number in range(count)]
    shots = [Shot(clip, start, min(length, available - start * FPS)) for start in starts]
    dice.shuffle(shots)
    return shots


def _filling(shots: Iterator[Shot], frames: int) -> Iterator[Shot]:
    """As many shots as fill the frames, the last one cut to fit."""
    while frames > 0:
        shot = next(shots)
        yield replace(shot, frames=min(shot.frames, frames))
        frames -= shot.frames


def _frames_of(clip: BackgroundClip) -> int:
    return math.floor(clip.duration * FPS + 1e-6)
