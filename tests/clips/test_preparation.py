"""From a file to an item in review: checked, listened to, described."""

from __future__ import annotations

import pytest

from apps.clips.models import Clip, ClipSettings
from apps.clips.services import delete_clip, retry_clip
from apps.common.errors import Conflict
from apps.content.models import Item
from apps.engines.speech.faster_whisper import FasterWhisper
from apps.engines.video.ffmpeg import media_input
from apps.lifecycle.models import Event
from apps.pipeline.clips import prepare, settle_clip
from tests.clips.conftest import WORDS, fresh
from tests.conformance.speech import mistakes, plain
from tests.factories.clips import make_clip, make_used_clip


def test_a_clip_with_speech_becomes_an_item_in_review(add, carry, spoken):
    clip = add(spoken, name="IMG_2043.MOV")
    run = carry("clip", clip)
    assert (run.state, run.error) == ("succeeded", None)
    assert [step.name for step in run.steps.all()] == ["check", "listen", "describe", "item"]
    clip = fresh(clip)
    assert mistakes(plain(WORDS), plain(clip.transcript)) <= 1
    assert (clip.state, clip.width, clip.height, clip.language, clip.remarks) == ("used", 640, 360, "en", [])
    assert clip.heard_sure > 0.6
    assert clip.thumbnail.size > 1000
    item, revision = clip.item, clip.item.current_revision
    assert (item.kind, item.state, item.source, item.source_title) == (
        Item.Kind.CLIP,
        "in_review",
        "Upload",
        "IMG_2043",
    )
    assert revision.body == clip.transcript
    assert revision.title.startswith("The teacher found")
    assert "teacher" in revision.hashtags
    assert revision.generation.kind == "metadata"


def test_the_states_of_a_clip_are_events(add, carry, film):
    clip = add(film("silent.mp4", sound=False))
    carry("clip", clip)
    events = Event.objects.filter(type="clip.state", subject=f"clips.clip:{clip.pk}").order_by("seq")
    assert [event.data["to"] for event in events] == ["waiting", "probing", "transcribing", "describing", "used"]


@pytest.mark.parametrize(
    ("name", "sound", "options", "remark"),
    [
        ("silent.mp4", False, {}, "no_sound"),
        ("tone.mp4", True, {}, "no_speech"),
        ("off.mp4", True, {"captions_on": False}, "captions_off"),
        ("malayalam.mp4", True, {"language": "ml"}, "english_only"),
    ],
)
def test_a_clip_that_gets_no_words_goes_on_and_says_why(
    add, carry, film, in_workspace, name, sound, options, remark, monkeypatch
):
    ClipSettings.objects.create(workspace=in_workspace, **options)
    clip = add(film("silent.mp4" if not sound else "a.mp4", sound=sound), name="walk-by-the-river.mp4")
    if remark == "captions_off":
        monkeypatch.setattr("apps.clips.services.preparation.open_recogniser", lambda: pytest.fail("it listened"))
    assert carry("clip", clip).state == "succeeded"
    clip = fresh(clip)
    assert (clip.state, clip.heard, clip.remarks) == ("used", [], [remark])
    revision = clip.item.current_revision
    assert (revision.title, revision.body, revision.hashtags) == ("Walk by the river", "", ["river"])


def test_an_english_model_believes_the_workspace_where_nobody_named_a_language(add, carry, spoken, in_workspace):
    """It cannot tell languages apart, and would write down English nonsense."""
    in_workspace.language = "ml"
    in_workspace.save()
    clip = add(spoken)
    carry("clip", clip)
    assert fresh(clip).remarks == ["english_only"]
    clip = fresh(clip)
    assert "hears English only" in clip.remark_texts[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\0\0\x18ftypisom" + b"\0" * 400, "The file holds neither video nor sound, or is damaged."),
        (b"\x1aE\xdf\xa3" + b"\xff" * 5000, "The file holds neither video nor sound, or is damaged."),
    ],
    ids=["hollow", "damaged"],
)
def test_a_file_that_only_looks_like_a_film_is_refused(carry, in_workspace, content, reason):
    clip = make_clip(in_workspace, content=content, container="mov")
    assert carry("clip", clip).state == "succeeded"
    clip = fresh(clip)
    assert (clip.state, clip.problem["message"]) == ("refused", reason)
    assert clip.problem["hint"] == "Use an MP4, MOV, WebM or MKV video."


