"""Resumable uploads: tus 1.0, the core with creation, checksum, expiration and termination (https://tus.io).

`POST` announces a file and answers where it goes, `PATCH` appends to it at an offset, `HEAD` says how much is there:
after a broken connection, or a restart of the server, a client asks and goes on. The last piece makes the clip.
"""

import base64
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from ninja import Router

from apps.clips.models import IncomingFile
from apps.clips.services.incoming import (
    CHECKSUMS,
    begin_upload,
    discard_upload,
    finish_upload,
    receive_upload,
    upload_of,
)
from apps.clips.services.intake import DuplicateClip
from apps.common.errors import DomainError, Invalid

router = Router(tags=["uploads of clips"])

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"


class WrongVersion(DomainError):
    """The client speaks another version of tus."""

    code = "tus_version"
    status = 412


class WrongType(DomainError):
    """A piece comes as application/offset+octet-stream and as nothing else."""

    code = "wrong_content_type"
    status = 415


def _header(name: str, text: str, *, required: bool = False) -> dict:
    return {"in": "header", "name": name, "required": required, "description": text, "schema": {"type": "string"}}


TUS = _header("Tus-Resumable", "1.0.0")
NOTHING = {"description": "See the headers."}


def _answer(status: int, upload: IncomingFile | None = None, **headers: str) -> HttpResponse:
    response = HttpResponse(status=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers})
    if upload is not None:
        response["Upload-Offset"] = str(upload.offset)
        response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


@router.api_operation(
    ["OPTIONS"],
    "/clips/uploads/",
    summary="What the upload protocol offers",
    openapi_extra={"responses": {204: NOTHING}},
)
def describe_clip_uploads(request: HttpRequest) -> HttpResponse:
    request.actor.require("view_content", request.workspace)
    return _answer(
        204,
        **{
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
            "Tus-Max-Size": str(settings.CLIPS_MAX_BYTES),
        },
    )


@router.post(
    "/clips/uploads/",
    summary="Begin a resumable upload",
    openapi_extra={
        "parameters": [
            TUS,
            _header("Upload-Length", "Bytes of the whole file.", required=True),
            _header("Upload-Metadata", "filename and language, each a name, a space, and its value in base64."),
        ],
        "responses": {201: {"description": "Begun; the header Location says where the pieces go."}},
    },
)
def begin_clip_upload(request: HttpRequest) -> HttpResponse:
    request.actor.require("write_content", request.workspace)
    _check_version(request)
    about = _metadata(request.headers.get("Upload-Metadata", ""))
    upload = begin_upload(
        workspace=request.workspace,
        actor=request.actor,
        name=about.get("filename") or about.get("name") or "clip",
        size=_number(request, "Upload-Length"),
        language=about.get("language", ""),
    )
    return _answer(201, upload, Location=f"{request.path}{upload.pk}")


@router.api_operation(
    ["HEAD"],
    "/clips/uploads/{uuid:upload_id}",
    summary="How much of an upload is there",
    openapi_extra={"parameters": [TUS], "responses": {200: NOTHING}},
)
def measure_clip_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = upload_of(workspace=request.workspace, actor=request.actor, key=upload_id)
    _check_version(request)
    length = {"Upload-Length": str(upload.size)}
    if upload.offset == upload.size:  # the server went away before it could make the clip, and nothing is left to send
        return _answer(200, upload, **length, **_finished(request, upload))
    return _answer(200, upload, **length)


@router.patch(
    "/clips/uploads/{uuid:upload_id}",
    summary="Append a piece to an upload",
    openapi_extra={
        "parameters": [
            TUS,
            _header("Upload-Offset", "Where the piece begins.", required=True),
            _header("Upload-Checksum", "sha1 or sha256, a space, and it in base64."),
        ],
        "requestBody": {"content": {PIECE_TYPE: {"schema": {"type": "string"}}}},
        "responses": {204: {"description": "Kept; after the last piece, the header Rundown-Clip names the clip."}},
    },
)
def continue_clip_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """409 when the piece does not begin where the last one ended, 460 when it was damaged on its way."""
    upload = upload_of(workspace=request.workspace, actor=request.actor, key=upload_id)
    _check_version(request)
    if request.content_type != PIECE_TYPE:
        raise WrongType(_("A piece of an upload comes as %(type)s.") % {"type": PIECE_TYPE})
    upload = receive_upload(
        upload=upload,
        offset=_number(request, "Upload-Offset"),
        body=request,
        checksum=request.headers.get("Upload-Checksum", ""),
    )
    if upload.offset < upload.size:
        return _answer(204, upload)
    return _answer(204, upload, **_finished(request, upload))


def _finished(request: HttpRequest, upload: IncomingFile) -> dict[str, str]:
    try:
        return {"Rundown-Clip": str(finish_upload(upload=upload, actor=request.actor).pk)}
    except DuplicateClip as twin:
        return {"Rundown-Clip": str(twin.details["clip"]), "Rundown-Duplicate": "true"}


@router.delete(
    "/clips/uploads/{uuid:upload_id}",
    summary="Give up an upload",
    openapi_extra={"parameters": [TUS], "responses": {204: NOTHING}},
)
def discard_clip_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = upload_of(workspace=request.workspace, actor=request.actor, key=upload_id)
    discard_upload(upload=upload, actor=request.actor)
    return _answer(204)


def _check_version(request: HttpRequest) -> None:
    """Clients that speak no tus may leave the header out; another version is refused."""
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise WrongVersion(_("This server speaks tus %(version)s.") % {"version": VERSION})


def _number(request: HttpRequest, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        message = _("The header %(name)s must be a number.") % {"name": name}
        raise Invalid(message, **{name.lower().replace("-", "_"): [message]})
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        name, _space, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode().replace("\x00", "")
        except ValueError as error:
            message = _("The header Upload-Metadata cannot be read.")
            raise Invalid(message, upload_metadata=[message]) from error
    return found
