"""Generated moving backgrounds: slow silk of light and drifting bokeh, made for white captions on top.

Every motion is periodic in the loop's length, so the last frame meets the first. The pixels are computed small, in 16
bits, and enlarged by ffmpeg: the picture has no detail that a small frame could miss, and 16 bits leave no steps
between neighbouring colours, only the dither of the final conversion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .ffmpeg import FFmpeg, OnProgress, ShouldStop
from .frame import FPS, HEIGHT, WIDTH, BackgroundClip, encode_library_clip
from .keys import content_key

SMALL = (270, 480)  # computed frame, width x height: a quarter of the final one
SILK = (90, 160)  # the silk is softer still
PARTICLES = 26
# Dark to light, sRGB. The lightest stop stays below 45% luminance: white text keeps a contrast of at least 4.5 to 1.
PALETTES: dict[str, tuple[str, ...]] = {
    "dusk": ("#0b0b26", "#1c1650", "#43227a", "#7a2f83", "#b34a78"),
    "lagoon": ("#04141f", "#07303f", "#0b5563", "#15767a", "#3a8f86"),
    "ember": ("#160a12", "#3a1020", "#6b1d2a", "#9a3a2b", "#b8683a"),
    "forest": ("#07150f", "#0f2f22", "#1d4f38", "#3b6f45", "#6b8448"),
    "slate": ("#0b0f18", "#172033", "#273654", "#3c5378", "#5b769a"),
}


@dataclass(frozen=True)
class MovingBackground:
    """What a generated background looks like. seconds: length of the loop."""

    palette: str = "dusk"
    seed: int = 0
    seconds: float = 16.0

    def key(self) -> str:
        return content_key("moving", palette=PALETTES[self.palette], seed=self.seed, seconds=self.seconds)


def generate_background(
    spec: MovingBackground,
    *,
    cache_dir: Path,
    ffmpeg: FFmpeg,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> BackgroundClip:
    """The clip for a spec, from the cache or made now (about 7 CPU seconds for a loop of 16)."""
    key = spec.key()
    path = cache_dir / f"{key}.mp4"
    if not path.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        width, height = SMALL
        source = ["-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{width}x{height}", "-r", str(FPS), "-i", "pipe:0"]
        encode_library_clip(
            ffmpeg,
            [*source, "-vf", f"scale={WIDTH}:{HEIGHT}:flags=bicubic:sws_dither=ed:out_color_matrix=bt709:out_range=tv"],
            output=path,
            seconds=spec.seconds,
            feed=_frames(spec),
            on_progress=on_progress,
            should_stop=should_stop,
        )
    return BackgroundClip(path=path, key=key, duration=spec.seconds, seamless=True)


def _frames(spec: MovingBackground) -> Iterator[bytes]:
    from moviepy import VideoClip  # a second and 60 MB that only making a background is worth

    clip = VideoClip(_Scene(spec).frame, duration=spec.seconds)
    for frame in clip.iter_frames(fps=FPS):
        yield frame.tobytes()


class _Scene:
    """The picture at a time, as height x width x 3 uint16."""

    def __init__(self, spec: MovingBackground) -> None:
        self.random = np.random.default_rng(spec.seed)
        self.seconds = spec.seconds
        self.ramp = _ramp(PALETTES[spec.palette])
        self.waves = [_Wave.drawn(self.random) for _ in range(4)]
        self.particles = [_Particle.drawn(self.random) for _ in range(PARTICLES)]
        self.glow = self.ramp[-1] * 0.55 + np.float32(0.45)
        self.y, self.x = np.mgrid[0 : SILK[1], 0 : SILK[0]].astype(np.float32) / np.float32(SILK[0])
        self.widen = _enlarging(SILK[0], SMALL[0]).T
        self.heighten = _enlarging(SILK[1], SMALL[1])
        self.shade = _shade()

    def frame(self, seconds: float) -> np.ndarray:
        turn = 2 * math.pi * seconds / self.seconds
        light = self.heighten @ self._silk(turn) @ self.widen
        picture = self.ramp[(np.clip(light, 0, 1) * (len(self.ramp) - 1)).astype(np.int32)]
        picture *= self.shade
        for particle in self.particles:
            particle.add(picture, seconds / self.seconds, self.glow)
        return (np.clip(picture, 0, 1) * 65535).astype("<u2")

    def _silk(self, turn: float) -> np.ndarray:
        """Folded light: waves whose phase is bent by other waves, between 0 and 1."""
        first, second, third, fourth = self.waves
        bend = first.at(self.x, self.y, turn) + 0.6 * second.at(self.x, self.y, turn)
        folds = third.at(self.x + 0.35 * bend, self.y + 0.22 * bend, turn)
        sheen = fourth.at(self.x - 0.25 * bend, self.y + 0.18 * folds, turn)
        return 0.40 + 0.27 * folds + 0.20 * sheen + 0.06 * bend


@dataclass(frozen=True)
class _Wave:
    """A travelling plane wave: cycles across the frame's width in x and y, whole turns per loop, phase."""

    across: float
    down: float
    turns: int
    phase: float

    @classmethod
    def drawn(cls, random: np.random.Generator) -> _Wave:
        angle = random.uniform(0.15, math.pi - 0.15)
        cycles = random.uniform(0.42, 0.75)
        turns = int(random.choice((-1, 1)))
        phase = random.uniform(0, 2 * math.pi)
        return cls(cycles * math.cos(angle), cycles * math.sin(angle), turns, phase)

    def at(self, x: np.ndarray, y: np.ndarray, turn: float) -> np.ndarray:
        shift = np.float32(self.turns * turn + self.phase)
        return np.sin(np.float32(2 * math.pi * self.across) * x + np.float32(2 * math.pi * self.down) * y + shift)


