"""Cursor pagination: pages that neither repeat nor skip a row while rows are added."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from ninja import Field, Schema
from ninja.pagination import PaginationBase

from apps.common.errors import Invalid

LARGEST_PAGE = 200


class CursorPagination(PaginationBase):
    """`@paginate(CursorPagination, ordering=("-created_at", "-id"))`, which is also the default order.

    ordering: model fields or annotations; the last one must be unique. None: as the query is ordered.
    Answers {"items": […], "next": "…" or null}.
    """

    class Input(Schema):
        cursor: str = Field("", description="`next` of the page before; empty for the first page.")
        limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="Rows of a page.")

    class Output(Schema):
        items: list[Any]
        next: str | None = Field(description="Cursor of the next page; null on the last.", examples=[None])

    items_attribute = "items"

    def __init__(self, *, ordering: tuple[str, ...] | None = ("-created_at", "-id"), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ordering = ordering

    def paginate_queryset(self, queryset: QuerySet, pagination: Input, **params: Any) -> dict[str, Any]:
        ordering = self.ordering or queryset.query.order_by
        rows = queryset.order_by(*ordering)
        if pagination.cursor:
            rows = rows.filter(_after(ordering, _decode(queryset, ordering, pagination.cursor)))
        page = list(rows[: pagination.limit + 1])
        more = len(page) > pagination.limit
        page = page[: pagination.limit]
        return {"items": page, "next": _encode(ordering, page[-1]) if more else None}


def _after(ordering: tuple[str, ...], values: list[Any]) -> Q:
    """Rows behind those values: a < x, or a = x and b < y, and so on."""
    condition, equal = Q(), Q()
    for name, value in zip(ordering, values, strict=True):
        field = name.removeprefix("-")
        condition |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return condition


def _encode(ordering: tuple[str, ...], row: Any) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in ordering]
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(queryset: QuerySet, ordering: tuple[str, ...], cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [_field(queryset, name) for name in ordering]
        if not isinstance(values, list) or len(values) != len(fields):
            raise ValueError("wrong shape")
        values = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        if not all(_is_usable(value) for value in values):
            raise ValueError("no value of a row")
        return values
    except (ValueError, TypeError, OverflowError, ValidationError) as error:
        raise _bad_cursor() from error


def _is_usable(value: Any) -> bool:
    if isinstance(value, datetime):
        return is_aware(value)
    return value is not None and "\x00" not in str(value)


def _field(queryset: QuerySet, name: str) -> models.Field:
    name = name.removeprefix("-")
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field
    meta = queryset.model._meta
    return meta.pk if name in {"pk", "id"} else meta.get_field(name)


def _bad_cursor() -> Invalid:
    return Invalid(
        _("This is not a cursor of this list."),
        hint=_("Send the `next` of the page before, unchanged, or nothing."),
        cursor=[_("Not a cursor.")],
    )
