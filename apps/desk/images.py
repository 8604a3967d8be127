"""The images of an item: which go out with its text, in what order, and what they show in words."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.common.errors import DomainError, Invalid
from apps.content.images import FORMATS, LONGEST_ALT, MOST, MOST_BYTES, KeptImage, NewImage, images_of
from apps.content.models import Asset, Item
from apps.content.services import EDITABLE, revise_item


@require_http_methods(["GET", "POST"])
def item_images(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Saving makes a new version, as every edit does."""
    request.actor.require("write_content", request.workspace)
    item = get_object_or_404(Item.objects.select_related("workspace", "current_revision"), pk=item_id)
    if item.state not in EDITABLE:
        return redirect("desk:item", slug, item.pk)
    there = images_of(item.current_revision_id)
    if request.method == "GET":
        return _page(request, item, there)
    try:
        images = [*_kept(request, there), *_added(request)]
        note = _("Images changed")
        revise_item(item=item, actor=request.actor, base=_base(request), note=note, images=images)
    except DomainError as problem:
        return _page(request, item, there, problem=problem)
    messages.success(request, _("Saved as a new version."))
    return redirect("desk:item", slug, item.pk)


def _page(request: HttpRequest, item: Item, there: list[Asset], *, problem: DomainError | None = None) -> HttpResponse:
    context = {
        "item": item,
        "images": there,
        "room": MOST - len(there),
        "most": MOST,
        "longest": LONGEST_ALT,
        "megabytes": MOST_BYTES // 1024**2,
        "accept": ",".join(f"image/{kind.lower()}" for kind in FORMATS),
        "problem": problem,
    }
    return render(request, "platforms/item_images.html", context, status=problem.status if problem else 200)


def _base(request: HttpRequest) -> int:
    value = request.POST.get("base", "")
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(_("The form is not complete."), hint=_("Reload the page and try again."))
    return int(value)


def _kept(request: HttpRequest, there: list[Asset]) -> list[KeptImage]:
    """Those that were not removed, by the numbers that people gave them; equal numbers keep their order."""
    removed = set(request.POST.getlist("remove"))
    staying = [image for image in there if str(image.pk) not in removed]

    def place(image: Asset) -> int:
        value = request.POST.get(f"place-{image.pk}", "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else MOST

    staying.sort(key=place)
    return [KeptImage(image.pk, request.POST.get(f"alt-{image.pk}", image.alt).strip()) for image in staying]


def _added(request: HttpRequest) -> list[NewImage]:
    files = request.FILES.getlist("file")[: MOST + 1]
    # One byte more tells a file that is too large; no more of it is read.
    alt = request.POST.get("alt", "").strip()
    return [NewImage(file.read(MOST_BYTES + 1), alt if len(files) == 1 else "") for file in files]
