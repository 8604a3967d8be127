"""Rows that a caller named by number."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.common.errors import NotFound


def found(rows: QuerySet, pk: int, missing: str) -> Any:
    """The row of that number among `rows`. Raises NotFound, with the sentence `missing`."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(missing)
    return row
