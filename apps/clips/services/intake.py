"""How a file becomes a clip: looked at, counted against the quota, and only once."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.clips.engines import clip_limits
from apps.clips.models import Clip, IncomingFile
from apps.common.errors import AdapterError, Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.engines.speech.languages import LANGUAGES
from apps.engines.video.probe import sniff
from apps.lifecycle.events import emit
from apps.lifecycle.signals import advanced
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

PIECE = 1 << 20
# By container: what the file is called in the storage, whatever its owner called it.
SUFFIXES = {"mov": ".mp4", "matroska": ".mkv", "avi": ".avi", "mpegts": ".ts"}


class DuplicateClip(Conflict):
    """The same file is here already; details: clip (its id), title."""

    code = "duplicate_clip"


class Movable(File):
    """A file that a storage on the same disk may take over instead of copying it."""

    def temporary_file_path(self) -> str:
        return self.file.name


def add_clip(
    *,
    workspace: Workspace,
    actor: Actor,
    path: Path,
    name: str,
    origin: str = Clip.Origin.UPLOAD,
    sha256: str = "",
    language: str = "",
    reserved: int = 0,
) -> Clip:
    """A new clip from a file of ours, which is moved into the storage; what follows from it happens by itself.

    sha256: where it is known already. reserved: bytes that the quota counts for it already. Raises Invalid for what is
    no film or is too large, DuplicateClip when these very bytes are here already; then the file is where it was.
    """
    actor.require("write_content", workspace)
    container = check_file(path)
    digest = sha256 or digest_of(path)
    clip = Clip(
        workspace=workspace,
        origin=origin,
        name=clean_name(name),
        sha256=digest,
        bytes=path.stat().st_size,
        container=container,
        language=check_language(language),
        added_by=actor.user,
    )
    refuse_twin(workspace, digest)
    check_quota(workspace, clip.bytes - reserved)
    _store(clip, path)
    try:
        with unit_of_work():
            clip.save()
            data = {"action": "add", "from": None, "to": clip.state, "title": clip.title, "by": actor.label}
            emit(workspace=workspace, type="clip.state", subject=clip, data={**data, "origin": origin})
            audit.record(workspace=workspace, actor=actor, action="clip.add", target=clip, data={"name": clip.name})
            # The pipeline hears of a new clip as it hears of every later state.
            said = {"sender": Clip, "instance": clip, "action": "add", "source": None, "target": clip.state}
            transaction.on_commit(lambda: advanced.send(**said))
    except IntegrityError:
        clip.file.storage.delete(clip.file.name)
        refuse_twin(workspace, digest)
        raise
    return clip


def add_uploaded(*, workspace: Workspace, actor: Actor, file: UploadedFile, name: str = "", language: str = "") -> Clip:
    """A clip from a small file that came in one request."""
    actor.require("write_content", workspace)
    most = min(settings.MAX_UPLOAD_BYTES, settings.CLIPS_MAX_BYTES)
    if (file.size or 0) > most:
        raise too_large(most)
    folder = Path(settings.INCOMING_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex}.whole"
    try:
        with path.open("wb") as out:
            digest = copy_hashed(file, out)
        return add_clip(
            workspace=workspace, actor=actor, path=path, name=name or file.name or "", sha256=digest, language=language
        )
    finally:
        path.unlink(missing_ok=True)


def can_be_deleted(clip: Clip) -> bool:
    """Not while it is worked on, nor while its item may still need it."""
    item = clip.item
    return not clip.current.automatic and (item is None or item.is_over or item.state in {"rejected", "published"})


def delete_clip(*, clip: Clip, actor: Actor) -> None:
    """Forget a clip and give its room back; the file that it came from stays where it is.

    Raises Conflict while it is worked on, or while its item may still need it.
    """
    actor.require("write_content", clip.workspace)
    if clip.current.automatic:
        raise Conflict(_("This clip is being worked on."), hint=_("Cancel its work first."))
    if not can_be_deleted(clip):
        raise Conflict(
            _("The item “%(title)s” is made from this clip and is not finished.") % {"title": clip.item.title},
            hint=_("Reject the item, or wait until it is published."),
        )
    files = [file for file in (clip.file, clip.thumbnail) if file]
    with unit_of_work():
        data = {"name": clip.name, "sha256": clip.sha256}
        audit.record(workspace=clip.workspace, actor=actor, action="clip.delete", target=clip, data=data)
        emit(workspace=clip.workspace, type="clip.deleted", subject=clip, data={"name": clip.name, "by": actor.label})
        clip.delete()
    for file in files:
        file.storage.delete(file.name)


def check_file(path: Path) -> str:
    """The container of a film, told from its first bytes. Raises Invalid with the reason for anything else."""
    try:
        container = sniff(path, clip_limits())
    except AdapterError as error:
        raise Invalid(error.message, hint=error.hint, file=[error.message]) from error
    if container not in SUFFIXES:
        message = _("This holds only sound; a clip needs a picture.")
        raise Invalid(message, hint=_("Use an MP4, MOV, WebM or MKV video."), file=[message])
    return container


def check_language(language: str) -> str:
    if language and language not in LANGUAGES:
        message = _("Give a language's code, such as en or ml, or none.")
        raise Invalid(message, language=[message])
    return language


def refuse_twin(workspace: Workspace, sha256: str) -> None:
    """Raises DuplicateClip when the workspace has these bytes already."""
    twin = Clip._base_manager.select_related("item").filter(workspace=workspace, sha256=sha256).first()
    if twin:
        raise DuplicateClip(
            _("This video is here already: “%(title)s” (%(state)s).")
            % {"title": twin.title, "state": twin.get_state_display().lower()},
            hint=_("Open that one instead."),
            clip=twin.pk,
            title=twin.title,
        )


def check_quota(workspace: Workspace, size: int) -> None:
    """Raises Invalid when `size` more bytes are more than the workspace may keep."""
    left = settings.CLIPS_QUOTA_BYTES - bytes_used(workspace)
    if size > left:
        message = _("There is room for %(left)s MB of clips left, and this one has %(size)s MB.") % {
            "left": max(0, left) // 1024**2,
            "size": -(-size // 1024**2),
        }
        raise Invalid(message, hint=_("Delete clips that are not needed any more."), file=[message])


def bytes_used(workspace: Workspace) -> int:
    """What the clips of a workspace take, with the whole of uploads that are under way."""
    kept = Clip._base_manager.filter(workspace=workspace).aggregate(sum=Sum("bytes"))["sum"] or 0
    coming = IncomingFile._base_manager.filter(workspace=workspace).aggregate(sum=Sum("size"))["sum"] or 0
    return kept + coming


def too_large(most: int) -> Invalid:
    message = _("The file is larger than %(most)s MB.") % {"most": most // 1024**2}
    return Invalid(message, hint=_("Cut it shorter, or make it smaller."), file=[message])


def clean_name(name: str) -> str:
    """What a person called the file, without folders and marks that steer terminals."""
    last = PurePath(name.replace("\\", "/")).name
    return fit("".join(letter for letter in last if letter.isprintable()), 255) or "clip"


def digest_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def copy_hashed(source: BinaryIO | File, out: BinaryIO, *, told: Callable[[int], None] | None = None) -> str:
    """Copy all of it; returns the SHA-256 of what was copied. told(bytes so far) after every megabyte."""
    digest, done = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        out.write(piece)
        digest.update(piece)
        done += len(piece)
        if told:
            told(done)
    return digest.hexdigest()


def _store(clip: Clip, path: Path) -> None:
    with path.open("rb") as handle:
        clip.file.save(f"clip{SUFFIXES[clip.container]}", Movable(handle), save=False)
