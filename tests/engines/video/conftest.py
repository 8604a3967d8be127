"""Real ffmpeg, small films. Session fixtures: each is made once for each test process and never changed."""

from __future__ import annotations

import pytest

from apps.engines.video.backgrounds import BackgroundPlan, Shot
from apps.engines.video.compose import ComposeRequest
from apps.engines.video.ffmpeg import FFmpeg
from apps.engines.video.frame import BackgroundClip
from apps.engines.video.moving import MovingBackground, generate_background

NARRATION_SECONDS = 1.5


@pytest.fixture(scope="session")
def ffmpeg() -> FFmpeg:
    return FFmpeg.find()


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="session")
def moving(library, ffmpeg) -> BackgroundClip:
    return generate_background(MovingBackground(seed=3, seconds=2.0), cache_dir=library, ffmpeg=ffmpeg)


@pytest.fixture(scope="session")
def film(library, ffmpeg):
    """make(name, *output_options, source=...) -> path of a small film."""

    def make(name, *options, source="testsrc2=s=320x180:r=25:d=2", sound=True):
        path = library / name
        if not path.exists():
            audio = ["-f", "lavfi", "-i", "sine=440:d=2"] if sound else []
            ffmpeg.run(["-f", "lavfi", "-i", source, *audio, "-shortest", *options], output=path)
        return path

    return make


@pytest.fixture(scope="session")
def narration(library, ffmpeg):
    path = library / "narration.wav"
    tone = f"sine=300:r=48000:d={NARRATION_SECONDS}"
    ffmpeg.run(["-f", "lavfi", "-i", tone, "-c:a", "pcm_s16le", "-f", "wav"], output=path)
    return path


CAPTIONS = """\
[Script Info]
ScriptType: v4.00+
PlayResX: 1080
PlayResY: 1920
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, Bold, BorderStyle, Outline, Alignment, MarginV
Style: Default,Noto Sans,120,&H00FFFFFF,&H00000000,-1,1,8,5,40
[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.50,0:00:01.40,Default,{\\c&H00D7FF&}One {\\c&HFFFFFF&}plant
"""


@pytest.fixture(scope="session")
def captions(library):
    path = library / "captions.ass"
    path.write_text(CAPTIONS)
    return path


@pytest.fixture
def part(moving, narration, captions) -> ComposeRequest:
    """A part of two seconds: narration of a second and a half, and the tail."""
    plan = BackgroundPlan((Shot(moving, 1, 30), Shot(moving, 0, 30)))
    return ComposeRequest(plan, narration, NARRATION_SECONDS, captions, tail=0.5)
