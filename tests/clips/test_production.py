"""The video of a clip: its own picture and sound, captioned; and what is not made twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.clips.models import ClipSettings
from apps.clips.services import edit_transcript
from apps.content.models import Asset
from apps.engines.speech.faster_whisper import FasterWhisper
from apps.engines.video.clip import still
from apps.engines.video.ffmpeg import Limits, media_input
from apps.engines.video.probe import probe
from apps.engines.video.thumbnail import frame_at
from tests.clips.conftest import fresh
from tests.factories.clips import make_used_clip

HEARD = [["The", 0.2, 0.5, 0.9], ["key", 0.5, 1.0, 0.9], ["turned.", 1.0, 1.8, 0.9]]


@pytest.fixture
def clip_of(in_workspace, ffmpeg):
    """clip_of(film) is a used clip of that film in which HEARD was heard."""

    def make(path, **fields):
        info = probe(path, ffmpeg)
        size = {"width": info.width, "height": info.height, "container": info.container}
        return make_used_clip(in_workspace, heard=HEARD, content=path.read_bytes(), **size, **fields)

    return make


def assets(clip) -> dict[str, Asset]:
    return {asset.kind: asset for asset in Asset.objects.filter(revision=fresh(clip).item.current_revision)}


def test_a_wide_clip_stands_whole_over_itself_with_captions_below(clip_of, carry, film, ffmpeg):
    green = film("green.mp4", source="color=c=0x20C040:s=640x360:r=15:d=2")
    clip = clip_of(green)
    run = carry("preview", clip.item)
    assert (run.state, run.error) == ("succeeded", None)
    made = assets(clip)
    info = probe(Path(made["preview"].file.path), ffmpeg)
    assert (info.width, info.height, info.audio_codec) == (540, 960, "aac")
    picture = np.asarray(frame_at(Path(made["preview"].file.path), 0.8, ffmpeg=ffmpeg)).astype(int)
    assert abs(picture[480, 270] - (32, 192, 64)).max() < 25, "the clip itself is in the middle, as it is"
    assert picture[60, 270, 1] < picture[480, 270, 1], "and darker above"
    letters = (picture[:, :, 0] > 200) & (picture[:, :, 1] > 200)
    rows = np.flatnonzero(letters.any(axis=1))
    assert len(rows) > 10, "captions are burnt in"
    assert rows.min() > 960 * 0.64, "below the picture, not over it"
    assert "The key turned." in Path(made["captions"].file.path).read_text()


def test_a_transcript_that_was_corrected_gets_new_captions_without_listening(clip_of, carry, film, actor, monkeypatch):
    monkeypatch.setattr(FasterWhisper, "__init__", lambda *_args, **_more: pytest.fail("it listened again"))
    clip = clip_of(film("green.mp4", source="color=c=0x20C040:s=640x360:r=15:d=2"))
    carry("preview", clip.item)
    before = assets(clip)
    revision = edit_transcript(clip=fresh(clip), actor=actor("editor"), text="The brass key turned.", base=1)
    assert (revision.number, revision.body, revision.title) == (2, "The brass key turned.", clip.title)
    carry("preview", fresh(clip).item)
    after = assets(clip)
    assert after["captions"].key != before["captions"].key
    assert after["preview"].key != before["preview"].key
    assert "brass" in Path(after["captions"].file.path).read_text()


def test_what_is_the_same_is_not_made_again(clip_of, carry, film, actor, monkeypatch):
    from apps.content.services import revise_item, text_of

    clip = clip_of(film("green.mp4", source="color=c=0x20C040:s=640x360:r=15:d=2"))
    carry("preview", clip.item)
    before = assets(clip)
    item = fresh(clip).item
    text = text_of(item.current_revision)
    revise_item(item=item, actor=actor("editor"), base=1, text=type(text)(**{**text.__dict__, "title": "Another"}))
    monkeypatch.setattr("apps.renders.clip_production.produce_clip", lambda *_a, **_k: pytest.fail("encoded again"))
    assert carry("preview", fresh(clip).item).state == "succeeded"
    after = assets(clip)
    assert (after["preview"].sha256, after["preview"].pk) != (before["preview"].sha256, before["preview"].pk)
    assert after["preview"].sha256 == before["preview"].sha256


def test_a_clip_that_fits_is_copied_when_captions_are_off_and_loses_its_secrets(
    clip_of, carry, film, in_workspace, ffmpeg
):
    ClipSettings.objects.create(workspace=in_workspace, captions_on=False)
    location = ("-metadata", "location=+12.9716+077.5946/", "-metadata", "comment=of my house")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", *location, "-f", "mp4")
    tall = film("tall.mp4", *coded, source="color=c=blue:s=1080x1920:r=10:d=2")
    clip = clip_of(tall)
    from apps.lifecycle.services import advance
    from apps.workspaces.actors import SYSTEM

    item = clip.item
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    assert carry("render", item).state == "succeeded"
    made = assets(clip)
    video = made["video"]
    assert (video.meta["copied"], video.meta["width"], video.meta["height"]) == (True, 1080, 1920)
    assert "captions" not in made
    said = ffmpeg.inspect(media_input(Path(video.file.path)), limits=Limits())
    assert "house" not in said
    assert "12.97" not in said
    assert "house" in ffmpeg.inspect(media_input(tall), limits=Limits())
    assert (made["thumbnail"].file.size > 5000, clip.file.size) == (True, tall.stat().st_size)


def test_the_original_stays_as_it_was(clip_of, carry, film):
    path = film("green.mp4", source="color=c=0x20C040:s=640x360:r=15:d=2")
    clip = clip_of(path)
    carry("preview", clip.item)
    assert Path(fresh(clip).file.path).read_bytes() == path.read_bytes()


def test_a_film_of_a_phone_in_high_dynamic_range_is_brought_down(ffmpeg, tmp_path):
    """Grey 58 % of HLG is the white of a page; read as ordinary video it would be grey."""
    path = tmp_path / "hlg.mkv"
    tags = ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"]
    tagged = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc"
    source = ["-f", "lavfi", "-i", "color=c=0xBFBFBF:s=108x192:r=5:d=1"]
    ffmpeg.run([*source, "-vf", tagged, "-c:v", "ffv1", *tags, "-f", "matroska"], output=path)
    info = probe(path, ffmpeg)
    assert (info.transfer, info.pixel_format) == ("arib-std-b67", "yuv420p10le")
    bright = np.asarray(still(path, info, ffmpeg=ffmpeg)).mean()
    assert bright > 200


def test_a_clip_whose_file_is_gone_says_so(clip_of, carry, film):
    clip = clip_of(film("a.mp4"))
    item = clip.item
    type(clip)._base_manager.filter(pk=clip.pk).delete()
    run = carry("preview", item)
    assert (run.state, run.error["message"]) == ("failed", "The clip that this item was made from is gone.")
