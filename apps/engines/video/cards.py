"""Cards over the background: the hook at the start, the part, the call to action at the end, and the progress bar.

Each is a PNG with alpha, cut to its own bounds and made once per content. Pillow draws the shapes, libass the letters.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .ffmpeg import FFmpeg
from .frame import HEIGHT, WIDTH
from .keys import content_key
from .lettering import Typeface, draw_text

# What TikTok, Reels and Shorts lay over a video, as fractions of the frame.
SAFE_TOP, SAFE_BOTTOM, SAFE_RIGHT = 0.12, 0.22, 0.12
CARD_WIDTH = round(WIDTH * (1 - 2 * SAFE_RIGHT))  # centred, so the left keeps the same distance
CARD_CENTRE = round(HEIGHT * 0.285)  # above the captions, below the top interface
CARD_TOP, CARD_HEIGHT = round(HEIGHT * SAFE_TOP) + 10, 560
PADDING, RADIUS, SHADOW, LABEL_HEIGHT = 52, 44, 44, 76
TEXT_SIZES = (116, 104, 92, 82, 72, 64, 56)
LABEL_SIZES = (54, 46, 38)
BAR_HEIGHT = 12
INK, PAPER = (20, 18, 31), (255, 255, 255)


@dataclass(frozen=True)
class CardStyle:
    """The brand on cards. accent: "#rrggbb"."""

    accent: str = "#6d3bf5"
    typeface: Typeface = field(default_factory=Typeface)


@dataclass(frozen=True)
class Card:
    """A finished card: where its PNG is and where its top left corner goes in a 1080x1920 frame (pixels)."""

    path: Path
    key: str
    x: int
    y: int


def opening_card(hook: str, *, label: str, style: CardStyle, cache_dir: Path, ffmpeg: FFmpeg) -> Card | None:
    """The hook on paper with a label such as "Part 2 of 3" on its edge; either may be empty, None when both are."""
    if not hook.strip():
        if not label.strip():
            return None
        return _cached("label", (label,), style, cache_dir, lambda: (label_image(label, style, ffmpeg), CARD_TOP))
    draw = lambda: _panel(hook, label, PAPER, INK, style, ffmpeg)  # noqa: E731 - deferred until the cache is asked
    return _cached("opening", (hook, label), style, cache_dir, draw)


def closing_card(text: str, *, style: CardStyle, cache_dir: Path, ffmpeg: FFmpeg) -> Card | None:
    """The call to action on the accent colour; None when there is none."""
    if not text.strip():
        return None
    accent = colour(style.accent)
    draw = lambda: _panel(text, "", accent, readable_on(accent), style, ffmpeg)  # noqa: E731 - as above
    return _cached("closing", (text,), style, cache_dir, draw)


def progress_bar(*, style: CardStyle, cache_dir: Path) -> Card:
    """The full bar; compose() slides it in from the left along the top edge."""

    def draw() -> tuple[Image.Image, int]:
        accent = np.array(colour(style.accent), dtype=np.float32)
        light = accent + (255 - accent) * 0.45
        blend = np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :, None]
        row = np.repeat(accent * (1 - blend) + light * blend, BAR_HEIGHT, axis=0)
        return Image.fromarray(row.astype(np.uint8)).convert("RGBA"), 0

    return _cached("bar", (), style, cache_dir, draw)


def colour(text: str) -> tuple[int, int, int]:
    """ "#rrggbb" as three numbers; ValueError when it is anything else."""
    if len(text) != 7 or not text.startswith("#"):
        raise ValueError(f"{text!r} is not a colour like #6d3bf5")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def readable_on(background: tuple[int, int, int]) -> tuple[int, int, int]:
    """Ink or paper, whichever has the greater contrast (WCAG relative luminance)."""
    light = luminance(background)
    return PAPER if (1.05 / (light + 0.05)) >= ((light + 0.05) / (luminance(INK) + 0.05)) else INK


def luminance(rgb: tuple[int, int, int]) -> float:
    """WCAG relative luminance, 0 to 1."""
    linear = [c / 12.92 if (c := v / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for v in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def save_image(image: Image.Image, path: Path, **options: object) -> None:
    """Write a picture whole or not at all. The format follows the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        with partial.open("wb") as handle:
            image.save(handle, format=Image.registered_extensions()[path.suffix], **options)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _cached(kind: str, content: tuple[str, ...], style: CardStyle, cache_dir: Path, draw) -> Card:
    """The card from the cache, or drawn now. Its y stands in the name, as it follows from the drawing."""
    key = content_key("card", kind=kind, content=content, accent=style.accent, typeface=style.typeface.key_parts())
    found = next(cache_dir.glob(f"{key}-*.png"), None)
    if found is None:
        image, top = draw()
        found = cache_dir / f"{key}-{top}.png"
        save_image(image, found)
    with Image.open(found) as image:
        left = (WIDTH - image.width) // 2
    return Card(path=found, key=key, x=left, y=int(found.stem.rpartition("-")[2]))