def test_a_film_beyond_the_limits_is_refused_with_the_limit(add, carry, film, settings):
    settings.CLIPS_MAX_SECONDS = 1
    clip = add(film("a.mp4"))
    carry("clip", clip)
    assert "minutes long; the limit is" in fresh(clip).problem["message"]
    assert fresh(clip).problem["hint"] == "Cut it shorter, or make it smaller."
    settings.CLIPS_MAX_SECONDS = 60
    retry_clip(clip=fresh(clip), actor=_editor(clip))
    assert carry("clip", clip).state == "succeeded"
    assert (fresh(clip).state, fresh(clip).problem) == ("used", None)


def test_a_film_of_huge_frames_is_refused_without_being_decoded(add, carry, film):
    huge = film("huge.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-f", "mp4", source="color=s=8192x4320:r=1:d=1")
    clip = add(huge)
    run = carry("clip", clip)
    assert (run.state, fresh(clip).state) == ("succeeded", "refused")
    assert "8192x4320" in fresh(clip).problem["message"] or "size cannot be told" in fresh(clip).problem["message"]


def test_a_film_whose_picture_cannot_be_decoded_is_refused(add, carry, film, ffmpeg, films):
    fast = films / "fast.mp4"
    if not fast.exists():
        copied = ["-map", "0", "-c", "copy", "-movflags", "+faststart", "-f", "mp4"]
        ffmpeg.run([*media_input(film("a.mp4")), *copied], output=fast)
    broken, content = films / "broken.mp4", bytearray(fast.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = bytes(len(content) - start)
    broken.write_bytes(content)
    clip = add(broken)
    carry("clip", clip)
    assert fresh(clip).state == "refused"
    assert fresh(clip).problem["message"] == "No picture of this video can be decoded: it is damaged."


def test_a_second_try_does_not_listen_again(add, carry, spoken, monkeypatch):
    clip = add(spoken)
    monkeypatch.setattr("apps.clips.services.preparation.write_metadata", _broken)
    run = carry("clip", clip)
    settle_clip(fresh(clip))
    assert (run.state, fresh(clip).state) == ("failed", "failed")
    assert fresh(clip).problem["message"] == "Something went wrong inside Rundown."
    assert "brass key" in fresh(clip).transcript
    monkeypatch.undo()
    monkeypatch.setattr(FasterWhisper, "transcribe", lambda *_args, **_more: pytest.fail("it listened again"))
    retry_clip(clip=fresh(clip), actor=_editor(clip))
    assert carry("clip", clip).state == "succeeded"
    assert fresh(clip).state == "used"


def _broken(*_args, **_more):
    raise RuntimeError("the template's server is on fire")


def _editor(clip: Clip):
    from apps.workspaces.actors import Actor
    from tests.factories.workspaces import add_person

    return Actor.of(add_person(clip.workspace, "editor"))


def test_a_worker_that_dies_while_it_listens_is_followed_by_another(add, carry, spoken, in_workspace):
    from apps.lifecycle.services import advance
    from apps.workspaces.actors import SYSTEM

    clip = add(spoken)
    for action in ("probe", "transcribe"):
        advance(clip, action, actor=SYSTEM)
    assert carry("clip", clip).state == "succeeded"
    assert fresh(clip).state == "used"


def test_work_on_a_clip_is_queued_once_and_found_again_when_its_message_is_lost(in_workspace):
    from apps.lifecycle.models import Run
    from apps.pipeline.clips import _without_open_run

    clip = make_clip(in_workspace)
    assert list(_without_open_run(Clip.objects.all())) == [clip]
    prepare(clip)
    prepare(clip)
    assert Run.objects.filter(kind="clip", queue="media").count() == 1
    assert list(_without_open_run(Clip.objects.all())) == []


def test_cancelled_work_leaves_a_clip_that_can_be_tried_again(in_workspace, actor):
    from apps.lifecycle.models import Run
    from apps.lifecycle.runs import cancel_run

    clip = make_clip(in_workspace)
    prepare(clip)
    cancel_run(run=Run.objects.select_related("workspace").get(kind="clip"), actor=actor("editor"))
    settle_clip(fresh(clip))
    assert (fresh(clip).state, fresh(clip).problem["message"]) == ("failed", "The work was cancelled.")


def test_a_clip_is_deleted_with_its_files_but_not_from_under_its_item(in_workspace, actor):
    used, waiting, refused = (
        make_used_clip(in_workspace),
        make_clip(in_workspace),
        make_clip(in_workspace, state="refused"),
    )
    for clip in (used, waiting):
        with pytest.raises(Conflict):
            delete_clip(clip=fresh(clip), actor=actor("editor"))
    path = refused.file.path
    delete_clip(clip=fresh(refused), actor=actor("editor"))
    assert (Clip.objects.count(), refused.file.storage.exists(path)) == (2, False)
