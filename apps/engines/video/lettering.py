"""Text as pixels, in every script: drawn by libass, which shapes and wraps what Pillow draws right only with Raqm.

The same library draws the captions, so a card and a caption in one font match. Raqm depends on a system library that
may be absent at run time, and its absence shows only as broken Malayalam; libass is in the ffmpeg that renders anyway.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .ffmpeg import FFmpeg, Limits, escape_filter_value

CANVAS_HEIGHT = 1600
SIDE = 240  # room beside the wrap width, so that a word too long for it is seen
LETTERING_LIMITS = Limits(wall_seconds=60, stall_seconds=60, cpu_seconds=60)
SCRIPT = """\
[Script Info]
ScriptType: v4.00+
WrapStyle: 0
ScaledBorderAndShadow: yes
PlayResX: {width}
PlayResY: {height}
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR,MarginV
Style: Text,{font},40,&H00FFFFFF,{bold},1,0,0,{alignment},{side},{side},40
[Events]
Format: Layer, Start, End, Style, MarginL, MarginR, MarginV, Text
"""


@dataclass(frozen=True)
class Lettering:
    """Text drawn at one size: ink as height x width uint8 (0 none, 255 full), cut to the ink's bounds."""

    ink: np.ndarray
    size: int

    @property
    def width(self) -> int:
        return self.ink.shape[1]

    @property
    def height(self) -> int:
        return self.ink.shape[0]


@dataclass(frozen=True)
class Typeface:
    """A font family with its weight, and the folder libass may load it from (besides the system's fonts)."""

    family: str = "Poppins"
    bold: bool = True
    fonts_dir: Path | None = None

    def key_parts(self) -> list[object]:
        return [self.family, self.bold]


def ass_filter(script: Path, fonts_dir: Path | None) -> str:
    """The filter that burns an ASS file in."""
    fonts = f":fontsdir={escape_filter_value(fonts_dir.absolute())}" if fonts_dir else ""
    return f"ass=filename={escape_filter_value(script.absolute())}{fonts}"


def draw_text(
    text: str,
    *,
    ffmpeg: FFmpeg,
    typeface: Typeface,
    sizes: Sequence[int],
    width: int,
    height: int,
    centred: bool = False,
) -> Lettering:
    """Draw text wrapped to `width` pixels at the first of the sizes (largest first) that fits width x height.

    Text that fits at no size loses words at its end until it fits, and shows that by an ellipsis.
    """
    words = text.split()
    while True:
        drawn = _draw(" ".join(words), ffmpeg, typeface, sizes, width, centred)
        for candidate in drawn:
            if candidate.width <= width and candidate.height <= height:
                return candidate
        if len(words) < 2:
            return _squeezed(drawn[-1], width, height)
        kept = max(1, min(len(words) - 1, int(len(words) * height / max(drawn[-1].height, 1))))
        words = words[:kept]
        words[-1] = words[-1].rstrip(".,;:!?…") + "…"


def _draw(
    text: str, ffmpeg: FFmpeg, typeface: Typeface, sizes: Sequence[int], width: int, centred: bool
) -> list[Lettering]:
    """All sizes in one process: each is one frame, a second apart."""
    canvas = (width + 2 * SIDE, CANVAS_HEIGHT)
    head = SCRIPT.format(
        width=canvas[0],
        height=canvas[1],
        font=typeface.family.replace(",", " "),
        bold=-1 if typeface.bold else 0,
        alignment=8 if centred else 7,
        side=SIDE,
    )
    events = "".join(
        f"Dialogue: 0,0:00:{at:02}.00,0:00:{at + 1:02}.00,Text,0,0,0,{{\\fs{size}}}{literal(text)}\n"
        for at, size in enumerate(sizes)
    )
    with tempfile.TemporaryDirectory(prefix="lettering-") as folder:
        script, pixels = Path(folder) / "text.ass", Path(folder) / "text.raw"
        script.write_text(head + events, encoding="utf-8")
        source = f"color=black:s={canvas[0]}x{canvas[1]}:r=1:d={len(sizes)},format=rgb24"
        ffmpeg.run(
            ["-f", "lavfi", "-i", f"{source},{ass_filter(script, typeface.fonts_dir)}", "-f", "rawvideo"],
            output=pixels,
            limits=LETTERING_LIMITS,
        )
        frames = np.fromfile(pixels, dtype=np.uint8).reshape(len(sizes), canvas[1], canvas[0], 3)[..., 0]
    # the filter draws white as 235 or as 255, by the range the frames are tagged with: the peak says which
    ink = (frames * (255 / max(int(frames.max()), 1))).round().astype(np.uint8)
    return [Lettering(_cut(frame), size) for frame, size in zip(ink, sizes, strict=True)]


def literal(text: str) -> str:
    """Text that ASS shows as it stands: no override blocks, no escapes, one paragraph."""
    joined = " ".join(text.split())
    return joined.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


def _cut(frame: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
    if not rows.size:
        return np.zeros((1, 1), dtype=np.uint8)
    return frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def _squeezed(lettering: Lettering, width: int, height: int) -> Lettering:
    """One word too long for its place, made smaller as a picture."""
    from PIL import Image  # only this rare case needs it here

    picture = Image.fromarray(lettering.ink)
    picture.thumbnail((width, height))
    return Lettering(np.asarray(picture), lettering.size)