def _panel(
    text: str,
    label: str,
    fill: tuple[int, int, int],
    ink: tuple[int, int, int],
    style: CardStyle,
    ffmpeg: FFmpeg,
) -> tuple[Image.Image, int]:
    """A rounded panel that hugs its text, with a soft shadow; returns the picture and its top in the frame."""
    letters = draw_text(
        text,
        ffmpeg=ffmpeg,
        typeface=style.typeface,
        sizes=TEXT_SIZES,
        width=CARD_WIDTH - 2 * PADDING,
        height=CARD_HEIGHT - 2 * PADDING,
        centred=True,
    )
    chip = label_image(label, style, ffmpeg) if label else None
    overhang = LABEL_HEIGHT // 2 if chip else 0
    extra = LABEL_HEIGHT // 4 if chip else 0  # the label's lower half stands on the panel
    width = max(letters.width, (chip.width if chip else 0), 320) + 2 * PADDING
    height = letters.height + 2 * PADDING + extra
    image = Image.new("RGBA", (width + 2 * SHADOW, height + overhang + 2 * SHADOW))
    box = (SHADOW, SHADOW + overhang, SHADOW + width, SHADOW + overhang + height)
    image.alpha_composite(_shadow(image.size, box))
    image.alpha_composite(_rounded(image.size, box, RADIUS, (*fill, 247)))
    at = (SHADOW + (width - letters.width) // 2, SHADOW + overhang + extra + PADDING)
    image.paste((*ink, 255), at, Image.fromarray(letters.ink))
    if chip:
        image.alpha_composite(chip, ((image.width - chip.width) // 2, SHADOW))
    top = max(CARD_CENTRE - image.height // 2, CARD_TOP - SHADOW)
    return image, top


def label_image(label: str, style: CardStyle, ffmpeg: FFmpeg) -> Image.Image:
    """A pill with a word or two on the accent colour."""
    letters = draw_text(
        label,
        ffmpeg=ffmpeg,
        typeface=style.typeface,
        sizes=LABEL_SIZES,
        width=CARD_WIDTH - 2 * PADDING,
        height=LABEL_HEIGHT - 20,
        centred=True,
    )
    accent = colour(style.accent)
    size = (letters.width + 72, LABEL_HEIGHT)
    image = _rounded(size, (0, 0, *size), LABEL_HEIGHT // 2, (*accent, 255))
    at = ((size[0] - letters.width) // 2, (size[1] - letters.height) // 2)
    image.paste((*readable_on(accent), 255), at, Image.fromarray(letters.ink))
    return image


def _rounded(size: tuple[int, int], box: tuple[int, ...], radius: int, fill: tuple[int, ...]) -> Image.Image:
    """A rounded rectangle with smooth edges: drawn at three times the size, since Pillow does not smooth them."""
    large = Image.new("L", (size[0] * 3, size[1] * 3))
    x0, y0, x1, y1 = (edge * 3 for edge in box)
    ImageDraw.Draw(large).rounded_rectangle((x0, y0, x1 - 1, y1 - 1), radius * 3, fill=fill[3])
    image = Image.new("RGBA", size, (*fill[:3], 0))
    image.putalpha(large.resize(size, Image.Resampling.BOX))
    return image


def _shadow(size: tuple[int, int], box: tuple[int, ...]) -> Image.Image:
    x0, y0, x1, y1 = box
    shape = _rounded(size, (x0 + 6, y0 + 16, x1 - 6, y1 + 12), RADIUS, (0, 0, 0, 120))
    return shape.filter(ImageFilter.GaussianBlur(13))
