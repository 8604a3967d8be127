"""One search over stories, plans and items.

Every kind of thing that can be found is registered once with the model that holds its text; from then on its entry is
written whenever that model is saved, in the same transaction, and goes when the thing goes. `manage.py rebuild_search`
writes all entries anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Count, Model, Q, QuerySet, Value, When
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from apps.common.text.searching import Piece, Query, excerpt, index_terms, marked, query
from apps.content.models import SearchEntry

# PostgreSQL takes at most a megabyte of terms; a text with more is found by those it begins with.
_MOST_BYTES = 400_000
_BATCH = 200


@dataclass(frozen=True)
class Source:
    """A kind of thing that can be found.

    model: what is found. watched: the model whose saving changes its text, often the same. rows: those that hold the
    present text. document: (object_id, title, texts) of such a row. fields: where a save names the fields it writes,
    those that matter. address: of a found object's page, for a workspace's slug.
    """

    kind: str
    label: Any
    model: type[Model]
    watched: type[Model]
    rows: Callable[[], QuerySet]
    document: Callable[[Any], tuple[int, str, Iterable[str]]]
    found: Callable[[], QuerySet]
    address: Callable[[str, Any], str]
    fields: frozenset[str] = frozenset()


SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    """Called by the apps when they are ready."""
    SOURCES[source.kind] = source

    def saved(instance: Any, raw: bool, update_fields: Collection[str] | None, **kwargs: Any) -> None:
        if not raw and (update_fields is None or not source.fields.isdisjoint(update_fields)):
            write_entries(source, [instance])

    def deleted(instance: Any, **kwargs: Any) -> None:
        SearchEntry._base_manager.filter(kind=source.kind, object_id=instance.pk).delete()

    post_save.connect(saved, sender=source.watched, weak=False, dispatch_uid=f"search.{source.kind}.saved")
    post_delete.connect(deleted, sender=source.model, weak=False, dispatch_uid=f"search.{source.kind}.deleted")


def write_entries(source: Source, rows: Sequence[Any]) -> None:
    """Write what these rows are found by, in one statement."""
    SearchEntry._base_manager.bulk_create(
        [_entry(source, row) for row in rows],
        update_conflicts=True,
        unique_fields=["kind", "object_id"],
        update_fields=["title", "text", "title_words", "words", "changed_at"],
    )


def _entry(source: Source, row: Any) -> SearchEntry:
    object_id, title, texts = source.document(row)
    text = "\n".join(filter(None, texts))
    return SearchEntry(
        workspace_id=row.workspace_id,
        kind=source.kind,
        object_id=object_id,
        title=title,
        text=text,
        title_words=_kept(index_terms(title)),
        words=_kept(index_terms(f"{title}\n{text}")),
        changed_at=timezone.now(),
    )


def _kept(terms: list[str]) -> str:
    """The terms in one string, whole ones only."""
    joined = " ".join(terms)
    if len(joined.encode()) <= _MOST_BYTES:
        return joined
    return joined.encode()[:_MOST_BYTES].decode(errors="ignore").rpartition(" ")[0]


def rebuild() -> dict[str, int]:
    """Write all entries of all workspaces anew, without a moment in which things cannot be found."""
    counts = {}
    for source in SOURCES.values():
        counts[source.kind] = 0
        batch: list[Any] = []
        for row in source.rows().iterator(chunk_size=_BATCH):
            batch.append(row)
            if len(batch) == _BATCH:
                counts[source.kind] += _written(source, batch)
        counts[source.kind] += _written(source, batch)
        gone = SearchEntry._base_manager.filter(kind=source.kind)
        gone.exclude(object_id__in=source.model._base_manager.values("pk")).delete()
    return counts


def rebuild_if_empty(**kwargs: Any) -> None:
    """After a migration: what was there before there was a search is found as well."""
    if not SearchEntry._base_manager.exists() and any(source.rows().exists() for source in SOURCES.values()):
        rebuild()


def _written(source: Source, batch: list[Any]) -> int:
    if batch:
        write_entries(source, batch)
    count = len(batch)
    batch.clear()
    return count


def matching(kind: str, text: str) -> QuerySet:
    """The ids of the current workspace's objects of a kind that are found by `text`, for `filter(pk__in=…)`."""
    wanted = query(text)
    if wanted is None:
        return SearchEntry.objects.none().values("object_id")
    return SearchEntry.objects.filter(kind=kind, words__finds=wanted).values("object_id")


@dataclass(frozen=True)
class Hit:
    """object: what was found, with its state. title, excerpt: what is shown, in stretches."""

    object: Any
    title: list[Piece]
    excerpt: list[Piece]
    address: str


@dataclass(frozen=True)
class Group:
    """What was found of one kind. total: how much there is; hits: the best of it."""

    kind: str
    label: Any
    total: int
    hits: list[Hit]


def search(text: str, *, workspace: Any, kinds: Collection[str] = (), most: int = 8) -> list[Group]:
    """What the workspace has that is found by `text`: titles first, then the newest. Kinds without a hit are left out.

    Runs in the workspace's scope. One query for the totals, two for every kind that has hits.
    """
    wanted = query(text)
    if wanted is None:
        return []
    rows = SearchEntry.objects.filter(words__finds=wanted)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    totals = dict(rows.order_by().values_list("kind").annotate(Count("pk")))
    return [
        Group(source.kind, source.label, totals[source.kind], _hits(source, rows, wanted, workspace.slug, most))
        for source in SOURCES.values()
        if source.kind in totals
    ]


def _hits(source: Source, rows: QuerySet, wanted: Query, slug: str, most: int) -> list[Hit]:
    in_title = Case(When(Q(title_words__finds=wanted), then=Value(True)), default=False, output_field=BooleanField())
    best = rows.filter(kind=source.kind).annotate(in_title=in_title).order_by("-in_title", "-changed_at", "-pk")
    entries = list(best[:most])
    objects = source.found().in_bulk([entry.object_id for entry in entries])
    return [
        Hit(found, marked(entry.title, wanted), excerpt(entry.text, wanted), source.address(slug, found))
        for entry in entries
        if (found := objects.get(entry.object_id))
    ]
