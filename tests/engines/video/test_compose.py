"""The finished file: its form, what is to be seen in it, and what makes it another file."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from apps.common.errors import AdapterError
from apps.engines.video.backgrounds import BackgroundPlan, Shot, import_footage, plan_background
from apps.engines.video.cards import CardStyle, colour, opening_card, progress_bar
from apps.engines.video.compose import PREVIEW, TimedCard, compose, compose_key, part_duration
from apps.engines.video.ffmpeg import Limits, Stopped, media_input
from apps.engines.video.probe import MediaInfo, probe
from apps.engines.video.thumbnail import frame_at


@pytest.fixture(scope="session")
def brand(library, ffmpeg):
    style = CardStyle(accent="#00d0ff")
    card = opening_card("It was not a plant.", label="Part 2 of 3", style=style, cache_dir=library, ffmpeg=ffmpeg)
    return card, progress_bar(style=style, cache_dir=library)


@pytest.fixture(scope="session")
def finished(library, ffmpeg):
    """compose() once a request: finished(request) -> result."""
    made = {}

    def make(request):
        key = compose_key(request)
        if key not in made:
            made[key] = compose(request, out=library / f"{key}.mp4", ffmpeg=ffmpeg)
        return made[key]

    return make


def pixels(path, at, ffmpeg):
    return np.asarray(frame_at(path, at, ffmpeg=ffmpeg), dtype=int)


def boxes(path) -> list[str]:
    """The top-level boxes of an MP4, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4])
    return names


def test_the_final_has_the_form_that_platforms_want(part, finished, ffmpeg):
    result = finished(part)
    assert probe(result.path, ffmpeg) == MediaInfo("mov", 2.0, 1080, 1920, 30.0, "h264", "aac", 0)
    assert (result.width, result.height, result.duration) == (1080, 1920, 2.0)
    assert result.key == compose_key(part)
    assert result.size_bytes == result.path.stat().st_size
    described = ffmpeg.inspect(media_input(result.path), limits=Limits())
    assert re.search(r"h264 \(High\).*yuv420p\(tv, bt709, progressive\), 1080x1920.* 30 fps", described)
    assert re.search(r"aac \(LC\).*48000 Hz, stereo", described)
    assert boxes(result.path).index("moov") < boxes(result.path).index("mdat")


def test_the_length_is_narration_and_tail_to_the_frame(part, finished, ffmpeg, tmp_path):
    request = replace(part, tail=0.23, preset=PREVIEW, captions=None)
    frames = tmp_path / "frames"
    ffmpeg.run(
        [*media_input(finished(request).path), "-map", "0:v", "-vf", "scale=2:2", "-pix_fmt", "gray", "-f", "rawvideo"],
        output=frames,
    )
    assert frames.stat().st_size / 4 == request.frames == 52
    assert request.duration == part_duration(1.5, 0.23) == 52 / 30


def test_a_preview_is_the_same_film_at_half_the_size(part, finished, ffmpeg):
    preview = finished(replace(part, preset=PREVIEW))
    assert probe(preview.path, ffmpeg) == MediaInfo("mov", 2.0, 540, 960, 30.0, "h264", "aac", 0)
    large = np.asarray(frame_at(finished(part).path, 1.0, ffmpeg=ffmpeg).resize((54, 96)), dtype=int)
    small = np.asarray(frame_at(preview.path, 1.0, ffmpeg=ffmpeg).resize((54, 96)), dtype=int)
    assert abs(large - small).mean() < 3


def test_captions_are_in_the_picture_while_they_are_spoken(part, finished, ffmpeg):
    with_captions, without = finished(part).path, finished(replace(part, captions=None)).path
    band = np.s_[860:1060, 130:950]

    def ink(path, at):
        return int((pixels(path, at, ffmpeg)[band].min(axis=2) > 225).sum())

    assert ink(with_captions, 1.0) > 4000
    assert ink(without, 1.0) == 0
    assert ink(with_captions, 0.2) == ink(with_captions, 1.7) == 0
    highlighted = pixels(with_captions, 1.0, ffmpeg)[band]
    gold = (highlighted[..., 0] > 200) & (highlighted[..., 1] > 170) & (highlighted[..., 2] < 90)
    assert gold.sum() > 2000


