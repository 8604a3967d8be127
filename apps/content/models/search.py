from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from apps.common.text.searching import Query, Term
from apps.workspaces.models import WorkspaceModel


class TermsField(models.TextField):
    """Terms of `apps.common.text.searching` with spaces between them; `…__finds=query` asks the database's index."""


@TermsField.register_lookup
class Finds(models.Lookup):
    """Whether a row has what a `Query` wants: FTS5 on SQLite, a GIN index over the terms on PostgreSQL.

    Neither cuts words by itself. Their own rules differ, by version and locale, and tear words with marks apart.
    """

    lookup_name = "finds"
    prepare_rhs = False

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self.rhs]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        column = self.lhs.target.column
        row = f"{connection.ops.quote_name(self.lhs.alias)}.{connection.ops.quote_name('id')}"
        wanted = f"{{{column}}} : ({_joined(self.rhs, _fts5, ' OR ', ' AND ')})"
        found = "SELECT rowid FROM content_search WHERE content_search MATCH %s"
        return f"{row} IN ({found})", [wanted]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        lhs, parameters = self.process_lhs(compiler, connection)
        wanted = _joined(self.rhs, _tsquery, " | ", " & ")
        return f"array_to_tsvector(string_to_array({lhs}, ' ')) @@ %s::tsquery", [*parameters, wanted]


def _joined(wanted: Query, write: Any, either: str, both: str) -> str:
    return both.join(f"({either.join(write(term) for term in group)})" for group in wanted.groups)


# Terms hold letters, marks and digits only, so there is nothing to escape in them.
def _fts5(term: Term) -> str:
    return f'"{term.text}"' if term.whole else f'"{term.text}"*'


def _tsquery(term: Term) -> str:
    return f"'{term.text}'" if term.whole else f"'{term.text}':*"


class SearchEntry(WorkspaceModel):
    """What one story, plan or item is found by; written with it, in the same transaction.

    title, text: as they are shown. title_words, words: their terms, those of the title among the latter too.
    """

    kind = models.CharField(max_length=12)
    object_id = models.PositiveBigIntegerField()
    title = models.TextField()
    text = models.TextField()
    title_words = TermsField()
    words = TermsField()
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-changed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_entry_once")]
        indexes = [models.Index(fields=["workspace", "kind", "-changed_at"], name="search_entry_by_time")]

    def __str__(self) -> str:
        return self.title
