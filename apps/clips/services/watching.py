"""The watched folders: seen again and again, and each file taken once when it has come in whole."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scope

from apps.clips.inbox.folder import HINT, identity, is_being_written, list_files, opened
from apps.clips.inbox.tracker import Listed, Patience, Watched, is_whole, observe
from apps.clips.models import Clip, InboxFile
from apps.clips.services.intake import DuplicateClip, add_clip, check_quota, copy_hashed
from apps.clips.services.options import inbox_of, settings_of
from apps.common.errors import AdapterError, DomainError, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.runs import RunCancelled, Work, start_run
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)
PATIENCE = Patience()
REMEMBERED = timedelta(days=30)
Outcome = InboxFile.Outcome

README = """\
Drop videos here: MP4, MOV, WebM or MKV.

Rundown takes each one by itself when it has been copied whole, listens to it, writes title, description and tags,
makes captions, asks for review if the workspace wants that, and puts it on the schedule. It copies the video and never
changes or moves it: what happens to the file here is up to you.

Files whose names begin with a dot or end in .part, .tmp, .crdownload or ~ are left alone, and so are links.
"""


def scan_folders(*, now: datetime | None = None, patience: Patience = PATIENCE) -> int:
    """Look into the folder of every workspace that wants it; returns how many files are being taken now."""
    found = 0
    for workspace in Workspace.objects.all():
        with scope(workspace=workspace):
            if settings_of(workspace).folder_on:
                try:
                    found += scan_folder(workspace, now=now or timezone.now(), patience=patience)
                except OSError as error:
                    log.warning("folder_unreadable", workspace=workspace.slug, reason=str(error))
    return found


def scan_folder(workspace: Workspace, *, now: datetime, patience: Patience = PATIENCE) -> int:
    """One look into one folder. Two watchers at once do no harm: what they start is one piece of work."""
    root = make_folder(workspace)
    rows = {row.path: row for row in InboxFile._base_manager.filter(workspace=workspace)}
    listing = [file for file in list_files(root) if len(file.path) <= 400]
    if not listing and not rows:
        return 0
    before = {path: Watched(row.size, row.mtime_ns, row.since.timestamp(), row.scans) for path, row in rows.items()}
    # What is settled is not looked at again unless it changes.
    still = {path for path, row in rows.items() if row.outcome}
    watched = observe(before, listing, now=now.timestamp())
    _forget(rows, listing, now)
    started = 0
    for path, file in watched.items():
        row = rows.get(path)
        unchanged = row is not None and before[path].since == file.since and before[path].size == file.size
        if path in still and unchanged:
            continue
        row = _remember(workspace, row, path, file)
        if is_whole(file, now=now.timestamp(), patience=patience) and not is_being_written(root / path):
            started += _start(row)
    return started


def make_folder(workspace: Workspace) -> Path:
    """The workspace's folder, with a note in it for whoever opens it."""
    root = inbox_of(workspace)
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        (root / HINT).write_text(README, encoding="utf-8")
    return root


def _forget(rows: dict[str, InboxFile], listing: list[Listed], now: datetime) -> None:
    """A file that went before it was taken leaves no trace; the record of one that was settled stays for a month.

    After that its clip still knows its bytes, so that it is not taken again.
    """
    there, old = {file.path for file in listing}, now - REMEMBERED
    absent = [row for path, row in rows.items() if path not in there]
    gone = [row.pk for row in absent if not row.outcome or (row.settled_at and row.settled_at < old)]
    if gone:
        InboxFile._base_manager.filter(pk__in=gone).delete()


def _remember(workspace: Workspace, row: InboxFile | None, path: str, file: Watched) -> InboxFile:
    fields: dict[str, Any] = {
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "since": datetime.fromtimestamp(file.since, UTC),
        "scans": min(file.scans, 1000),
    }
    if row is None:
        row, _created = InboxFile._base_manager.get_or_create(workspace=workspace, path=path, defaults=fields)
        return row
    if (row.size, row.mtime_ns) != (file.size, file.mtime_ns):
        fields |= {"outcome": Outcome.NONE, "reason": "", "clip": None, "settled_at": None, "started_at": None}
    elif row.scans >= 1000:
        return row
    InboxFile._base_manager.filter(pk=row.pk).update(**fields)
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def _start(row: InboxFile) -> int:
    """Queue the taking, unless it is under way, or was tried since the file last changed: people may retry that."""
    with unit_of_work():
        if not InboxFile._base_manager.filter(pk=row.pk, started_at=None).update(started_at=timezone.now()):
            return 0
        start_run(workspace=row.workspace, kind="clip_take", subject=row, queue="media")
    return 1


