"""Many stories at once: a CSV or JSON file, or a ZIP of text files; looked over first, row by row."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import DomainError, Invalid
from apps.common.transactions import unit_of_work
from apps.stories.models import Story
from apps.stories.services.intake import MAX_FILE_BYTES, Duplicate, Twins, add_story, decode
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

MAX_BATCH_BYTES = 20_000_000
MAX_ROWS = 1000
FIELDS = ("title", "text", "url", "author", "language")


@dataclass(frozen=True)
class Row:
    """One story of the file. problem: why it is not imported; "" when it is, or would be."""

    number: int
    title: str
    words: int = 0
    problem: str = ""
    duplicate: bool = False


@dataclass
class Report:
    """What a file holds. imported: whether its good rows were kept, or only looked at."""

    imported: bool
    rows: list[Row] = field(default_factory=list)

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if not row.problem]

    @property
    def bad(self) -> list[Row]:
        return [row for row in self.rows if row.problem]


class _DryRun(Exception):
    """Rolls back everything that a look at a file has written."""


def import_stories(*, workspace: Workspace, actor: Actor, name: str, content: bytes, dry_run: bool) -> Report:
    """Import what is good in the file and say what is wrong with the rest. Raises Invalid when the file is none.

    A dry run goes the same way to the end and is rolled back, so that it finds what the import would find.
    """
    actor.require("write_content", workspace)
    if len(content) > MAX_BATCH_BYTES:
        raise Invalid(_("The file is larger than 20 MB."), hint=_("Import it in pieces."))
    rows = list(_rows(name, content))
    if not rows:
        raise Invalid(_("There is no story in the file."), hint=_("A CSV needs a first line with “title,text”."))
    if len(rows) > MAX_ROWS:
        raise Invalid(_("The file has more than %(count)s stories.") % {"count": MAX_ROWS}, hint=_("Split it."))
    report = Report(imported=not dry_run)
    try:
        with unit_of_work():
            twins = Twins(workspace)
            report.rows = [_import(workspace, actor, twins, number, row) for number, row in enumerate(rows, 1)]
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return report


def _import(workspace: Workspace, actor: Actor, twins: Twins, number: int, row: dict[str, Any] | DomainError) -> Row:
    if isinstance(row, DomainError):
        return Row(number, row.details.get("name", ""), problem=row.message)
    unknown = sorted(set(row) - set(FIELDS))
    if unknown:
        return Row(number, str(row.get("title", "")), problem=_("Unknown field “%(name)s”.") % {"name": unknown[0]})
    values = {key: str(value) for key, value in row.items() if value is not None}
    try:
        story = add_story(
            workspace=workspace, actor=actor, origin=Story.Origin.FILE, twins=twins, **{"text": "", **values}
        )
    except Duplicate as error:
        return Row(number, values.get("title", ""), problem=error.message, duplicate=True)
    except DomainError as error:
        return Row(number, values.get("title", ""), problem=error.message)
    return Row(number, story.title, words=story.words)


def _rows(name: str, content: bytes) -> Iterator[dict[str, Any] | DomainError]:
    ending = PurePosixPath(name.lower()).suffix
    if ending == ".zip" or content.startswith(b"PK\x03\x04"):
        yield from _zipped(content)
    elif ending == ".json":
        yield from _json(content, name)
    elif ending in {".csv", ".tsv"}:
        yield from _csv(content, name)
    else:
        raise Invalid(
            _("“%(name)s” is neither CSV, JSON nor ZIP.") % {"name": name},
            hint=_("Add a single text file as a story instead."),
        )


def _csv(content: bytes, name: str) -> Iterator[dict[str, Any] | DomainError]:
    text = decode_batch(content, name)
    csv.field_size_limit(MAX_FILE_BYTES)
    try:
        dialect = csv.Sniffer().sniff(text[:4000].split("\n", 1)[0], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.DictReader(io.StringIO(text, newline=""), dialect=dialect)
    if "text" not in (reader.fieldnames or []):
        raise Invalid(
            _("The first line does not name the columns."),
            hint=_("It needs “text”, and may have “title”, “url”, “author” and “language”."),
        )
    try:
        for row in reader:
            extra = row.pop(None, None)
            yield Invalid(_("The row has more cells than columns.")) if extra else row
    except csv.Error as error:
        yield Invalid(_("The file cannot be read further (%(reason)s).") % {"reason": error})


def _json(content: bytes, name: str) -> Iterator[dict[str, Any] | DomainError]:
    try:
        rows = json.loads(decode_batch(content, name))
    except ValueError as error:
        raise Invalid(_("“%(name)s” is not valid JSON (%(reason)s).") % {"name": name, "reason": error}) from error
    if not isinstance(rows, list):
        raise Invalid(_("The JSON must be a list of stories."), hint='[{"title": "…", "text": "…"}]')
    for row in rows:
        yield row if isinstance(row, dict) else Invalid(_("This is no story but a bare value."))


def _zipped(content: bytes) -> Iterator[dict[str, Any] | DomainError]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Invalid(_("The ZIP file is damaged.")) from error
    with archive:
        for entry in archive.infolist():
            if entry.is_dir() or entry.filename.startswith("__MACOSX/") or not entry.filename.lower().endswith(".txt"):
                continue
            yield _zipped_text(archive, entry)


def _zipped_text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> dict[str, Any] | DomainError:
    name = PurePosixPath(entry.filename).name
    if entry.flag_bits & 1:
        return Invalid(_("“%(name)s” has a password.") % {"name": name}, name=name)
    try:
        # The size that the archive claims may be a lie: one byte more than allowed is read, and no more.
        with archive.open(entry) as file:
            return {"text": decode(file.read(MAX_FILE_BYTES + 1), name)}
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return Invalid(_("“%(name)s” is damaged.") % {"name": name}, name=name)
    except Invalid as error:
        error.details["name"] = name
        return error


def decode_batch(content: bytes, name: str) -> str:
    """A CSV or JSON file's text; Raises Invalid unless it is UTF-8 or UTF-16."""
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(_("“%(name)s” is not UTF-8 text.") % {"name": name}, hint=_("Save it as UTF-8.")) from error
