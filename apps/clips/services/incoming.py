"""Uploads in pieces. A piece is on the disk before its end becomes the offset: what was confirmed survives a crash."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.clips.models import Clip, IncomingFile
from apps.clips.services.intake import (
    DuplicateClip,
    add_clip,
    check_language,
    check_quota,
    clean_name,
    too_large,
)
from apps.common.errors import Conflict, DomainError, Invalid, NotFound
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Workspace

KEPT = timedelta(hours=24)
PIECE = 1 << 18
MOST_OPEN = 50  # uploads under way in a workspace
CHECKSUMS = ("sha1", "sha256")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class OffsetMismatch(Conflict):
    """The piece does not begin where the last one ended; details: offset."""

    code = "offset_mismatch"


class Busy(DomainError):
    """Another request is writing to the same upload."""

    code = "upload_busy"
    status = 423


class ChecksumMismatch(DomainError):
    """What came is not what was sent."""

    code = "checksum_mismatch"
    status = 460


def begin_upload(*, workspace: Workspace, actor: Actor, name: str, size: int, language: str = "") -> IncomingFile:
    """Room for a file of that size. Raises Invalid when it is too large, or the workspace has no room for it."""
    actor.require("write_content", workspace)
    if size <= 0:
        raise Invalid(_("The file is empty."), file=[_("The file is empty.")])
    if size > settings.CLIPS_MAX_BYTES:
        raise too_large(settings.CLIPS_MAX_BYTES)
    if actor.user is None:
        raise Invalid(_("An upload belongs to a person."))
    with unit_of_work():
        # The workspace's row is the lock: two that begin at once must not both take the last room.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        check_quota(workspace, size)
        if IncomingFile._base_manager.filter(workspace=workspace).count() >= MOST_OPEN:
            raise Conflict(_("Too many uploads are under way."), hint=_("Finish or discard some of them first."))
        upload = IncomingFile(
            workspace=workspace,
            name=clean_name(name),
            language=check_language(language),
            size=size,
            user=actor.user,
            expires_at=timezone.now() + KEPT,
        )
        upload.save()
        _note(upload, actor, "clip.upload")
    return upload


def upload_of(*, workspace: Workspace, actor: Actor, key: UUID) -> IncomingFile:
    """The caller's own unfinished upload. Raises NotFound, also for one that has expired."""
    actor.require("write_content", workspace)
    upload = (
        IncomingFile._base_manager.select_related("workspace")
        .filter(workspace=workspace, pk=key, user=actor.user, expires_at__gt=timezone.now())
        .first()
    )
    if upload is None:
        raise NotFound(_("There is no such upload."), hint=_("It may be finished or expired; begin a new one."))
    return upload


def receive_upload(*, upload: IncomingFile, offset: int, body: Readable, checksum: str = "") -> IncomingFile:
    """Append a piece. checksum: as tus writes it, "sha1 <base64>"; a piece that does not match it is dropped.

    Raises OffsetMismatch, ChecksumMismatch, Busy, and Invalid for more bytes than were announced.
    """
    expected = _checksum(checksum)
    with _locked(upload) as file:
        upload.refresh_from_db(fields=["offset"], from_queryset=IncomingFile._base_manager.all())
        if offset != upload.offset:
            raise OffsetMismatch(
                _("%(here)s bytes are here, and the piece begins at %(there)s.")
                % {"here": upload.offset, "there": offset},
                hint=_("Ask for the offset and go on from there."),
                offset=upload.offset,
            )
        digest = hashlib.new(expected[0], usedforsecurity=False) if expected else None
        end = _append(file, offset, upload.size, body, digest)
        if expected and digest and digest.digest() != expected[1]:
            raise ChecksumMismatch(_("The piece was damaged on its way."), hint=_("Send it again."))
        fields = {"offset": end, "expires_at": timezone.now() + KEPT}
        if not IncomingFile._base_manager.filter(pk=upload.pk, offset=offset).update(**fields):
            raise Busy(_("Another request is writing to this upload."), hint=_("Ask for the offset, then go on."))
        upload.offset, upload.expires_at = end, fields["expires_at"]
    return upload


def finish_upload(*, upload: IncomingFile, actor: Actor) -> Clip:
    """Make a clip of an upload that has come in whole. Raises what `add_clip` raises; the upload is over either way."""
    if upload.offset != upload.size:
        raise Conflict(_("The upload has not come in whole."))
    whole = upload.path.with_suffix(".whole")
    whole.unlink(missing_ok=True)
    os.link(upload.path, whole)  # the part stays until the clip is there: a crash in between loses nothing
    try:
        clip = add_clip(
            workspace=upload.workspace,
            actor=actor,
            path=whole,
            name=upload.name,
            language=upload.language,
            reserved=upload.size,
        )
    except (DuplicateClip, Invalid):
        _forget(upload)
        raise
    finally:
        whole.unlink(missing_ok=True)
    _forget(upload)
    return clip


def _note(upload: IncomingFile, actor: Actor, action: str) -> None:
    data = {"name": upload.name, "size": upload.size}
    audit.record(workspace=upload.workspace, actor=actor, action=action, target=upload, data=data)
    emit(workspace=upload.workspace_id, type=action, subject=upload, data={**data, "by": actor.label})


def _forget(upload: IncomingFile) -> None:
    IncomingFile._base_manager.filter(pk=upload.pk).delete()
    upload.path.unlink(missing_ok=True)


def discard_upload(*, upload: IncomingFile, actor: Actor) -> None:
    actor.require("write_content", upload.workspace)
    with unit_of_work():
        _note(upload, actor, "clip.upload_discarded")
        _forget(upload)


def drop_expired_uploads() -> int:
    """Uploads that nobody went on with, and files that no row names any more; returns how many uploads."""
    old = list(IncomingFile._base_manager.filter(expires_at__lt=timezone.now()).select_related("workspace"))
    for upload in old:
        with unit_of_work():
            _note(upload, SYSTEM, "clip.upload_expired")
            _forget(upload)
    folder = Path(settings.INCOMING_ROOT)
    if folder.is_dir():
        limit = (timezone.now() - 2 * KEPT).timestamp()
        for path in folder.iterdir():
            if path.suffix in {".part", ".whole"} and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
    return len(old)


@contextmanager
def _locked(upload: IncomingFile) -> Iterator[BinaryIO]:
    """The part file, for one request at a time; the lock goes with the process that held it."""
    upload.path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(upload.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(_("Another request is writing to this upload."), hint=_("Wait a moment, then go on.")) from error
        yield file


def _append(file: BinaryIO, offset: int, size: int, body: Readable, digest: Any) -> int:
    """Write what comes at `offset`; returns where it ends. What an earlier request left behind it is cut off."""
    file.truncate(offset)
    file.seek(offset)
    end = offset
    while piece := body.read(PIECE):
        end += len(piece)
        if end > size:
            raise Invalid(_("More came than was announced."), file=[_("More came than was announced.")])
        file.write(piece)
        if digest:
            digest.update(piece)
    file.flush()
    os.fsync(file.fileno())
    return end


def _checksum(header: str) -> tuple[str, bytes] | None:
    if not header:
        return None
    name, _space, value = header.partition(" ")
    try:
        wanted = base64.b64decode(value, validate=True)
    except ValueError:
        wanted = b""
    if name not in CHECKSUMS or not wanted:
        raise Invalid(_("The checksum cannot be read."), hint=_("Send sha1 or sha256, a space, and it in base64."))
    return name, wanted
