"""The search field of the admin's tables, where it looks for what people wrote."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.content.search import matching


class FoundByWords:
    """For an admin of things that are registered for the search. search_fields only makes the field appear."""

    search_fields = ("pk",)
    search_kind: str

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return (queryset.filter(pk__in=matching(self.search_kind, search_term)) if search_term else queryset), False
