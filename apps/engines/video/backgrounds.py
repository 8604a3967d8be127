"""The footage library: bringing clips in once, and choosing shots for a part without visible repeats."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.common.errors import AdapterError

from .ffmpeg import FFmpeg, OnProgress, ShouldStop, media_input
from .frame import FPS, HEIGHT, WIDTH, BackgroundClip, encode_library_clip
from .keys import content_key, file_key
from .probe import ProbeLimits, forced, probe

FOOTAGE_LIMITS = ProbeLimits(seconds=30 * 60)
SHORTEST_FOOTAGE = 1.0  # seconds; less is a still, not a shot
SHOT_SECONDS = 8.0
MOST_SHOTS = 12  # each open shot costs a decoder: this bounds the memory of a render
CROSSFADE = 0.5  # seconds two shots share


@dataclass(frozen=True)
class Shot:
    """A stretch of a clip. start and duration in seconds, both on frame boundaries. A looping shot wraps at the end."""

    clip: BackgroundClip
    start: float
    duration: float
    loop: bool = False


@dataclass(frozen=True)
class BackgroundPlan:
    """Shots in order; neighbours overlap by crossfade seconds."""

    shots: tuple[Shot, ...]
    crossfade: float = CROSSFADE

    @property
    def duration(self) -> float:
        return sum(shot.duration for shot in self.shots) - self.crossfade * (len(self.shots) - 1)

    def key_parts(self) -> list[object]:
        return [self.crossfade, [[shot.clip.key, shot.start, shot.duration, shot.loop] for shot in self.shots]]


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
        raise AdapterError("The file holds only sound: a background needs a picture.", permanent=True)
    if info.duration < SHORTEST_FOOTAGE:
        raise AdapterError("The video is shorter than a second: too short for a background.", permanent=True)
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

    One seamless clip loops from a seeded place. Otherwise shots come from different stretches: no clip twice in a row
    while there is another, and no stretch again before all were shown.
    """
    if not clips:
        raise ValueError("a background needs at least one clip")
    dice = random.Random(seed)
    if len(clips) == 1 and clips[0].seamless:
        start = _on_frame(dice.uniform(0, clips[0].duration * 0.9))
        return BackgroundPlan((Shot(clips[0], start, _whole_frames(duration), loop=True),))
    if len(clips) == 1:
        return _one_clip(clips[0], duration, dice)
    return _many_clips(clips, duration, dice)


def _one_clip(clip: BackgroundClip, duration: float, dice: random.Random) -> BackgroundPlan:
    """Play a lone clip from a seeded place and begin it again, dissolving, whenever it ends."""
    length = _on_frame(clip.duration)
    crossfade = _crossfade(length)
    start = _on_frame(dice.uniform(0, max(0.0, length - duration)))
    shots = [Shot(clip, start, min(length - start, _whole_frames(duration)))]
    _extend(shots, duration, crossfade, lambda: Shot(clip, 0.0, length))
    return BackgroundPlan(tuple(shots), crossfade)


def _many_clips(clips: Sequence[BackgroundClip], duration: float, dice: random.Random) -> BackgroundPlan:
    length = max(SHOT_SECONDS, duration / MOST_SHOTS + CROSSFADE)
    crossfade = _crossfade(min(length, *(clip.duration for clip in clips)))
    left: list[list[Shot]] = []
    shots: list[Shot] = []

    def next_shot() -> Shot:
        nonlocal left
        last = shots[-1].clip.key if shots else None
        if not any(stretches and stretches[0].clip.key != last for stretches in left):
            left = [_stretches(clip, length, dice) for clip in dice.sample(list(clips), len(clips))]
        others = [stretches for stretches in left if stretches and stretches[0].clip.key != last]
        return max(others or [stretches for stretches in left if stretches], key=len).pop()

    _extend(shots, duration, crossfade, next_shot)
    return BackgroundPlan(tuple(shots), crossfade)


def _stretches(clip: BackgroundClip, length: float, dice: random.Random) -> list[Shot]:
    """Cut a clip into stretches of about `length` seconds, in a random order."""
    count = max(1, int(clip.duration // length))
    each = _on_frame(min(length, clip.duration))
    spare = clip.duration - each * count
    gap = spare / count
    shots = [Shot(clip, _on_frame((each + gap) * i + dice.uniform(0, gap)), each) for i in range(count)]
    dice.shuffle(shots)
    return shots


def _extend(shots: list[Shot], duration: float, crossfade: float, next_shot) -> None:
    """Add shots until they last for `duration`, and cut the last one to fit."""
    frames = round(_whole_frames(duration) * FPS)
    overlap = round(crossfade * FPS)
    filled = sum(round(shot.duration * FPS) for shot in shots) - overlap * max(0, len(shots) - 1)
    while filled < frames:
        shot = next_shot()
        new = round(shot.duration * FPS)
        filled += new - (overlap if shots else 0)
        # a remainder shorter than the dissolve cannot be shown: what is cut must leave more than the overlap
        excess = min(max(filled - frames, 0), max(new - overlap - 1, 0))
        shots.append(Shot(shot.clip, shot.start, (new - excess) / FPS))


def _crossfade(shortest: float) -> float:
    return _on_frame(min(CROSSFADE, shortest / 4))


def _on_frame(seconds: float) -> float:
    return math.floor(seconds * FPS + 1e-6) / FPS


def _whole_frames(seconds: float) -> float:
    return math.ceil(seconds * FPS - 1e-6) / FPS
