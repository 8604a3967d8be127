"""The form of an item's images, as the web page and the admin send it: which stay, in what order, and which are new."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.common.numbers import required, whole
from apps.content.images import FORMATS, LONGEST_ALT, MOST, MOST_BYTES, KeptImage, NewImage, images_of
from apps.content.models import Asset, Item
from apps.content.services import revise_item


def shown(item: Item) -> dict[str, Any]:
    """What the form's template needs."""
    there = images_of(item.current_revision_id)
    return {
        "item": item,
        "images": there,
        "room": MOST - len(there),
        "most": MOST,
        "longest": LONGEST_ALT,
        "megabytes": MOST_BYTES // 1024**2,
        "accept": ",".join(f"image/{kind.lower()}" for kind in FORMATS),
    }


def save(request: HttpRequest, item: Item) -> Item:
    """Saving makes a new version, as every edit does. Raises DomainError."""
    images = [*_kept(request, images_of(item.current_revision_id)), *_added(request)]
    return revise_item(
        item=item, actor=request.actor, base=required(request.POST, "base"), note=_("Images changed"), images=images
    )


def _kept(request: HttpRequest, there: list[Asset]) -> list[KeptImage]:
    """Those that were not removed, by the numbers that people gave them; equal numbers keep their order."""
    removed = set(request.POST.getlist("remove"))
    staying = [image for image in there if str(image.pk) not in removed]

    def place(image: Asset) -> int:
        said = whole(request.POST.get(f"place-{image.pk}", ""), digits=3)
        return MOST if said is None else said

    staying.sort(key=place)
    return [KeptImage(image.pk, request.POST.get(f"alt-{image.pk}", image.alt).strip()) for image in staying]


def _added(request: HttpRequest) -> list[NewImage]:
    files = request.FILES.getlist("file")[: MOST + 1]
    # One byte more tells a file that is too large; no more of it is read.
    alt = request.POST.get("alt", "").strip()
    return [NewImage(file.read(MOST_BYTES + 1), alt if len(files) == 1 else "") for file in files]
