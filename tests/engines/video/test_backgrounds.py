"""The footage library and the choice of shots."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import AdapterError
from apps.engines.video.backgrounds import import_footage, plan_background
from apps.engines.video.ffmpeg import media_input
from apps.engines.video.frame import BackgroundClip
from apps.engines.video.moving import PALETTES, MovingBackground, _ramp, generate_background
from apps.engines.video.probe import MediaInfo, probe
from apps.engines.video.thumbnail import frame_at


def clip(name: str, duration: float, **more) -> BackgroundClip:
    return BackgroundClip(Path(f"{name}.mp4"), name, duration, **more)


def test_a_generated_background_has_the_library_form(moving, ffmpeg):
    assert probe(moving.path, ffmpeg) == MediaInfo("mov", 2.0, 1080, 1920, 30.0, "h264", "", 0)


def test_a_generated_background_is_made_once(moving, library, ffmpeg):
    before = moving.path.stat().st_mtime_ns
    again = generate_background(MovingBackground(seed=3, seconds=2.0), cache_dir=library, ffmpeg=ffmpeg)
    assert again == moving
    assert again.path.stat().st_mtime_ns == before


def test_the_loop_has_no_seam(moving, ffmpeg):
    """The step from the last frame to the first is no larger than from one frame to the next."""
    first, second, last = (
        np.asarray(frame_at(moving.path, at, ffmpeg=ffmpeg).resize((90, 160)), dtype=float)
        for at in (0, 1 / 30, 58.9 / 30)
    )
    assert abs(last - first).mean() < 2 * abs(second - first).mean() + 0.5


@pytest.mark.parametrize("palette", PALETTES)
def test_white_text_reads_on_every_palette(palette):
    """At least 3 to 1, what WCAG asks of large text, on the lightest colour; captions have an outline besides."""
    ramp = _ramp(PALETTES[palette])
    linear = np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4)
    assert 1.05 / ((linear @ [0.2126, 0.7152, 0.0722]).max() + 0.05) >= 3


def test_footage_is_brought_in_upright_and_fills_the_frame(film, ffmpeg, tmp_path):
    halves = "color=red:s=160x90:r=25:d=1.2,drawbox=x=0:w=80:h=90:color=blue:t=fill"
    lying = film("lying.mp4", "-c:v", "libx264", "-f", "mp4", source=halves, sound=False)
    turned = tmp_path / "turned.mp4"
    ffmpeg.run(["-display_rotation:v:0", "-90", *media_input(lying), "-c", "copy", "-f", "mp4"], output=turned)
    imported = import_footage(turned, cache_dir=tmp_path / "library", ffmpeg=ffmpeg)
    assert probe(imported.path, ffmpeg) == MediaInfo("mov", imported.duration, 1080, 1920, 30.0, "h264", "", 0)
    assert imported.duration == pytest.approx(1.2, abs=0.05)
    frame = frame_at(imported.path, 0.5, ffmpeg=ffmpeg)
    # turned clockwise, the left half is on top; no bars at any edge
    assert frame.getpixel((5, 5))[2] > 200
    assert frame.getpixel((1075, 5))[2] > 200
    assert frame.getpixel((5, 1915))[0] > 200


def test_the_same_footage_is_brought_in_once(film, ffmpeg, tmp_path):
    source = film("short.mp4", "-c:v", "libx264", "-f", "mp4", source="testsrc2=s=90x160:r=30:d=1", sound=False)
    copy = tmp_path / "other name.mov"
    copy.write_bytes(source.read_bytes())
    first = import_footage(source, cache_dir=tmp_path / "library", ffmpeg=ffmpeg)
    assert import_footage(copy, cache_dir=tmp_path / "library", ffmpeg=ffmpeg) == first
    assert len(list((tmp_path / "library").iterdir())) == 1


def test_sound_alone_is_no_footage(narration, ffmpeg, tmp_path):
    with pytest.raises(AdapterError, match="needs a picture"):
        import_footage(narration, cache_dir=tmp_path, ffmpeg=ffmpeg)


clips = st.lists(st.floats(1.0, 90.0), min_size=1, max_size=8).map(
    lambda lengths: [clip(str(i), length) for i, length in enumerate(lengths)]
)


@given(clips, st.floats(1.0, 180.0), st.integers(0, 999))
def test_a_plan_fills_the_time_from_inside_its_clips(clips, duration, seed):
    plan = plan_background(clips, duration=duration, seed=seed)
    assert plan == plan_background(clips, duration=duration, seed=seed)
    assert duration - 1e-6 <= plan.duration < duration + 1 / 30
    for shot in plan.shots:
        assert shot.start >= 0
        assert shot.frames > 0
        assert shot.start + shot.frames / 30 <= shot.clip.duration + 1e-6
    if len(clips) > 1:
        names = [shot.clip.key for shot in plan.shots]
        assert all(a != b for a, b in pairwise(names))


def test_no_stretch_is_shown_twice_while_there_are_others():
    plan = plan_background([clip("a", 60), clip("b", 60), clip("c", 60)], duration=75, seed=7)
    seconds = [(shot.clip.key, shot.start + at) for shot in plan.shots for at in range(shot.frames // 30)]
    assert len(set(seconds)) == len(seconds)
    assert {shot.frames for shot in plan.shots} == {225}, "ten shots of seven and a half seconds"


def test_a_seamless_clip_loops_from_a_seeded_place():
    loop = clip("moving", 16.0, seamless=True)
    assert len({plan_background([loop], duration=61.23, seed=seed).shots[0].start for seed in range(9)}) > 3
    first, *rest = plan_background([loop], duration=61.23, seed=1).shots
    assert first.start + first.frames / 30 == 16.0
    assert all(shot.start == 0 for shot in rest)


def test_a_long_clip_plays_through_without_a_cut():
    assert len(plan_background([clip("a", 300.0)], duration=60, seed=4).shots) == 1
