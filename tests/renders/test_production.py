"""From a revision to files, with nothing replaced by a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.content.models import Asset, Item
from apps.content.services import revise_item
from apps.engines.video.ffmpeg import FFmpeg
from apps.engines.video.probe import probe
from apps.lifecycle.models import Event
from apps.lifecycle.runs import RunCancelled, cancel_run, execute_run, start_run
from apps.lifecycle.services import advance
from apps.renders.services import add_footage, has_final, render_preview, set_style
from apps.workspaces.actors import SYSTEM, Actor
from tests.renders.conftest import SENTENCES, short_text


@pytest.fixture
def approved(item) -> Item:
    for action in ("submit", "approve"):
        fields = {"approved_revision": item.current_revision} if action == "approve" else {}
        advance(item, action, actor=SYSTEM, fields=fields)
    return item


def test_an_approved_item_becomes_a_finished_video(approved, carry):
    run = carry("render", approved)
    assert (run.state, run.percent, run.error) == ("succeeded", 100, None)
    assert has_final(approved.approved_revision)
    video = Asset.objects.get(kind="video")
    found = probe(Path(video.file.path), FFmpeg.find())
    assert (found.width, found.height, found.fps, found.video_codec, found.audio_codec) == (
        1080,
        1920,
        30,
        "h264",
        "aac",
    )
    assert found.duration == pytest.approx(video.seconds, abs=0.1)
    assert sorted(Asset.objects.values_list("kind", flat=True)) == ["captions", "thumbnail", "video"]
    assert Path(Asset.objects.get(kind="captions").file.path).read_text().startswith("WEBVTT")


def test_watchers_see_the_bars_rise_to_the_end(item, carry):
    run = carry("preview", item)
    events = Event.objects.filter(type="run.progress", subject=f"lifecycle.run:{run.pk}")
    percents = list(events.values_list("data__percent", flat=True))
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] == 100
    names = list(dict.fromkeys(event.data["step"]["name"] for event in events))
    assert names == ["background", "narrate-1", "caption-1", "encode-1"]


def test_an_edit_says_only_the_changed_sentence_again(item, carry):
    carry("preview", item)
    edited = short_text(SENTENCES[0], "It opened one small door. ", SENTENCES[2])
    revise_item(item=item, actor=SYSTEM, text=edited, base=1)
    item.refresh_from_db()
    run = carry("preview", item)
    note = run.steps.get(name="narrate-1").note
    assert note.startswith("1 new, 2 kept")


def test_what_is_made_already_is_not_made_again(item, carry):
    carry("preview", item)
    before = Asset.objects.get(kind="preview")
    carry("preview", item)
    after = Asset.objects.get(kind="preview")
    assert (after.pk, after.key, after.created_at, after.file.name) == (
        before.pk,
        before.key,
        before.created_at,
        before.file.name,
    )


def test_cancelling_stops_the_work_and_keeps_no_half_file(item, in_workspace):
    run = start_run(workspace=in_workspace, kind="preview", subject=item)
    with execute_run(run.pk) as work:
        cancel_run(run=type(run)._base_manager.get(pk=run.pk), actor=SYSTEM)
        with pytest.raises(RunCancelled):
            render_preview(item=item, work=work)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert not Asset.objects.filter(kind="preview").exists()


def test_a_preset_that_does_not_exist_fails_with_the_names_of_those_that_do(item, in_workspace, carry):
    style = set_style(workspace=in_workspace, actor=SYSTEM, caption_preset="bold-pop")
    type(style).objects.filter(pk=style.pk).update(caption_preset="gone")
    run = carry("preview", item)
    assert run.state == "failed"
    assert run.error["message"] == "There is no caption preset called “gone”."
    assert "bold-pop" in run.error["hint"]


def test_an_empty_footage_library_says_what_to_do(item, in_workspace, carry):
    set_style(workspace=in_workspace, actor=SYSTEM, background="footage")
    run = carry("preview", item)
    assert (run.state, run.error["message"]) == ("failed", "The footage library is empty.")


def test_a_clip_of_the_library_becomes_the_background(item, in_workspace, member, carry, tmp_path):
    source = tmp_path / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=6"]
    FFmpeg.find().run(
        [*picture, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "mp4"], output=source
    )
    upload = SimpleUploadedFile("clip.mp4", source.read_bytes())
    footage = add_footage(workspace=in_workspace, actor=Actor.of(member("editor")), name="Test card", file=upload)
    assert carry("footage", footage).state == "succeeded"
    footage.refresh_from_db()
    assert footage.seconds == pytest.approx(6, abs=0.1)
    set_style(workspace=in_workspace, actor=SYSTEM, background="footage")
    assert carry("preview", item).state == "succeeded"


def test_what_is_no_video_is_refused_with_the_reason(in_workspace, member, carry):
    upload = SimpleUploadedFile("clip.mp4", b"#EXTM3U\nhttp://example.org/stream.ts\n")
    footage = add_footage(workspace=in_workspace, actor=Actor.of(member("editor")), name="Playlist", file=upload)
    run = carry("footage", footage)
    assert run.state == "failed"
    assert footage.clip.name == ""
    assert run.error["message"]
