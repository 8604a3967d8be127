"""The schedule as a spreadsheet: CSV in and out.

A row with `post`, as exports have it, moves that post to another time. A row with `item` puts that item on the
schedule; a row with `text` becomes a new item that goes to review, and its time is kept for it until it is ready.
All rows or none: while one has an error, nothing is imported. A dry run does the same and takes it back, so that it
finds collisions between rows of the file as well.

Columns: post | item | title, text, hashtags, format (text or video); account (id, handle or name), with platform where
two are called the same; at with timezone (the account's if empty), or at_utc. Others are left alone, so that an export
can be changed and imported.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.common.clock import database_now, zone_names
from apps.common.errors import DomainError, Invalid
from apps.common.numbers import whole
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content.models import Item
from apps.content.services import Text, create_item, submit_item
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.platforms.queries import accounts as connected
from apps.schedules.concerns import Doubtful
from apps.schedules.models import Post
from apps.schedules.reservations import reserve
from apps.schedules.services import reschedule, schedule_item
from apps.schedules.slots import instant
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

MAX_BYTES = 4_000_000
MAX_ROWS = 10_000  # of an export; what an export has can be imported
MAX_NEW = 500
_NAMED = 10
COLUMNS = ("item", "title", "text", "hashtags", "format", "account", "platform", "at", "timezone", "at_utc", "post")
EXPORTED = (
    "post",
    "item",
    "title",
    "part",
    "account",
    "platform",
    "state",
    "at",
    "timezone",
    "at_utc",
    "url",
    "problem",
)
# Spreadsheets take what begins so for a formula, also behind the quote that hides it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What Excel may write above everything else, to tell itself what stands between cells.
_SEPARATOR = re.compile(r"sep=([,;\t])(?:\r\n?|\n)", re.IGNORECASE)


@dataclass
class Row:
    """One row of the file. number: of its line; post: that it names; at: when it is due; errors, warnings: sentences.

    Warnings need `force`.
    """

    number: int
    values: dict[str, str]
    title: str = ""
    post: Post | None = None
    account: Account | None = None
    at: datetime | None = None
    does: str = ""
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """imported: whether the rows were carried out; false in a dry run and while a row has an error."""

    rows: list[Row]
    imported: bool

    @property
    def failed(self) -> int:
        return sum(bool(row.errors) for row in self.rows)

    @property
    def doubtful(self) -> int:
        return sum(bool(row.warnings) for row in self.rows)


class _TakenBack(Exception):
    """Ends a dry run, or one with errors, without a trace."""


def import_schedule(
    *, workspace: Workspace, actor: Actor, content: bytes | str, dry_run: bool, force: bool = False
) -> Report:
    """Raises Invalid for what is no CSV of these columns; what is wrong with single rows is in the report."""
    actor.require("publish_content", workspace)
    rows = read(content)
    accounts = list(connected().filter(workspace=workspace))
    imported = False
    try:
        with unit_of_work():
            posts = _posts(rows, workspace)
            for row in rows:
                row.post = posts.get(row.values.get("post", ""))
                _carry_out(row, workspace, actor, accounts, force)
            if dry_run or any(row.errors for row in rows):
                raise _TakenBack
            data = {"rows": len(rows), "forced": sum(bool(row.warnings) for row in rows)}
            audit.record(workspace=workspace, actor=actor, action="schedule.import", target=workspace, data=data)
            told = {**data, "by": actor.label}
            emit(workspace=workspace, type="schedule.imported", subject=workspace, data=told)
        imported = True
    except _TakenBack:
        pass
    return Report(rows, imported)


def read(content: bytes | str) -> list[Row]:
    """The rows of the file, with the lines that they begin at; raises Invalid."""
    if len(content) > MAX_BYTES:
        raise _unreadable(_("It is larger than 4 MB."))
    text = decoded(content).removeprefix("\ufeff")
    said = _SEPARATOR.match(text)
    above = 1 if said else 0
    delimiter = said[1] if said else max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text[said.end() :] if said else text, newline=""), delimiter=delimiter, strict=True)
    line, rows = above + 1, []
    try:
        names = _columns(next(reader, []))
        line = above + reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(line, names, cells))
            line = above + reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(_("The row that begins at line %(line)s is broken.") % {"line": line}) from error
    if not 1 <= len(rows) <= MAX_ROWS:
        raise _unreadable(_("It has %(count)s rows; from 1 to %(most)s fit.") % {"count": len(rows), "most": MAX_ROWS})
    new = sum(not row.values.get("post") for row in rows)
    if new > MAX_NEW:
        said = _("It has %(count)s rows that name no post; at most %(most)s can be scheduled at once.")
        raise _unreadable(said % {"count": new, "most": MAX_NEW}, _("Import it in pieces."))
    return rows


def _columns(first: list[str]) -> list[str]:
    names = [name.strip().casefold() for name in first]
    if not {"item", "text"} & set(names):
        raise _unreadable(_("Its first line names no column “item” or “text”."))
    for name in COLUMNS:
        if names.count(name) > 1:
            raise _unreadable(_("Its first line names the column “%(name)s” twice.") % {"name": name})
    return names


def _row(line: int, names: list[str], cells: list[str]) -> Row:
    values = {name: _shown(cell) for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
    row = Row(line, values, title=fit(values.get("title") or values.get("text", ""), 80))
    if any(cell.strip() for cell in cells[len(names) :]):
        row.errors.append(_("It has more cells than there are columns. Put a text that has commas into quotes."))
    return row


def decoded(content: bytes | str) -> str:
    """UTF-8, or what spreadsheets call Unicode text; raises Invalid for older encodings, which cannot be told apart."""
    try:
        if isinstance(content, bytes):
            utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            content = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_text() from error
    if "\x00" in content:
        raise _no_text()
    return content


def _no_text() -> Invalid:
    hint = _("In Excel, choose “CSV UTF-8” when saving; in LibreOffice and Google Sheets, the character set UTF-8.")
    return _unreadable(_("It is not UTF-8 text."), hint)


def _unreadable(reason: str, hint: str = "") -> Invalid:
    hint = hint or _("Take the template, or export the schedule and change it.")
    return Invalid(_("This file cannot be read.") + " " + reason, hint=hint, csv=[reason])


def _shown(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _carry_out(row: Row, workspace: Workspace, actor: Actor, accounts: list[Account], force: bool) -> None:
    if row.values.get("post"):
        act = _move
    else:
        act = _schedule if row.values.get("item") else _write
        if not row.errors:
            _understand(row, accounts)
    if row.errors:
        return
    try:
        with unit_of_work():
            act(row, workspace, actor, False)
    except Doubtful as doubt:
        row.warnings = [each.message for each in doubt.concerns]
        if force:
            _forced(row, lambda: act(row, workspace, actor, True))
        else:
            row.errors.append(_("It needs “do it all the same”: %(why)s") % {"why": " ".join(row.warnings)})
    except DomainError as error:
        row.errors += _sentences(error)


def _forced(row: Row, act: Callable[[], None]) -> None:
    try:
        with unit_of_work():
            act()
    except DomainError as error:
        row.errors += _sentences(error)


def _sentences(error: DomainError) -> list[str]:
    said = [
        text for texts in error.details.values() if isinstance(texts, list) for text in texts if isinstance(text, str)
    ]
    return [" ".join([str(error), *said])]


def _understand(row: Row, accounts: list[Account]) -> None:
    """Fill in the account and the time, or say what is wrong with them."""
    given = row.values
    if bool(given.get("item")) == bool(given.get("text")):
        row.errors.append(_("Give either an item or a text."))
    name = given.get("account", "")
    if name:
        _find_account(row, name, accounts)
    if given.get("item") and not name:
        row.errors.append(_("Say on which account."))
    try:
        row.at = _time(given, row.account)
    except ValueError as error:
        row.errors.append(str(error))
    if row.at and row.at <= database_now():
        row.errors.append(_("Its time has passed."))
    if given.get("text") and bool(name) != bool(given.get("at") or given.get("at_utc")):
        row.errors.append(_("Give both an account and a time, or neither."))


def _find_account(row: Row, name: str, accounts: list[Account]) -> None:
    platform = row.values.get("platform", "").casefold()
    of_platform = [each for each in accounts if not platform or each.platform == platform]
    called = name.casefold()
    # A handle says who it is; a name is what people gave it, and may be another one's handle.
    found = [each for each in of_platform if called in (each.handle.casefold(), str(each.pk))]
    found = found or [each for each in of_platform if called == each.name.casefold()]
    if len(found) > 1:
        row.errors.append(_("Several accounts are called “%(name)s”; add a column “platform”.") % {"name": name})
    elif not found:
        known = ", ".join(sorted(each.handle for each in of_platform)[:_NAMED]) or _("none")
        row.errors.append(_("There is no account “%(name)s”; there is: %(known)s.") % {"name": name, "known": known})
    else:
        row.account = found[0]


def _time(given: dict[str, str], account: Account | None) -> datetime | None:
    """Raises ValueError with a sentence."""
    if given.get("at_utc") and not given.get("at"):
        return _parsed(given["at_utc"]).replace(tzinfo=UTC)
    if not given.get("at"):
        return None
    zone = given.get("timezone", "")
    if zone and zone not in zone_names():
        raise ValueError(_("“%(zone)s” is not the name of a time zone, such as Asia/Kolkata.") % {"zone": zone})
    wall = _parsed(given["at"])
    if not zone and account is None:
        return None
    at = instant(wall.date(), wall.time(), ZoneInfo(zone) if zone else account.timezone)
    if at is None:
        raise ValueError(_("That day does not exist in that time zone."))
    return at


def _parsed(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 9000:
        raise ValueError(_("“%(text)s” is no time such as 2026-12-01 18:30.") % {"text": text})
    # Whoever writes an offset means the instant; the zone's name then only says how to show it.
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _posts(rows: list[Row], workspace: Workspace) -> dict[str, Post]:
    """The posts that the rows name, by what stands there."""
    said = {row.values.get("post", "") for row in rows}
    named = {number: pk for number in said if (pk := whole(number)) is not None}
    posts = Post._base_manager.filter(workspace=workspace).select_related("workspace", "account", "item", "variant")
    known = posts.in_bulk(set(named.values()))
    return {number: known[pk] for number, pk in named.items() if pk in known}


def _move(row: Row, workspace: Workspace, actor: Actor, force: bool) -> None:
    post = row.post
    if post is None:
        raise Invalid(_("There is no post “%(number)s”.") % {"number": row.values["post"]})
    row.title, row.account, row.at = post.variant.title, post.account, post.due_at
    row.does = _("Stays as it is")
    try:
        wanted = _time(row.values, post.account)
    except ValueError as error:
        raise Invalid(str(error)) from error
    may_move = post.state == "scheduled" or post.needs_person
    if wanted is None or not may_move or wanted == post.due_at.replace(second=0, microsecond=0):
        return
    row.at, row.does = wanted, _("Moves it")
    reschedule(post=post, at=wanted, actor=actor, force=force)


def _schedule(row: Row, workspace: Workspace, actor: Actor, force: bool) -> None:
    number = row.values["item"]
    items = Item._base_manager.select_related("workspace").filter(workspace=workspace)
    item = items.filter(pk=whole(number)).first()
    if item is None:
        raise Invalid(_("There is no item “%(number)s”.") % {"number": number})
    row.title = item.title
    posts = schedule_item(item=item, account=row.account, actor=actor, at=row.at, force=force)
    row.at = posts[0].due_at
    row.does = _("Schedules it")


def _write(row: Row, workspace: Workspace, actor: Actor, force: bool) -> None:
    given = row.values
    wanted = given.get("format", "").casefold() or Item.Format.TEXT
    if wanted not in Item.Format.values:
        raise Invalid(_("The format is “text” or “video”."))
    title = given.get("title") or fit(given["text"].splitlines()[0], 120)
    tags = given.get("hashtags", "").replace("#", " ").replace(",", " ").split()
    description = given["text"] if wanted == Item.Format.TEXT else ""
    text = Text(title, [{"title": title, "text": given["text"]}], description=description, hashtags=tags)
    item = create_item(workspace=workspace, actor=actor, kind=Item.Kind.STORY, format=wanted, text=text)
    submit_item(item=item, actor=actor)
    row.does = _("Goes to review")
    if row.account and row.at:
        reserve(item=item, account=row.account, at=row.at, actor=actor)
        row.does = _("Goes to review, and keeps its time")


# --- Out --------------------------------------------------------------------------------------------------------------
def export_schedule(posts: Iterable[Post]) -> str:
    """Posts as CSV, each at the time of its account's wall and in UTC; no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(EXPORTED)
    for post in posts:
        local = post.due_at.astimezone(post.account.timezone)
        cells = (
            post.pk,
            post.item_id,
            post.variant.title,
            post.part,
            post.account.handle,
            post.account.platform,
            post.state,
            f"{local:%Y-%m-%d %H:%M}",
            post.account.timezone,
            f"{post.due_at.astimezone(UTC):%Y-%m-%d %H:%M}",
            post.url,
            (post.error or {}).get("message", ""),
        )
        writer.writerow([escaped(cell) for cell in cells])
    return out.getvalue()


def escaped(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def template() -> str:
    """An empty file with the columns and one example of each kind."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerow(["12", "", "", "", "", "night-stories", "", "2026-12-01 18:30", "", ""])
    writer.writerow(["", "A title", "What it says.", "harbour night", "text", "", "", "", "", ""])
    return out.getvalue()
