"""Many plans at once, from a CSV file; looked over first, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from apps.common.errors import DomainError, Invalid
from apps.common.transactions import unit_of_work
from apps.content_plans.models import ContentPlan
from apps.content_plans.services.plans import PlanDraft, create_plan, listed
from apps.platforms.models import Account
from apps.templates.queries import versions_of
from apps.workspaces.actors import Actor
from apps.workspaces.models import User, Workspace

MOST_BYTES, MOST_ROWS, MOST_CELL = 5_000_000, 1000, 100_000
COLUMNS = (
    "title", "goal", "audience", "keyphrase", "secondary", "tone", "language", "platforms", "accounts",
    "competitor_urls", "skip_research", "overrides", "due_on", "owner",
)  # fmt: skip
_YES, _NO = ("1", "yes", "true", "y"), ("", "0", "no", "false", "n")


@dataclass(frozen=True)
class Row:
    """One plan of the file. number: 1 is the first below the names of the columns. problem: "" when it is good.

    note: what a person may want to know of a good one.
    """

    number: int
    title: str
    problem: str = ""
    note: str = ""


@dataclass
class Report:
    """imported: whether its good rows were kept, or only looked at. text: the file's."""

    imported: bool
    text: str
    rows: list[Row] = field(default_factory=list)

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if not row.problem]

    @property
    def bad(self) -> list[Row]:
        return [row for row in self.rows if row.problem]


class _DryRun(Exception):
    """Rolls back everything that a look at a file has written."""


def import_plans(*, workspace: Workspace, actor: Actor, content: bytes, dry_run: bool) -> Report:
    """Make the plans of the good rows and say what is wrong with the rest. Raises Invalid when the file is no CSV.

    A dry run goes the same way to the end and is rolled back, so that it finds what the import would find.
    """
    actor.require("write_content", workspace)
    text = _text(content)
    rows = list(_rows(text))
    report = Report(imported=not dry_run, text=text)
    known = ContentPlan._base_manager.filter(workspace=workspace).values_list("title", flat=True)
    titles = {title.casefold() for title in known}
    try:
        with unit_of_work():
            report.rows = [_import(workspace, actor, number, row, titles) for number, row in rows]
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return report


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Invalid(_("The file is larger than 5 MB."), hint=_("Import it in pieces."))
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(_("The file is not UTF-8 text."), hint=_("Save it as CSV in UTF-8.")) from error
    if "\x00" in text:
        raise Invalid(_("The file is no text."), hint=_("Save it as CSV in UTF-8."))
    return text


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with anything in them, and their numbers; spreadsheets save empty ones below the last."""
    try:
        dialect = csv.Sniffer().sniff(text[:4000].split("\n", 1)[0], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(MOST_CELL)  # it is the whole process's, and other imports set their own
    reader = csv.DictReader(io.StringIO(text, newline=""), dialect=dialect)
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
        _check_columns(reader.fieldnames)
        found = [(number, row) for number, row in enumerate(reader, 1) if any(map(_cell, row.values()))]
    except csv.Error as error:
        raise Invalid(_("The file cannot be read (%(reason)s).") % {"reason": error}) from error
    if not 0 < len(found) <= MOST_ROWS:
        raise Invalid(_("A file has from 1 to %(count)d plans.") % {"count": MOST_ROWS})
    yield from found


def _cell(cell: str | list[str] | None) -> str:
    """A list: those without a column of their own. None: the row ends before."""
    return " ".join(cell).strip() if isinstance(cell, list) else (cell or "").strip()


def _check_columns(names: Sequence[str]) -> None:
    hint = _("The first line names columns out of: %(names)s.") % {"names": ", ".join(COLUMNS)}
    # Spreadsheets save empty columns too.
    names = [name for name in names if name]
    wrong = [name for name in names if name not in COLUMNS]
    if "title" not in names:
        raise Invalid(_("The first line does not name the columns."), hint=hint, columns=wrong)
    if wrong:
        raise Invalid(_("There is no column “%(name)s”.") % {"name": wrong[0][:100]}, hint=hint, columns=wrong)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(_("The column “%(name)s” is there twice.") % {"name": twice[0]}, hint=hint, columns=twice)


def _import(workspace: Workspace, actor: Actor, number: int, row: dict[str, str], titles: set[str]) -> Row:
    """titles: of the plans that are here already, without regard to case; the new one's is added."""
    title = _cell(row.get("title"))
    try:
        with unit_of_work():
            plan = create_plan(workspace=workspace, actor=actor, draft=_draft(workspace, row))
    except DomainError as error:
        return Row(number, title, problem=_in_words(error))
    known = plan.title.casefold() in titles
    titles.add(plan.title.casefold())
    return Row(number, plan.title, note=_("There is a plan with this title already.") if known else "")


def _in_words(error: DomainError) -> str:
    said = [f"{name}: {sentence}" for name in COLUMNS for sentence in error.details.get(name, [])]
    return " ".join(said) or error.message


def _draft(workspace: Workspace, row: dict[str, str]) -> PlanDraft:
    if _cell(row.get(None)) or _cell(row.get("")):
        raise Invalid(_("The row has more cells than columns."))
    cells = {name: _cell(row.get(name)) for name in COLUMNS}
    skip = cells["skip_research"].lower()
    if skip not in (*_YES, *_NO):
        raise Invalid(_("“%(value)s” is neither yes nor no.") % {"value": cells["skip_research"]})
    return PlanDraft(
        **{name: cells[name] for name in ("title", "goal", "audience", "keyphrase", "tone", "language")},
        **{name: listed(cells[name]) for name in ("secondary", "platforms", "competitor_urls")},
        accounts=_accounts(workspace, listed(cells["accounts"])),
        skip_research=skip in _YES,
        overrides=overrides_named(workspace, listed(cells["overrides"])),
        due_on=_day(cells["due_on"]),
        owner=_member(workspace, cells["owner"]),
    )


def _accounts(workspace: Workspace, names: tuple[str, ...]) -> tuple[int, ...]:
    """By name; where several platforms have one of that name, all of them."""
    known = Account._base_manager.filter(workspace=workspace).values_list("pk", "name")
    for name in names:
        if not any(name.casefold() == each.casefold() for _pk, each in known):
            raise Invalid(_("There is no account called “%(name)s” here.") % {"name": name})
    wanted = {name.casefold() for name in names}
    return tuple(pk for pk, name in known if name.casefold() in wanted)


def overrides_named(workspace: Workspace, entries: tuple[str, ...]) -> dict[str, int]:
    """From "outline=3": the number that a version has on the page of its template."""
    found = {}
    for entry in entries:
        kind, _equals, number = (piece.strip() for piece in entry.partition("="))
        versions = versions_of(workspace).filter(template__kind=kind)
        version = next((each for each in versions if str(each.number) == number), None)
        if version is None:
            raise Invalid(_("“%(entry)s” names no version of a template; write it as outline=3.") % {"entry": entry})
        found[kind] = version.pk
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(_("“%(value)s” is no day; write it as 2026-05-31.") % {"value": text}) from error


def _member(workspace: Workspace, email: str) -> int | None:
    if not email:
        return None
    user = User.objects.filter(email__iexact=email, memberships__workspace=workspace).first()
    if user is None:
        raise Invalid(_("%(email)s is no member here.") % {"email": email})
    return user.pk
