"""Still images of a revision: what may be one, and how they pass from version to version.

Nothing of an uploaded file is kept but its picture: it is decoded, turned upright and written anew, so that no place
where it was taken, no script and no second file travels with it.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.common.errors import Invalid
from apps.common.text.words import fit
from apps.content.models import Asset, Revision

MOST = 10
MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_ALT = 1500
# What browsers and platforms show, and how it is written: Pillow's format to suffix and options.
FORMATS = {
    "JPEG": (".jpg", {"quality": 92, "optimize": True}),
    "PNG": (".png", {"optimize": True}),
    "WEBP": (".webp", {"quality": 92}),
}


@dataclass(frozen=True)
class NewImage:
    """An uploaded file, and the words for those who cannot see it."""

    content: bytes
    alt: str = ""


@dataclass(frozen=True)
class KeptImage:
    """An image of the version before. asset: its number."""

    asset: int
    alt: str = ""


@dataclass(frozen=True)
class Clean:
    content: bytes
    suffix: str
    width: int
    height: int


def clean_image(content: bytes) -> Clean:
    """The picture alone; raises Invalid for what is none, is too large, or moves."""
    if len(content) > MOST_BYTES:
        raise _refused(_("The file has more than %(most)d MB.") % {"most": MOST_BYTES // 1024**2})
    try:
        # Only these decoders are ever run, whatever the file claims to be.
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as picture:
            return _rewritten(picture)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise _refused(_("This is not a JPEG, PNG or WebP picture.")) from error


def _rewritten(picture: Image.Image) -> Clean:
    kind = picture.format
    if picture.width * picture.height > MOST_PIXELS:
        raise _refused(_("The picture has more than %(most)d megapixels.") % {"most": MOST_PIXELS // 10**6})
    if getattr(picture, "is_animated", False):
        raise _refused(_("The picture moves; publish it as a video."))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bound is above
        upright = ImageOps.exif_transpose(picture)
    if kind == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = upright.convert("RGB")
    suffix, options = FORMATS[kind]
    target = io.BytesIO()
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    if upright.mode == "P":
        clean.putpalette(upright.getpalette())
    profile = picture.info.get("icc_profile")
    clean.save(target, kind, **options, **({"icc_profile": profile} if profile else {}))
    return Clean(target.getvalue(), suffix, upright.width, upright.height)


def _refused(message: str) -> Invalid:
    return Invalid(message, hint=_("Choose another file."), images=[message])


def images_of(revision_id: int) -> list[Asset]:
    """In the order in which they are published."""
    rows = Asset._base_manager.filter(revision=revision_id, kind=Asset.Kind.IMAGE)
    return list(rows.order_by("position"))


def prepare(images: Sequence[NewImage | KeptImage]) -> list[Clean | int]:
    """Check and clean all before anything is written; raises Invalid."""
    if len(images) > MOST:
        raise _refused(_("At most %(most)d images go with one text.") % {"most": MOST})
    if any(len(each.alt) > LONGEST_ALT for each in images):
        raise _refused(_("A description has at most %(most)d characters.") % {"most": LONGEST_ALT})
    return [clean_image(each.content) if isinstance(each, NewImage) else each.asset for each in images]


def carry(before: Revision, revision: Revision) -> None:
    """A new version has the images of the one before; the files are shared, for neither ever changes."""
    for image in images_of(before.pk):
        _copy(image, revision, image.position, image.alt)


def describe_first(revision: Revision, alt: str) -> None:
    """Give the first image of a version that nobody has seen yet the words that a model wrote for it.

    What a person wrote stays: only an image without words gets them.
    """
    if alt:
        rows = Asset._base_manager.filter(revision=revision, kind=Asset.Kind.IMAGE, position=0, alt="")
        rows.update(alt=fit(alt, LONGEST_ALT))


def attach(
    before: Revision, revision: Revision, images: Sequence[NewImage | KeptImage], prepared: list[Clean | int]
) -> None:
    """Exactly these images, in this order; raises Invalid for one that the version before did not have."""
    known = {each.pk: each for each in images_of(before.pk)}
    for position, (image, ready) in enumerate(zip(images, prepared, strict=True)):
        if isinstance(ready, Clean):
            _store(ready, revision, position, image.alt)
        elif ready in known:
            _copy(known[ready], revision, position, image.alt)
        else:
            raise _refused(_("One of the images is not in this version any more."))


def _copy(image: Asset, revision: Revision, position: int, alt: str) -> None:
    Asset._base_manager.create(
        workspace_id=revision.workspace_id,
        revision=revision,
        kind=Asset.Kind.IMAGE,
        position=position,
        alt=alt,
        file=image.file.name,
        key=image.key,
        sha256=image.sha256,
        bytes=image.bytes,
        meta=image.meta,
    )


def _store(clean: Clean, revision: Revision, position: int, alt: str) -> None:
    digest = hashlib.sha256(clean.content).hexdigest()
    name = f"w{revision.workspace_id}/items/{revision.item_id}/images/{digest[:32]}{clean.suffix}"
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(clean.content))
    Asset._base_manager.create(
        workspace_id=revision.workspace_id,
        revision=revision,
        kind=Asset.Kind.IMAGE,
        position=position,
        alt=alt,
        file=name,
        key=digest,
        sha256=digest,
        bytes=len(clean.content),
        meta={"width": clean.width, "height": clean.height},
    )