def test_a_card_comes_and_goes_and_the_bar_moves(part, finished, brand, ffmpeg):
    card, bar = brand
    request = replace(part, cards=(TimedCard(card, 0.0, 1.0),), bar=bar, preset=PREVIEW, captions=None)
    path = finished(request).path
    middle = np.s_[card.y // 2 + 60 : card.y // 2 + 120, 200:340]
    assert pixels(path, 0.5, ffmpeg)[middle].min(axis=2).max() > 235
    assert pixels(path, 1.3, ffmpeg)[middle].min(axis=2).max() < 200
    filled = [int((pixels(path, at, ffmpeg)[2, :, 1] > 150).sum()) for at in (0.5, 1.0, 1.5)]
    assert filled == pytest.approx([135, 270, 405], abs=12)


def test_colours_survive(part, finished, brand, ffmpeg):
    """The bar's first colour comes out as it went in: one matrix from end to end."""
    request = replace(part, bar=brand[1], captions=None)
    assert pixels(finished(request).path, 1.9, ffmpeg)[5, 3] == pytest.approx(colour("#00d0ff"), abs=12)


def test_shots_follow_each_other_to_the_frame(part, film, library, ffmpeg, tmp_path):
    """Names with quotes in them, a start inside a clip, a cut on the frame where it was planned."""
    odd = library / "it's a, [folder]"
    red, blue = (
        import_footage(
            film(f"{name}.mp4", "-c:v", "libx264", "-f", "mp4", source=f"color={name}:s=90x160:r=30:d=2", sound=False),
            cache_dir=odd,
            ffmpeg=ffmpeg,
        )
        for name in ("red", "blue")
    )
    plan = BackgroundPlan((Shot(red, 1, 20), Shot(blue, 0, 25), Shot(red, 0, 15)))
    request = replace(part, background=plan, captions=None, preset=PREVIEW)
    path = compose(request, out=tmp_path / "part.mp4", ffmpeg=ffmpeg).path
    seen = ["red" if pixels(path, at / 30, ffmpeg)[480, 270, 0] > 128 else "blue" for at in (0, 19, 20, 44, 45, 59)]
    assert seen == ["red", "red", "blue", "blue", "red", "red"]


def test_a_loop_longer_than_its_clip_goes_on(part, moving, narration, ffmpeg, tmp_path):
    plan = plan_background([moving], duration=5.0, seed=2)
    request = replace(part, background=plan, tail=3.5, captions=None, preset=PREVIEW)
    result = compose(request, out=tmp_path / "part.mp4", ffmpeg=ffmpeg)
    assert result.duration == 5.0
    assert pixels(result.path, 1.0, ffmpeg) == pytest.approx(pixels(result.path, 3.0, ffmpeg), abs=25)


def test_a_background_that_is_too_short_is_refused(part, moving, ffmpeg, tmp_path):
    short = replace(part, background=BackgroundPlan((Shot(moving, 0, 30),)))
    with pytest.raises(AdapterError, match="shorter than the narration"):
        compose(short, out=tmp_path / "part.mp4", ffmpeg=ffmpeg)


def test_progress_is_measured(part, moving, ffmpeg, tmp_path):
    seen: list[float] = []
    long = replace(part, background=plan_background([moving], duration=9, seed=1), tail=7.5)
    compose(long, out=tmp_path / "part.mp4", ffmpeg=ffmpeg, on_progress=seen.append)
    assert seen == sorted(set(seen))
    assert len(seen) > 3
    assert seen[-1] == 1.0


def test_cancelling_leaves_no_file(part, moving, ffmpeg, tmp_path):
    long = replace(part, background=plan_background([moving], duration=60, seed=1), tail=58.5)
    started = time.monotonic()
    with pytest.raises(Stopped):
        compose(long, out=tmp_path / "part.mp4", ffmpeg=ffmpeg, should_stop=lambda: time.monotonic() - started > 0.8)
    assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []


def test_the_key_follows_the_content_and_not_the_names(part, brand, tmp_path):
    copied = tmp_path / "other name.wav"
    copied.write_bytes(part.narration.read_bytes())
    assert compose_key(replace(part, narration=copied)) == compose_key(part)
    other_words = tmp_path / "captions.ass"
    other_words.write_text(part.captions.read_text().replace("plant", "planet"))
    shot = part.background.shots[0]
    others = [
        replace(part, captions=other_words),
        replace(part, captions=None),
        replace(part, preset=PREVIEW),
        replace(part, tail=1.0),
        replace(part, bar=brand[1]),
        replace(part, cards=(TimedCard(brand[0], 0, 1),)),
        replace(part, cards=(TimedCard(brand[0], 0, 2),)),
        replace(part, background=BackgroundPlan((replace(shot, start=0), shot))),
    ]
    keys = {compose_key(request) for request in [part, *others]}
    assert len(keys) == len(others) + 1
