"""Pages about clips: drop and follow them, read and correct what was heard, choose what happens to them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.clips import queries, services
from apps.clips.inbox.folder import list_links
from apps.clips.machine import CLIP_MACHINE
from apps.clips.models import Clip, ClipSettings, InboxFile
from apps.clips.services.intake import bytes_used
from apps.clips.services.options import accounts_of
from apps.common.errors import Conflict, DomainError, Invalid
from apps.common.languages import language_code
from apps.common.numbers import required, whole
from apps.content.models import Asset
from apps.content.services import EDITABLE, Text, revise_item, text_of
from apps.engines.captions import PRESETS
from apps.lifecycle.services import open_actions
from apps.platforms.feed.media import Stored, serve
from apps.templates.queries import versions_of

PAGE = 24
SHOWN_FILES = 30
# What the list may be narrowed to: a person cares whether a clip is under way, not at which step.
SHOWN: dict[str, tuple[Any, tuple[str, ...]]] = {
    "under-way": (_lazy("Under way"), tuple(state.name for state in CLIP_MACHINE.states if state.automatic)),
    "used": (_lazy("Used"), ("used",)),
    "refused": (_lazy("Refused"), ("refused",)),
    "failed": (_lazy("Failed"), ("failed",)),
}
TYPES = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".ts": "video/mp2t"}


@require_http_methods(["GET", "POST"])
def clips(request: HttpRequest, slug: str) -> HttpResponse:
    """The clips, a place to drop more, and what became of files in the watched folder."""
    request.actor.require("view_content", request.workspace)
    if request.method == "GET":
        return _clips_page(request)
    request.actor.require("write_content", request.workspace)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Invalid(_("Choose a video first."))
        clip = services.add_uploaded(workspace=request.workspace, actor=request.actor, file=file)
    except (Conflict, Invalid) as problem:
        return _clips_page(request, problem=problem)
    messages.success(request, _("“%(title)s” is here.") % {"title": clip.title})
    return redirect("clips:clip", slug, clip.pk)


def _clips_page(request: HttpRequest, *, problem: DomainError | None = None) -> HttpResponse:
    shown, search = request.GET.get("show", ""), request.GET.get("q", "").strip()
    rows = queries.clips()
    if shown in SHOWN:
        rows = rows.filter(state__in=SHOWN[shown][1])
    if search:
        rows = rows.filter(name__icontains=search)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    options = services.settings_of(request.workspace)
    root = services.inbox_of(request.workspace)
    context = {
        "page": page,
        "shown": shown,
        "search": search,
        "tabs": _tabs(),
        "runs": queries.open_runs_of(list(page.object_list)),
        "folder": root if options.folder_on else None,
        "files": list(queries.inbox_files()[:SHOWN_FILES]),
        "links": list_links(root) if options.folder_on else [],
        "unfinished": queries.unfinished_uploads(request.user),
        "used": bytes_used(request.workspace),
        "quota": settings.CLIPS_QUOTA_BYTES,
        "largest": settings.CLIPS_MAX_BYTES,
        "problem": problem,
    }
    return render(request, "clips/list.html", context, status=problem.status if problem else 200)


def _tabs() -> list[tuple[str, Any, int]]:
    counts = queries.counts_by_state()
    return [(name, label, sum(counts.get(state, 0) for state in states)) for name, (label, states) in SHOWN.items()]


def _clip(clip_id: int) -> Clip:
    return get_object_or_404(queries.clips(), pk=clip_id)


@require_GET
def clip(request: HttpRequest, slug: str, clip_id: int) -> HttpResponse:
    """Player, transcript, title and tags, work and posts of one clip."""
    request.actor.require("view_content", request.workspace)
    return _clip_page(request, _clip(clip_id))


def _clip_page(request: HttpRequest, found: Clip, *, problem: DomainError | None = None, **typed: Any) -> HttpResponse:
    item = found.item
    revision = item.current_revision if item else None
    assets = {asset.kind: asset for asset in Asset.objects.filter(revision=revision)} if revision else {}
    editable = bool(item and item.state in EDITABLE and request.actor.may("write_content", request.workspace))
    runs = queries.runs_of(found)
    context = {
        "clip": found,
        "item": item,
        "revision": revision,
        "player": assets.get("video") or assets.get("preview"),
        "captions": assets.get("captions"),
        "picture": assets.get("thumbnail"),
        "editable": editable,
        "runs": runs,
        "open_runs": [run for run in runs if run.state in {"queued", "running"}],
        "posts": list(item.posts.select_related("account", "variant").order_by("due_at")) if item else [],
        "versions": versions_of(request.workspace).filter(template__kind="metadata"),
        "actions": [each.action for each in open_actions(found, request.actor)],
        "deletable": services.can_be_deleted(found) and request.actor.may("write_content", request.workspace),
        "unsure": [word for word in found.heard or [] if word[3] < 0.5],
        "problem": problem,
        **typed,
    }
    return render(request, "clips/clip.html", context, status=problem.status if problem else 200)


@require_POST
def transcript(request: HttpRequest, slug: str, clip_id: int) -> HttpResponse:
    """Corrected words; what was typed stays on the page when it cannot be saved."""
    found, text = _clip(clip_id), request.POST.get("text", "")
    request.actor.require("write_content", request.workspace)
    try:
        services.edit_transcript(clip=found, actor=request.actor, text=text, base=required(request.POST, "base"))
    except (Conflict, Invalid) as problem:
        return _clip_page(request, _clip(clip_id), problem=problem, typed_text=text)
    messages.success(request, _("Saved as a new version; its captions are made anew."))
    return redirect("clips:clip", slug, clip_id)


@require_POST
def metadata(request: HttpRequest, slug: str, clip_id: int) -> HttpResponse:
    """Title, description and tags by hand."""
    found = _clip(clip_id)
    request.actor.require("write_content", request.workspace)
    if found.item is None:
        raise Conflict(_("This clip has no item yet."), hint=_("Wait until it is described."))
    before = text_of(found.item.current_revision)
    text = Text(
        title=request.POST.get("title", ""),
        parts=before.parts,
        hook=before.hook,
        call_to_action=before.call_to_action,
        description=request.POST.get("description", "").replace("\r\n", "\n"),
        hashtags=request.POST.get("hashtags", "").replace("#", " ").replace(",", " ").split(),
    )
    try:
        revise_item(item=found.item, actor=request.actor, text=text, base=required(request.POST, "base"))
    except (Conflict, Invalid) as problem:
        return _clip_page(request, _clip(clip_id), problem=problem, typed=text)
    messages.success(request, _("Saved as a new version."))
    return redirect("clips:clip", slug, clip_id)


@require_POST
def describe(request: HttpRequest, slug: str, clip_id: int) -> HttpResponse:
    version = whole(request.POST.get("template", ""))
    services.describe_again(clip=_clip(clip_id), actor=request.actor, version=version)
    messages.success(request, _("Title, description and tags are being written anew."))
    return redirect("clips:clip", slug, clip_id)


@require_POST
def retry(request: HttpRequest, slug: str, clip_id: int) -> HttpResponse:
    services.retry_clip(clip=_clip(clip_id), actor=request.actor)
    return redirect("clips:clip", slug, clip_id)


@require_POST
def delete(request: HttpRequest, slug: str, clip_id: int) -> HttpResponse:
    found = _clip(clip_id)
    services.delete_clip(clip=found, actor=request.actor)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": found.title})
    return redirect("clips:clips", slug)


@require_http_methods(["GET", "POST"])
def options(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("manage_workspace", request.workspace)
    if request.method == "GET":
        return _options_page(request, services.settings_of(request.workspace))
    try:
        services.set_settings(
            workspace=request.workspace,
            actor=request.actor,
            folder_on=bool(request.POST.get("folder_on")),
            captions_on=bool(request.POST.get("captions_on")),
            caption_preset=request.POST.get("caption_preset", ""),
            language=language_code(request.POST.get("language", "")),
            template=whole(request.POST.get("template", "")),
            accounts=[pk for each in request.POST.getlist("accounts") if (pk := whole(each)) is not None],
        )
    except Invalid as problem:
        return _options_page(request, services.settings_of(request.workspace), problem=problem)
    messages.success(request, _("Saved."))
    return redirect("clips:options", slug)


def _options_page(request: HttpRequest, found: ClipSettings, *, problem: DomainError | None = None) -> HttpResponse:
    context = {
        "options": found,
        "chosen": {account.pk for account in accounts_of(found)},
        "accounts": services.accounts_to_choose(request.workspace),
        "presets": list(PRESETS),
        "versions": versions_of(request.workspace).filter(template__kind="metadata"),
        "folder": services.inbox_of(request.workspace),
        "problem": problem,
    }
    return render(request, "clips/options.html", context, status=problem.status if problem else 200)


@require_http_methods(["GET", "HEAD"])
def original(request: HttpRequest, slug: str, clip_id: int) -> HttpResponseBase:
    """The file as it came in, for members only; seekable."""
    request.actor.require("view_content", request.workspace)
    found = _clip(clip_id)
    return _served(request, found.file.name, found.bytes, f'"{found.sha256}"', found.created_at)


@require_http_methods(["GET", "HEAD"])
def still(request: HttpRequest, slug: str, clip_id: int) -> HttpResponseBase:
    request.actor.require("view_content", request.workspace)
    found = _clip(clip_id)
    if not found.thumbnail:
        raise Http404
    return _served(request, found.thumbnail.name, found.thumbnail.size, f'"s{found.sha256}"', found.created_at)


def _served(request: HttpRequest, name: str, size: int, etag: str, changed: datetime) -> HttpResponseBase:
    if not default_storage.exists(name):
        raise Http404
    content_type = {**TYPES, ".jpg": "image/jpeg"}.get(Path(name).suffix, "application/octet-stream")
    response = serve(request, Stored(name, size, content_type, etag, changed.astimezone(UTC)))
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_POST
def look_again(request: HttpRequest, slug: str, inbox_file_id: int) -> HttpResponse:
    """Look at a refused or known file once more, as if it had just been dropped."""
    request.actor.require("write_content", request.workspace)
    row = get_object_or_404(InboxFile.objects, pk=inbox_file_id)
    services.look_again(row=row, actor=request.actor)
    return redirect("clips:clips", slug)