@dataclass(frozen=True)
class _Particle:
    """A soft disc that rises once or twice a loop, sways and breathes. Positions are fractions of the frame."""

    x: float
    y: float
    rises: int
    sway: float
    phase: float
    brightness: float
    disc: np.ndarray

    @classmethod
    def drawn(cls, random: np.random.Generator) -> _Particle:
        depth = random.uniform(0, 1) ** 2  # few near ones, many far ones
        radius = 2.0 + 9.0 * depth
        return cls(
            x=random.uniform(0, 1),
            y=random.uniform(0, 1),
            rises=1,
            sway=random.uniform(0.01, 0.05),
            phase=random.uniform(0, 2 * math.pi),
            brightness=random.uniform(0.20, 0.42) * (1 - 0.72 * depth),
            disc=_disc(radius),
        )

    def add(self, picture: np.ndarray, turn: float, glow: np.ndarray) -> None:
        """Lighten the picture in place. turn: fraction of the loop."""
        size = self.disc.shape[0] - 1
        height, width, _ = picture.shape
        angle = 2 * math.pi * turn + self.phase
        left = self.x * width + self.sway * width * math.sin(angle) - size / 2
        top = ((self.y - self.rises * turn) % 1.0) * (height + 2 * size) - 1.5 * size
        column, row = math.floor(left), math.floor(top)
        moved = _shifted(self.disc, left - column, top - row)
        y0, y1 = max(row, 0), min(row + size, height)
        x0, x1 = max(column, 0), min(column + size, width)
        if y0 >= y1 or x0 >= x1:
            return
        strength = np.float32(self.brightness * (0.65 + 0.35 * math.sin(2 * angle)))
        patch = moved[y0 - row : y1 - row, x0 - column : x1 - column, None] * strength
        picture[y0:y1, x0:x1] += patch * glow


def _disc(radius: float) -> np.ndarray:
    """A disc with a soft rim, padded by one cell on each side for sub-pixel shifts."""
    reach = math.ceil(radius) + 3
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    distance = np.hypot(x, y)
    softness = 0.35 * radius + 0.8
    return np.clip((radius + softness / 2 - distance) / softness, 0, 1) ** 1.5


def _shifted(disc: np.ndarray, right: float, down: float) -> np.ndarray:
    """The disc moved by a fraction of a pixel (linear), one row and column smaller."""
    right, down = np.float32(right), np.float32(down)
    rows = disc[1:] * (1 - down) + disc[:-1] * down
    return rows[:, 1:] * (1 - right) + rows[:, :-1] * right


def _ramp(stops: tuple[str, ...], steps: int = 4096) -> np.ndarray:
    """A smooth colour ramp through the stops, steps x 3 float32 in 0..1."""
    colours = np.array([[int(stop[i : i + 2], 16) / 255 for i in (1, 3, 5)] for stop in stops])
    at = np.linspace(0, 1, len(stops))
    fine = np.linspace(0, 1, steps)
    ramp = np.stack([np.interp(fine, at, colours[:, channel]) for channel in range(3)], axis=1)
    kernel = np.hanning(steps // 5)
    padded = np.pad(ramp, ((steps // 10, steps // 10 - 1), (0, 0)), mode="edge")
    smooth = [np.convolve(padded[:, channel], kernel / kernel.sum(), mode="valid")[:steps] for channel in range(3)]
    return np.stack(smooth, axis=1).astype(np.float32)


def _enlarging(small: int, large: int) -> np.ndarray:
    """A large x small matrix that enlarges a line of samples by Catmull-Rom interpolation."""
    position = (np.arange(large) + 0.5) * small / large - 0.5
    base = np.floor(position).astype(int)
    t = position - base
    weights = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (t**3 - t**2) / 2,
    )
    matrix = np.zeros((large, small), dtype=np.float32)
    for offset, weight in enumerate(weights, start=-1):
        np.add.at(matrix, (np.arange(large), np.clip(base + offset, 0, small - 1)), weight)
    return matrix


def _shade() -> np.ndarray:
    """Darker towards the edges, so that the middle holds the eye; height x width x 1."""
    width, height = SMALL
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot((x / width - 0.5) / 0.85, (y / height - 0.46) / 0.78)
    vignette = 1 - 0.55 * np.clip(distance, 0, 1.2) ** 2.2
    return vignette[..., None].astype(np.float32)
