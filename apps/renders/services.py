"""Producing an item: the preview for reviewers, the final after approval; styles and footage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from apps.common.errors import Invalid
from apps.common.transactions import unit_of_work
from apps.content.media import cache_dir, find_ffmpeg
from apps.content.models import Asset, Item, Revision
from apps.engines.video.backgrounds import import_footage
from apps.engines.video.compose import FINAL, PREVIEW, Preset
from apps.engines.video.frame import BackgroundClip
from apps.engines.video.moving import MovingBackground, generate_background
from apps.lifecycle.events import emit
from apps.lifecycle.runs import Work, start_run
from apps.renders.clip_production import clip_look, produce_clip_item
from apps.renders.engines import look_of, voice_of
from apps.renders.models import Footage, VideoStyle
from apps.renders.production import Studio, produce_part
from apps.renders.script import part_scripts
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

STAGES = {Asset.Kind.VIDEO: 4, Asset.Kind.PREVIEW: 3}  # steps a part
LONGEST_TEXT = 60_000  # characters: about an hour of speech


def style_of(workspace: Workspace) -> VideoStyle:
    """The workspace's style; one that never chose has the defaults, unsaved."""
    return VideoStyle._base_manager.filter(workspace=workspace).first() or VideoStyle(workspace=workspace)


def set_style(*, workspace: Workspace, actor: Actor, **fields: Any) -> VideoStyle:
    actor.require("manage_brand", workspace)
    style = style_of(workspace)
    for name, value in fields.items():
        setattr(style, name, value)
    style.full_clean(exclude=["workspace"])
    with unit_of_work():
        style.save()
        audit.record(workspace=workspace, actor=actor, action="style.change", target=style, data=fields)
    return style


def has_final(revision: Revision | None) -> bool:
    """Whether every part of the revision has its finished video."""
    if revision is None:
        return False
    made = Asset._base_manager.filter(revision=revision, kind=Asset.Kind.VIDEO).values_list("part", flat=True)
    return {part["number"] for part in revision.parts} <= set(made)


def render_item(*, item: Item, work: Work) -> None:
    """Make the finished videos of the approved revision."""
    produce(item, item.approved_revision, work, preset=FINAL, kind=Asset.Kind.VIDEO)


def render_preview(*, item: Item, work: Work) -> None:
    """Make quick previews of the current revision, for its reviewers."""
    produce(item, item.current_revision, work, preset=PREVIEW, kind=Asset.Kind.PREVIEW)


def produce(item: Item, revision: Revision, work: Work, *, preset: Preset, kind: str) -> None:
    if len(revision.body) > LONGEST_TEXT:
        raise Invalid(
            _("The text has %(length)s characters; at most %(most)s can be narrated.")
            % {"length": len(revision.body), "most": LONGEST_TEXT},
            hint=_("Split it into several items."),
        )
    workspace = item.workspace
    style = style_of(workspace)
    if item.kind == Item.Kind.CLIP:
        asset = produce_clip_item(item, revision, clip_look(look_of(style), item), work, preset=preset, kind=kind)
        _announce(item, revision, asset, of=1)
        return
    scripts = part_scripts(revision, language=item.language, profanity=workspace.profanity)
    work.plan(1 + len(scripts) * STAGES[kind])
    work.step("background", label=_("Background"), total=1.0)
    ffmpeg = find_ffmpeg()
    studio = Studio(
        revision=revision,
        look=look_of(style),
        voice=voice_of(style),
        clips=background_clips(style, work),
        ffmpeg=ffmpeg,
        work=work,
    )
    for script in scripts:
        asset = produce_part(studio, script, preset=preset, kind=kind)
        _announce(item, revision, asset, of=script.total)


def _announce(item: Item, revision: Revision, asset: Asset, *, of: int) -> None:
    data = {"kind": asset.kind, "part": asset.part, "of": of, "revision": revision.number, "asset": asset.pk}
    emit(workspace=item.workspace, type="asset.made", subject=item, data=data)


def background_clips(style: VideoStyle, work: Work) -> tuple[BackgroundClip, ...]:
    """The library's clips, or the generated background, made at its first use."""
    if style.background == VideoStyle.Background.FOOTAGE:
        rows = Footage._base_manager.filter(workspace=style.workspace).exclude(clip="")
        clips = tuple(BackgroundClip(Path(row.clip.path), row.key, row.seconds) for row in rows)
        if clips:
            return clips
        raise Invalid(
            _("The footage library is empty."),
            hint=_("Add a clip to it, or choose the moving background in the video style."),
        )
    spec = MovingBackground(palette=style.palette, seed=style.workspace_id)
    clip = generate_background(
        spec,
        cache_dir=cache_dir("backgrounds"),
        ffmpeg=find_ffmpeg(),
        on_progress=work.progress,
        should_stop=work.should_stop,
    )
    return (clip,)


def add_footage(*, workspace: Workspace, actor: Actor, name: str, file: UploadedFile) -> Footage:
    """Put a clip into the library; a run normalises it once. The upload itself is checked by that run."""
    actor.require("manage_brand", workspace)
    if file.size > settings.MAX_UPLOAD_BYTES:
        most = settings.MAX_UPLOAD_BYTES // 1024 // 1024
        message = _("The file is larger than %(most)s MB.") % {"most": most}
        raise Invalid(message, hint=_("Cut it shorter, or raise MAX_UPLOAD_MB."), original=[message])
    with unit_of_work():
        footage = Footage(workspace=workspace, name=name.strip() or Path(file.name).stem, original=file)
        footage.full_clean(exclude=["workspace"])
        footage.save()
        audit.record(
            workspace=workspace, actor=actor, action="footage.add", target=footage, data={"name": footage.name}
        )
        start_run(workspace=workspace, kind="footage", subject=footage, queue="media", actor=actor)
    return footage


def normalise_footage(*, footage: Footage, work: Work) -> None:
    """Bring a clip to the size, rate and keyframes that renders seek in."""
    work.step("normalise", label=_("Normalising"), total=1.0)
    clip = import_footage(
        Path(footage.original.path),
        cache_dir=cache_dir("footage"),
        ffmpeg=find_ffmpeg(),
        on_progress=work.progress,
        should_stop=work.should_stop,
    )
    with clip.path.open("rb") as handle:
        footage.clip.save(f"{clip.key}.mp4", File(handle), save=False)
    footage.key, footage.seconds = clip.key, clip.duration
    footage.save(update_fields=["clip", "key", "seconds"])
