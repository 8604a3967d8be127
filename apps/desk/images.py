"""The images of an item: which go out with its text, in what order, and what they show in words."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.common.errors import DomainError
from apps.content import image_form
from apps.content.models import Item
from apps.content.services import EDITABLE


@require_http_methods(["GET", "POST"])
def item_images(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Saving makes a new version, as every edit does."""
    request.actor.require("write_content", request.workspace)
    item = get_object_or_404(Item.objects.select_related("workspace", "current_revision"), pk=item_id)
    if item.state not in EDITABLE:
        return redirect("desk:item", slug, item.pk)
    if request.method == "GET":
        return render(request, "platforms/item_images.html", image_form.shown(item))
    try:
        image_form.save(request, item)
    except DomainError as problem:
        context = {**image_form.shown(item), "problem": problem}
        return render(request, "platforms/item_images.html", context, status=problem.status)
    messages.success(request, _("Saved as a new version."))
    return redirect("desk:item", slug, item.pk)
