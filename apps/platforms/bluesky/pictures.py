"""Images as Bluesky takes them: small enough, upright, and without what cameras write into them."""

from __future__ import annotations

import io
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.common.errors import AdapterError
from apps.platforms.base import MediaFile

MOST_BYTES = 1_000_000
_KEPT = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_MOST_PIXELS = 50_000_000
_LONGEST_SIDE = 2000
_QUALITIES = (88, 80, 70, 60)


@dataclass(frozen=True)
class Fitted:
    content: bytes
    content_type: str
    width: int
    height: int


def fit(file: MediaFile) -> Fitted:
    """The file as it is where that will do, else made anew as JPEG. Raises AdapterError for what is no image."""
    with file.open() as stream:
        content = stream.read()
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise AdapterError(_("The image has too many pixels."), permanent=True)
            plain = not image.getexif() and image.format in _KEPT
            if plain and len(content) <= MOST_BYTES:
                return Fitted(content, _KEPT[image.format or ""], width, height)
            return _made_anew(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise AdapterError(_("The image could not be read."), permanent=True) from error


def _made_anew(image: Image.Image) -> Fitted:
    upright = _opaque(ImageOps.exif_transpose(image))
    side = _LONGEST_SIDE
    while True:
        upright.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            target = io.BytesIO()
            upright.save(target, "JPEG", quality=quality, optimize=True)
            if target.tell() <= MOST_BYTES:
                return Fitted(target.getvalue(), "image/jpeg", *upright.size)
        side = max(upright.size) * 3 // 4


def _opaque(image: Image.Image) -> Image.Image:
    """JPEG has no transparency: what is see-through becomes white."""
    if image.mode == "RGB":
        return image.copy()
    layers = image.convert("RGBA")
    ground = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(ground, layers).convert("RGB")
