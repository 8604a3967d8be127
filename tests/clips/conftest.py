"""Real clips: Piper speaks, ffmpeg films. Each is made once for each test process and never changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from apps.clips.models import Clip
from apps.clips.services import add_clip
from apps.engines.video.ffmpeg import FFmpeg
from apps.lifecycle.models import Run
from apps.lifecycle.runs import execute_run, start_run
from apps.pipeline.work import carry_out
from apps.workspaces.actors import SYSTEM
from tests.spoken import film as spoken_film
from tests.spoken import say

WORDS = "The teacher found a brass key under the old bridge. She kept it in a drawer for years."


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory) -> Iterator[Path]:
    """Voice and fonts are made ready once for all tests of the process, as they are on a real machine."""
    before, settings.CACHE_ROOT = settings.CACHE_ROOT, Path(tmp_path_factory.mktemp("cache"))
    yield Path(settings.CACHE_ROOT)
    settings.CACHE_ROOT = before


@pytest.fixture(autouse=True)
def places(settings, tmp_path) -> Path:
    """Watched folders and uploads of this test alone, and the small English model: it is quick."""
    from apps.engines.speech.models import packaged_english

    settings.INBOX_ROOT = tmp_path / "inbox"
    settings.INCOMING_ROOT = tmp_path / "incoming"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SPEECH_MODEL = str(packaged_english())
    return tmp_path


@pytest.fixture(scope="session")
def films(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def ffmpeg() -> FFmpeg:
    return FFmpeg.find()


@pytest.fixture(scope="session")
def film(films, ffmpeg) -> Callable[..., Path]:
    """film("name.mp4", "-c:v", …) is a small moving picture with a tone; sound=False for a silent one."""

    def make(name: str, *options: str, source: str = "testsrc2=s=320x180:r=15:d=2", sound: bool = True) -> Path:
        path = films / name
        if not path.exists():
            audio = ["-f", "lavfi", "-i", "sine=440:d=2"] if sound else []
            coded = options or ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-f", "mp4")
            ffmpeg.run(["-f", "lavfi", "-i", source, *audio, "-shortest", *coded], output=path)
        return path

    return make


@pytest.fixture(scope="session")
def spoken(films, shared_cache) -> Path:
    """A film of some five seconds, 640x360, in which somebody says WORDS."""
    return spoken_film(films / "spoken.mp4", say(WORDS, cache_dir=shared_cache), size="640x360")


@pytest.fixture
def add(in_workspace, tmp_path) -> Callable[..., Clip]:
    """add(path) is a clip made of a copy of that file."""

    def make(path: Path, *, name: str = "", **fields) -> Clip:
        copy = tmp_path / f"copy-{path.name}"
        shutil.copyfile(path, copy)
        return add_clip(workspace=in_workspace, actor=SYSTEM, path=copy, name=name or path.name, **fields)

    return make


@pytest.fixture
def carry(in_workspace) -> Callable[..., Run]:
    """carry("clip", clip) queues that work and carries it out here; returns the run as it ended."""

    def make(kind: str, subject: object, **args) -> Run:
        run = start_run(workspace=in_workspace, kind=kind, subject=subject, max_attempts=1, args=args)
        with execute_run(run.pk) as work:
            if work is not None:
                carry_out(work)
        run.refresh_from_db()
        return run

    return make


def fresh(clip: Clip) -> Clip:
    return Clip._base_manager.select_related("workspace", "item__current_revision").get(pk=clip.pk)
