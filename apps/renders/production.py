"""Making the files of one part: narration, captions, video, thumbnail.

Every stage has a key made of what goes into it. A stage whose asset carries the key already is not made again: a crash
repeats only the stage it hit, and a changed sentence re-makes only what depends on it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.content.media import cache_dir
from apps.content.models import Asset, Revision
from apps.content.services import keep_asset
from apps.engines.captions import build_captions, build_vtt, stage_fonts
from apps.engines.video.backgrounds import BackgroundPlan, plan_background
from apps.engines.video.cards import closing_card, opening_card, progress_bar
from apps.engines.video.compose import (
    ComposeRequest,
    Preset,
    TimedCard,
    compose,
    compose_key,
    part_duration,
)
from apps.engines.video.ffmpeg import FFmpeg, Stopped
from apps.engines.video.frame import BackgroundClip
from apps.engines.video.thumbnail import ThumbnailRequest, thumbnail, thumbnail_key
from apps.engines.voice.base import VoiceEngine
from apps.engines.voice.narration import Narration, narrate
from apps.lifecycle.runs import RunCancelled, Work
from apps.renders.engines import Look, font_library
from apps.renders.script import PartScript

TAIL = 0.8
HOOK_LEAST, HOOK_MOST = 2.5, 6.0


@dataclass(frozen=True)
class Studio:
    """What all parts of one production share."""

    revision: Revision
    look: Look
    voice: VoiceEngine
    clips: tuple[BackgroundClip, ...]
    ffmpeg: FFmpeg
    work: Work

    def stop_check(self) -> Callable[[], bool]:
        return self.work.should_stop


def produce_part(studio: Studio, script: PartScript, *, preset: Preset, kind: str) -> Asset:
    """Make one part from script to file; returns the asset of `kind` ("video" or "preview")."""
    try:
        narration = say(studio, script)
        captions = caption(studio, script, narration)
        asset = encode(studio, script, narration, captions, preset=preset, kind=kind)
        if kind == Asset.Kind.VIDEO:
            picture(studio, script)
    except Stopped as stopped:
        raise RunCancelled from stopped
    return asset


def say(studio: Studio, script: PartScript) -> Narration:
    """Narrate the part, sentence by sentence; sentences said before come from the cache."""
    step = f"narrate-{script.number}"
    studio.work.step(step, label=labelled(script, _("Narration")), total=len(script.lines))
    narration = narrate(
        script.lines,
        voice=studio.voice,
        cache_dir=cache_dir("speech"),
        out=cache_dir("narration") / f"{studio.revision.pk}-{script.number}.wav",
        speed=studio.look.speed,
        ffmpeg=studio.ffmpeg,
        on_progress=lambda done, total: studio.work.progress(done, note=f"{done}/{total}"),
        should_stop=studio.stop_check(),
    )
    note = _("%(new)s new, %(kept)s kept, %(seconds)s s")
    numbers = {"new": narration.synthesized, "kept": narration.reused, "seconds": round(narration.duration)}
    studio.work.progress(len(script.lines), note=note % numbers)
    return narration


def caption(studio: Studio, script: PartScript, narration: Narration) -> Path:
    """Write the captions as ASS for the burn-in, and keep them as WebVTT for players."""
    studio.work.step(f"caption-{script.number}", label=labelled(script, _("Captions")), total=1)
    folder = cache_dir("captions")
    made = build_captions(
        narration.words, style=studio.look.captions, duration=narration.duration, library=font_library()
    )
    stage_fonts(made.fonts, studio.look.fonts_dir)
    path = folder / f"{hashlib.sha256(made.ass.encode()).hexdigest()[:32]}.ass"
    path.write_text(made.ass, encoding="utf-8")
    vtt = folder / f"{path.stem}.vtt"
    vtt.write_text(build_vtt(narration.words), encoding="utf-8")
    _keep(studio, script, Asset.Kind.CAPTIONS, vtt, key=path.stem, words=len(narration.words))
    count = len(narration.words)
    studio.work.progress(1, note=ngettext("%(words)s word", "%(words)s words", count) % {"words": count})
    return path


def encode(
    studio: Studio, script: PartScript, narration: Narration, captions: Path, *, preset: Preset, kind: str
) -> Asset:
    """Burn captions and cards in and encode, in one ffmpeg pass, unless that very file exists."""
    studio.work.step(f"encode-{script.number}", label=labelled(script, str(Asset.Kind(kind).label)), total=1.0)
    request = _request(studio, script, narration, captions, preset)
    key = compose_key(request)
    existing = _kept(studio, script, kind, key)
    if existing:
        return existing
    out = cache_dir("videos") / f"{key}.mp4"
    made = compose(
        request,
        out=out,
        ffmpeg=studio.ffmpeg,
        on_progress=studio.work.progress,
        should_stop=studio.stop_check(),
    )
    meta = {"width": made.width, "height": made.height, "words": len(narration.words)}
    asset = _keep(studio, script, kind, out, key=key, seconds=made.duration, **meta)
    out.unlink(missing_ok=True)
    return asset


def picture(studio: Studio, script: PartScript) -> Asset:
    """The thumbnail: the title over a frame of the background, free of captions."""
    studio.work.step(f"thumbnail-{script.number}", label=labelled(script, _("Thumbnail")), total=1)
    shot = background_plan(studio, script, 1.0).shots[0]
    request = ThumbnailRequest(
        video=shot.clip.path,
        video_key=shot.clip.key,
        at=shot.start,
        title=studio.revision.title,
        label=script.label,
        style=studio.look.cards,
    )
    key = thumbnail_key(request)
    existing = _kept(studio, script, Asset.Kind.THUMBNAIL, key)
    if existing:
        return existing
    out = thumbnail(request, out=cache_dir("thumbnails") / f"{key}.jpg", ffmpeg=studio.ffmpeg)
    asset = _keep(studio, script, Asset.Kind.THUMBNAIL, out, key=key)
    out.unlink(missing_ok=True)
    return asset


def labelled(script: PartScript, what: str) -> str:
    """A step's name as people read it: "Part 1 of 2: Narration"."""
    return f"{script.label}: {what}" if script.label else what


