"""An item's images in the admin: added, described, ordered and removed by the same service as on its web page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.common.errors import DomainError
from apps.content import image_form
from apps.content.images import images_of
from apps.content.models import Item
from apps.content.services import EDITABLE
from apps.workspaces.admin_base import link


class WithImages:
    """Mixed into the items' admin."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.images_view)
        return [path("<int:item_id>/images/", view, name="content_item_images"), *super().get_urls()]

    def images_view(self, request: HttpRequest, item_id: int) -> HttpResponse:
        request.actor.require("write_content", request.workspace)
        item = self.get_queryset(request).filter(pk=item_id, state__in=EDITABLE).first()
        if item is None:
            raise Http404("no such item, or none that can be edited now")
        back, problem = reverse("admin:content_item_change", args=[item.pk]), None
        if request.method == "POST":
            try:
                image_form.save(request, item)
            except DomainError as error:
                problem = error
            else:
                self.message_user(request, _("Saved as a new version."), messages.SUCCESS)
                return redirect(back)
        site = self.admin_site.each_context(request)
        title = _("Images of “%(title)s”") % {"title": item.title}
        context = {
            **site,
            "title": title,
            "opts": self.opts,
            "back": back,
            "problem": problem,
            **image_form.shown(item),
        }
        return TemplateResponse(
            request, "content/admin/images.html", context, status=problem.status if problem else 200
        )

    @display(description=_("images"))
    def shown_images(self, item: Item) -> str:
        count = len(images_of(item.current_revision_id))
        if item.state not in EDITABLE:
            return str(count)
        address = reverse("admin:content_item_images", args=[item.pk])
        return format_html("{} · {}", count, link(address, _("Change")))