def look_again(*, row: InboxFile, actor: Actor) -> None:
    """Forget what became of a file, so that it is looked at as if it had just been dropped."""
    actor.require("write_content", row.workspace)
    with unit_of_work():
        data = {"path": row.path}
        audit.record(workspace=row.workspace, actor=actor, action="inbox.look_again", target=row, data=data)
        emit(workspace=row.workspace_id, type="inbox.look_again", subject=row, data={**data, "by": actor.label})
        row.delete()


def take_file(*, row: InboxFile, work: Work) -> Clip | None:
    """Copy a file out of the folder and make a clip of it; the file stays as it is. None when it was not taken."""
    if row.outcome:
        return row.clip
    work.step("copy", label=_("Copying “%(name)s”") % {"name": Path(row.path).name}, total=row.size)
    folder = Path(settings.INCOMING_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{uuid.uuid4().hex}.whole"
    try:
        if row.size > settings.CLIPS_MAX_BYTES:
            raise Invalid(_("The file is larger than %(most)s MB.") % {"most": settings.CLIPS_MAX_BYTES // 1024**2})
        check_quota(row.workspace, row.size)
        digest = _copy(row, copy, work)
        clip = add_clip(
            workspace=row.workspace,
            actor=SYSTEM,
            path=copy,
            name=Path(row.path).name,
            origin=Clip.Origin.FOLDER,
            sha256=digest,
        )
    except DuplicateClip as twin:
        known = Clip._base_manager.get(pk=twin.details["clip"])
        _settle(row, Outcome.DUPLICATE, clip=known, reason=twin.message)
        return None
    except Invalid as error:
        _settle(row, Outcome.REFUSED, reason=error.message)
        return None
    finally:
        copy.unlink(missing_ok=True)
    _settle(row, Outcome.TAKEN, clip=clip)
    return clip


def _copy(row: InboxFile, out: Path, work: Work) -> str:
    """The SHA-256 of what was copied. Raises AdapterError when the file changed under our hands."""
    try:
        with opened(inbox_of(row.workspace), row.path) as source, out.open("xb") as target:
            seen = identity(source)
            digest = copy_hashed(source, target, told=lambda done: _tell(work, done))
            target.flush()
            os.fsync(target.fileno())
            if not seen == identity(source) == (row.size, row.mtime_ns):
                raise _still_changing(row)
    except OSError as error:
        raise AdapterError(
            _("“%(name)s” cannot be read: %(reason)s.") % {"name": row.path, "reason": error.strerror or error},
            hint=_("Check that it is there and may be read, then try again."),
        ) from error
    return digest


def _tell(work: Work, done: int) -> None:
    work.progress(done)
    if done % (256 << 20) == 0 and work.should_stop():
        raise RunCancelled


def _still_changing(row: InboxFile) -> DomainError:
    """Back to being watched; the next look finds its new size."""
    InboxFile._base_manager.filter(pk=row.pk, outcome="").update(scans=0, since=timezone.now(), started_at=None)
    return AdapterError(
        _("“%(name)s” changed while it was copied.") % {"name": row.path},
        permanent=True,
        hint=_("It is taken when it has not changed for some seconds."),
    )


def _settle(row: InboxFile, outcome: str, *, clip: Clip | None = None, reason: str = "") -> None:
    with unit_of_work():
        mine = InboxFile._base_manager.filter(pk=row.pk, outcome="")
        if not mine.update(outcome=outcome, clip=clip, reason=fit(reason, 300), settled_at=timezone.now()):
            return
        data = {"path": row.path, "clip": clip.pk if clip else None, "reason": reason}
        emit(workspace=row.workspace_id, type=f"inbox.{outcome}", subject=row, data=data)
        audit.record(workspace=row.workspace, actor=SYSTEM, action=f"inbox.{outcome}", target=row, data=data)