def _request(
    studio: Studio, script: PartScript, narration: Narration, captions: Path, preset: Preset
) -> ComposeRequest:
    length = part_duration(narration.duration, TAIL)
    cards = cache_dir("cards")
    return ComposeRequest(
        background=background_plan(studio, script, length),
        narration=narration.path,
        narration_seconds=narration.duration,
        captions=captions,
        tail=TAIL,
        cards=timed_cards(studio, script, narration, cards, length),
        bar=progress_bar(style=studio.look.cards, cache_dir=cards),
        fonts_dir=studio.look.fonts_dir,
        preset=preset,
    )


def background_plan(studio: Studio, script: PartScript, length: float) -> BackgroundPlan:
    """The same revision and part always get the same background."""
    seed = zlib.crc32(f"{studio.revision.item_id}:{script.number}".encode())
    return plan_background(studio.clips, duration=length, seed=seed)


def timed_cards(
    studio: Studio, script: PartScript, narration: Narration, folder: Path, length: float
) -> tuple[TimedCard, ...]:
    """The hook (or the part's label) at the start, the call to action while it is said."""
    shown, spans = [], narration.sentence_spans
    opening = opening_card(
        script.hook, label=script.label, style=studio.look.cards, cache_dir=folder, ffmpeg=studio.ffmpeg
    )
    if opening:
        said_until = spans[script.hook_lines - 1][1] if script.hook_lines else HOOK_LEAST
        shown.append(TimedCard(opening, 0.0, min(max(said_until, HOOK_LEAST), HOOK_MOST, length)))
    closing = closing_card(script.call_to_action, style=studio.look.cards, cache_dir=folder, ffmpeg=studio.ffmpeg)
    if closing and script.closing_lines:
        start = spans[-script.closing_lines][0]
        shown.append(TimedCard(closing, start, length))
    return tuple(shown)


def _kept(studio: Studio, script: PartScript, kind: str, key: str) -> Asset | None:
    """The asset, if it was made from exactly this and its file is still there."""
    asset = Asset._base_manager.filter(revision=studio.revision, kind=kind, part=script.number, key=key).first()
    return asset if asset and asset.file.storage.exists(asset.file.name) else None


def _keep(studio: Studio, script: PartScript, kind: str, path: Path, *, key: str, **meta) -> Asset:
    return _kept(studio, script, kind, key) or keep_asset(
        revision=studio.revision, kind=kind, part=script.number, path=path, key=key, **meta
    )
