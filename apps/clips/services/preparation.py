"""From a new clip to an item: checked, listened to, described. Each step is kept: a second run goes on from there."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.clips.engines import clip_limits, open_recogniser
from apps.clips.models import Clip, ClipSettings
from apps.clips.services.metadata import make_item, write_metadata
from apps.clips.services.options import settings_of
from apps.common.errors import AdapterError, Conflict
from apps.content.media import find_ffmpeg, local_file
from apps.content.models import Item
from apps.engines.speech.base import HearingRequest, SpeechEngine, Stopped, Transcript
from apps.engines.speech.languages import CannotHear
from apps.engines.speech.sound import extract_sound, read_sound
from apps.engines.video import ffmpeg as video
from apps.engines.video.clip import still
from apps.engines.video.probe import MediaInfo, probe, refusal
from apps.lifecycle.models import Run
from apps.lifecycle.runs import RunCancelled, Work
from apps.lifecycle.services import TransitionRefused, advance
from apps.workspaces.actors import SYSTEM, Actor

STEPS = 4
THUMBNAIL_WIDTH = 480
# Below this, on average, a transcript has many words that were guessed.
UNSURE = 0.6


def prepare_clip(*, clip: Clip, work: Work) -> None:
    """Take a clip as far as an item in review. What is no film, or beyond the limits, is refused with the reason."""
    work.plan(STEPS)
    try:
        with local_file(clip.file) as path:
            info = _check(clip, path, work)
            if info is None:
                return
            _listen(clip, path, info, work)
        _describe(clip, work)
    except (Stopped, video.Stopped) as stopped:
        raise RunCancelled from stopped


def _enter(clip: Clip, action: str, **fields: Any) -> None:
    """Into the next state; a second run of the same work finds the clip there already."""
    clip.refresh_from_db(fields=["state"], from_queryset=Clip._base_manager.all())
    try:
        advance(clip, action, actor=SYSTEM, fields=fields, data={"title": clip.title})
    except TransitionRefused:
        if clip.state not in {"probing", "transcribing", "describing"}:
            raise


def _check(clip: Clip, path: Path, work: Work) -> MediaInfo | None:
    """None when the clip was refused."""
    work.step("check", label=_("Checking the file"), total=1)
    _enter(clip, "probe", problem=None, remarks=[])
    try:
        info = probe(path, find_ffmpeg(), clip_limits())
        if not info.has_video:
            raise refusal(_("This holds only sound; a clip needs a picture."))
        _picture(clip, path, info)
    except AdapterError as error:
        if not error.permanent or clip.state != "probing":
            raise
        problem = {"message": error.message, "hint": error.hint}
        advance(clip, "refuse", actor=SYSTEM, fields={"problem": problem}, data={"title": clip.title, **problem})
        return None
    _keep(
        clip,
        container=info.container,
        seconds=info.duration,
        width=info.width,
        height=info.height,
        video_codec=info.video_codec,
        audio_codec=info.audio_codec,
    )
    return info


def _picture(clip: Clip, path: Path, info: MediaInfo) -> None:
    """A frame of the clip for lists; making it also shows that the film can really be decoded."""
    if clip.thumbnail and clip.thumbnail.storage.exists(clip.thumbnail.name):
        return
    frame = still(path, info, ffmpeg=find_ffmpeg())
    frame.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH))
    picture = io.BytesIO()
    frame.save(picture, "JPEG", quality=85)
    clip.thumbnail.save("still.jpg", ContentFile(picture.getvalue()), save=False)
    _keep(clip, thumbnail=clip.thumbnail.name)


def _listen(clip: Clip, path: Path, info: MediaInfo, work: Work) -> None:
    work.step("listen", label=_("Listening"), total=1.0)
    _enter(clip, "transcribe")
    if clip.heard is not None:
        work.progress(1.0, note=_("done before"))
        return
    options = settings_of(clip.workspace)
    if not options.captions_on:
        _heard_nothing(clip, "captions_off")
    elif not info.has_audio:
        _heard_nothing(clip, "no_sound")
    else:
        _transcribe(clip, path, info, options, work)
    count = len(clip.heard or [])
    work.progress(1.0, note=ngettext("%(words)s word", "%(words)s words", count) % {"words": count})


def _transcribe(clip: Clip, path: Path, info: MediaInfo, options: ClipSettings, work: Work) -> None:
    with tempfile.TemporaryDirectory(prefix="clip-") as folder:
        sound = extract_sound(
            path, info, out=Path(folder) / "sound.pcm", ffmpeg=find_ffmpeg(), should_stop=work.should_stop
        )
        samples = read_sound(sound)
    with open_recogniser() as recogniser:
        language = _language_for(clip, options, recogniser)
        try:
            transcript = recogniser.transcribe(
                HearingRequest(samples, language), on_progress=work.progress, should_stop=work.should_stop
            )
        except CannotHear:
            _heard_nothing(clip, "english_only" if recogniser.english_only else "unknown_language")
            return
        _keep_transcript(clip, transcript, recogniser.fingerprint())


def _language_for(clip: Clip, options: ClipSettings, recogniser: SpeechEngine) -> str:
    """What somebody named; a model that cannot tell languages apart has to believe the workspace's."""
    named = clip.language or options.language
    return named or (clip.workspace.language if recogniser.english_only else "")


def _keep_transcript(clip: Clip, transcript: Transcript, fingerprint: str) -> None:
    if not transcript.words:
        _heard_nothing(clip, "no_speech")
        return
    words = [[word.text, word.start, word.end, word.probability] for word in transcript.words]
    remarks = ["uncertain"] if transcript.probability < UNSURE or transcript.sure < 0.5 else []
    _keep(
        clip,
        heard=words,
        heard_by=fingerprint,
        heard_sure=round(transcript.probability, 3),
        language=clip.language or transcript.language,
        remarks=remarks,
    )


def _heard_nothing(clip: Clip, remark: str) -> None:
    _keep(clip, heard=[], remarks=[remark])


def _describe(clip: Clip, work: Work) -> None:
    work.step("describe", label=_("Writing title, description and tags"), total=1)
    _enter(clip, "describe")
    written = write_metadata(clip)
    work.step("item", label=_("Making the item"), total=1)
    make_item(clip, written)


def _keep(clip: Clip, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(clip, name, value)
    Clip._base_manager.filter(pk=clip.pk).update(**fields)


def retry_clip(*, clip: Clip, actor: Actor) -> Clip:
    """Begin again with a clip that failed or was refused; what was heard is not listened to again."""
    return advance(clip, "retry", actor=actor, fields={"problem": None}, data={"title": clip.title})


def fail_clip(*, clip: Clip, run: Run) -> None:
    """After its work ended badly: say so, with what the work said."""
    error = run.error or {"message": _("The work was cancelled."), "hint": _("Try again.")}
    problem = {"message": error["message"], "hint": error.get("hint", "")}
    advance(clip, "fail", actor=SYSTEM, fields={"problem": problem}, data={"title": clip.title, **problem})


def check_editable(item: Item | None) -> Item:
    """The item of a clip. Raises Conflict while there is none."""
    if item is None:
        raise Conflict(_("This clip has no item yet."), hint=_("Wait until it is described."))
    return item
