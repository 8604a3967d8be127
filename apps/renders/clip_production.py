"""Making the video of a clip's item: its own picture and sound, with the captions of its transcript.

Nothing is heard again: the words' times are kept with the clip, and an edited transcript is laid over them. What was
made from exactly the same, for an earlier revision too, is not made again.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.clips.models import Clip
from apps.clips.services.options import settings_of
from apps.clips.services.transcripts import caption_words
from apps.common.errors import NotFound
from apps.content.media import cache_dir, find_ffmpeg, local_file
from apps.content.models import Asset, Item, Revision
from apps.content.services import keep_asset
from apps.engines.captions import PRESETS, CaptionStyle, build_captions, build_vtt, stage_fonts
from apps.engines.captions.layout import SAFE_BOTTOM, SAFE_TOP
from apps.engines.video.clip import ClipRequest, clip_key, produce_clip, still
from apps.engines.video.compose import Preset
from apps.engines.video.ffmpeg import FFmpeg, Stopped
from apps.engines.video.frame import HEIGHT, WIDTH
from apps.engines.video.keys import content_key
from apps.engines.video.probe import probe
from apps.engines.video.thumbnail import ThumbnailRequest, thumbnail, thumbnail_key
from apps.lifecycle.runs import RunCancelled, Work
from apps.renders.engines import Look, font_library

STEPS = {Asset.Kind.VIDEO: 3, Asset.Kind.PREVIEW: 2}
PART = 1
ROOM_BELOW = 0.7  # of the height: where a film must end to leave room for captions
BELOW = 0.06


@dataclass(frozen=True)
class Bench:
    """What the steps of one production share."""

    clip: Clip
    revision: Revision
    look: Look
    ffmpeg: FFmpeg
    work: Work


def produce_clip_item(item: Item, revision: Revision, look: Look, work: Work, *, preset: Preset, kind: str) -> Asset:
    """Make the clip's video or preview; returns its asset. Raises NotFound when the clip is gone."""
    clip = Clip._base_manager.select_related("workspace", "item").filter(item=item).first()
    if clip is None:
        raise NotFound(_("The clip that this item was made from is gone."), hint=_("Upload it again."))
    work.plan(STEPS[kind])
    bench = Bench(clip, revision, look, find_ffmpeg(), work)
    try:
        captions = _captions(bench)
        with local_file(clip.file) as source:
            asset = _encode(bench, source, captions, preset=preset, kind=kind)
            if kind == Asset.Kind.VIDEO:
                _thumbnail(bench, source)
    except Stopped as stopped:
        raise RunCancelled from stopped
    return asset


def clip_look(look: Look, item: Item) -> Look:
    """The workspace's look, with the captions that it chose for clips."""
    preset = PRESETS.get(settings_of(item.workspace).caption_preset)
    return replace(look, captions=preset) if preset else look


def placed(style: CaptionStyle, clip: Clip) -> CaptionStyle:
    """Captions of a film that leaves room below it stand in that room, not over its middle."""
    shape = (clip.width or WIDTH) / (clip.height or HEIGHT)
    bottom = 0.5 + WIDTH / shape / HEIGHT / 2
    if bottom > ROOM_BELOW:
        return style
    below = (bottom + BELOW - SAFE_TOP) / (1 - SAFE_TOP - SAFE_BOTTOM)
    return replace(style, position=min(1.0, max(style.position, below)))


def _captions(bench: Bench) -> Path | None:
    """The captions as ASS, and kept as WebVTT for players; None where there are no words, or none are wanted."""
    work = bench.work
    work.step("captions", label=_("Captions"), total=1)
    words = caption_words(bench.clip, bench.revision.body)
    if not words or not settings_of(bench.clip.workspace).captions_on:
        work.progress(1, note=_("none"))
        return None
    made = build_captions(
        words,
        style=placed(bench.look.captions, bench.clip),
        duration=bench.clip.seconds or words[-1].end,
        library=font_library(),
    )
    stage_fonts(made.fonts, bench.look.fonts_dir)
    folder = cache_dir("captions")
    path = folder / f"{hashlib.sha256(made.ass.encode()).hexdigest()[:32]}.ass"
    path.write_text(made.ass, encoding="utf-8")
    vtt = path.with_suffix(".vtt")
    vtt.write_text(build_vtt(words), encoding="utf-8")
    _keep(bench, Asset.Kind.CAPTIONS, vtt, key=path.stem, words=len(words))
    count = len(words)
    work.progress(1, note=ngettext("%(words)s word", "%(words)s words", count) % {"words": count})
    return path


def _encode(bench: Bench, source: Path, captions: Path | None, *, preset: Preset, kind: str) -> Asset:
    work = bench.work
    work.step("encode", label=str(Asset.Kind(kind).label), total=1.0)
    request = ClipRequest(
        source=source,
        source_key=bench.clip.sha256,
        info=probe(source, bench.ffmpeg),
        captions=captions,
        captions_key=captions.stem if captions else "",
        fonts_dir=bench.look.fonts_dir,
        preset=preset,
    )
    key = clip_key(request)
    kept = _kept(bench, kind, key)
    if kept:
        work.progress(1.0, note=_("as before"))
        return kept
    out = cache_dir("videos") / f"{key}.mp4"
    made = produce_clip(request, out=out, ffmpeg=bench.ffmpeg, on_progress=work.progress, should_stop=work.should_stop)
    meta = {"width": made.width, "height": made.height, "copied": made.copied}
    asset = _keep(bench, kind, out, key=key, seconds=made.duration, **meta)
    out.unlink(missing_ok=True)
    return asset


def _thumbnail(bench: Bench, source: Path) -> Asset:
    """The title over a frame of the clip, free of captions."""
    bench.work.step("thumbnail", label=_("Thumbnail"), total=1)
    info = probe(source, bench.ffmpeg)
    request = ThumbnailRequest(
        video=source,
        video_key=content_key("clip-still", source=bench.clip.sha256),
        at=0.0,
        title=bench.revision.title,
        style=bench.look.cards,
    )
    key = thumbnail_key(request)
    kept = _kept(bench, Asset.Kind.THUMBNAIL, key)
    if kept:
        return kept
    frame = still(source, info, ffmpeg=bench.ffmpeg, fitted=True)
    out = thumbnail(request, out=cache_dir("thumbnails") / f"{key}.jpg", ffmpeg=bench.ffmpeg, frame=frame)
    asset = _keep(bench, Asset.Kind.THUMBNAIL, out, key=key)
    out.unlink(missing_ok=True)
    return asset


def _kept(bench: Bench, kind: str, key: str) -> Asset | None:
    """This revision's asset of that key; made from another revision's, when one has it."""
    item = bench.revision.item_id
    same = Asset._base_manager.filter(revision__item=item, kind=kind, part=PART, key=key)
    found = [asset for asset in same if asset.file.storage.exists(asset.file.name)]
    mine = next((asset for asset in found if asset.revision_id == bench.revision.pk), None)
    if mine or not found:
        return mine
    with tempfile.TemporaryDirectory(prefix="asset-") as folder, local_file(found[0].file) as path:
        copy = Path(folder) / f"same{path.suffix}"
        copy.symlink_to(path.absolute())
        return keep_asset(
            revision=bench.revision,
            kind=kind,
            part=PART,
            path=copy,
            key=key,
            seconds=found[0].seconds,
            **found[0].meta,
        )


def _keep(bench: Bench, kind: str, path: Path, *, key: str, **meta) -> Asset:
    return _kept(bench, kind, key) or keep_asset(
        revision=bench.revision, kind=kind, part=PART, path=path, key=key, **meta
    )
