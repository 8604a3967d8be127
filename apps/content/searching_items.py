"""By what items are found: all that their present revision says."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.common.text.markup import visible
from apps.content import search
from apps.content.models import Item, Revision


def register() -> None:
    search.register(
        search.Source(
            kind="item",
            label=_("Items"),
            model=Item,
            watched=Revision,
            rows=_rows,
            document=_document,
            found=lambda: Item.objects.all(),
            address=lambda slug, item: reverse("desk:item", args=[slug, item.pk]),
        )
    )


def _rows() -> QuerySet[Revision]:
    return Revision._base_manager.filter(item__current_revision=F("pk"))


def _document(revision: Revision) -> tuple[int, str, Iterable[str]]:
    body, _origins = visible(revision.body)
    texts = (revision.hook, body, revision.call_to_action, revision.description, revision.hashtag_line)
    return revision.item_id, revision.title, texts
