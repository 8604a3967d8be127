"""Still pictures of a video: the thumbnail with its title, and the plain frame a player shows before it plays."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from .cards import CARD_WIDTH, CardStyle, colour, label_image, save_image
from .ffmpeg import FFmpeg, Limits, media_input
from .frame import HEIGHT, WIDTH
from .keys import content_key
from .lettering import draw_text

TITLE_SIZES = (216, 190, 168, 148, 130, 114, 100, 88)
STILL_LIMITS = Limits(wall_seconds=60, stall_seconds=60, cpu_seconds=60)


@dataclass(frozen=True)
class ThumbnailRequest:
    """A frame of a video (key: its content key) at a second, with a title and a label such as "Part 2 of 3" on it."""

    video: Path
    video_key: str
    at: float
    title: str
    label: str = ""
    style: CardStyle = field(default_factory=CardStyle)


def thumbnail_key(request: ThumbnailRequest) -> str:
    style = [request.style.accent, request.style.typeface.key_parts()]
    return content_key(
        "thumbnail", video=request.video_key, at=request.at, title=request.title, label=request.label, style=style
    )


def thumbnail(request: ThumbnailRequest, *, out: Path, ffmpeg: FFmpeg, frame: Image.Image | None = None) -> Path:
    """Write a 1080x1920 JPEG: the frame (taken from the video unless given), shaded, the title large in the middle."""
    picture = _shaded(frame or frame_at(request.video, request.at, ffmpeg=ffmpeg))
    title = draw_text(
        request.title,
        ffmpeg=ffmpeg,
        typeface=request.style.typeface,
        sizes=TITLE_SIZES,
        width=CARD_WIDTH,
        height=760,
        centred=True,
    )
    top = round(HEIGHT * 0.45) - title.height // 2
    _paste_text(picture, title.ink, ((WIDTH - title.width) // 2, top))
    accent = colour(request.style.accent)
    rule = Image.new("RGB", (140, 14), accent)
    picture.paste(rule, ((WIDTH - rule.width) // 2, top + title.height + 56))
    if request.label:
        label = label_image(request.label, request.style, ffmpeg)
        picture.paste(label, ((WIDTH - label.width) // 2, top - label.height - 64), label)
    save_image(picture, out, quality=90, optimize=True)
    return out


def poster(video: Path, *, at: float, out: Path, ffmpeg: FFmpeg) -> Path:
    """Write one frame of a video as a JPEG of the video's own size."""
    save_image(frame_at(video, at, ffmpeg=ffmpeg), out, quality=88, optimize=True)
    return out


def frame_at(video: Path, at: float, *, ffmpeg: FFmpeg) -> Image.Image:
    """One decoded frame of one of our own MP4 files as an RGB picture."""
    with tempfile.TemporaryDirectory(prefix="frame-") as folder:
        still = Path(folder) / "frame.png"
        ffmpeg.run(
            [
                *media_input(video, "-f", "mov", "-ss", f"{at:.6f}"),
                *(
                    "-frames:v",
                    "1",
                    "-vf",
                    "scale=in_color_matrix=bt709",
                    "-c:v",
                    "png",
                    "-f",
                    "image2",
                    "-update",
                    "1",
                ),
            ],
            output=still,
            limits=STILL_LIMITS,
        )
        with Image.open(still) as image:
            return image.convert("RGB")


def _shaded(frame: Image.Image) -> Image.Image:
    """Darken the middle band, where the title stands, so that white reads on any footage."""
    picture = frame.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    y = np.linspace(0, 1, HEIGHT, dtype=np.float32)
    shade = 1 - 0.55 * np.exp(-(((y - 0.45) / 0.28) ** 2))
    pixels = np.asarray(picture, dtype=np.float32) * shade[:, None, None]
    return Image.fromarray(pixels.astype(np.uint8))


def _paste_text(picture: Image.Image, ink: np.ndarray, at: tuple[int, int]) -> None:
    """White letters with a soft dark halo."""
    mask = Image.new("L", picture.size)
    mask.paste(Image.fromarray(ink), at)
    halo = mask.filter(ImageFilter.GaussianBlur(14)).point(lambda value: min(255, value * 2) * 3 // 4)
    picture.paste((0, 0, 0), (0, 6), halo)
    picture.paste((255, 255, 255), (0, 0), mask)
