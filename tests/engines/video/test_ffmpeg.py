"""One process: whole files or none, measured progress, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.errors import AdapterError
from apps.engines.video.ffmpeg import (
    FFmpeg,
    Limits,
    Stopped,
    capabilities,
    media_input,
)
from apps.engines.video.lettering import ass_filter

ENDLESS = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10", "-c:v", "libx264", "-f", "mp4"]
SHORT = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1", "-c:v", "libx264", "-f", "mp4"]


def running(marker: str) -> list[int]:
    """Processes whose command line holds the marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker in (entry / "cmdline").read_bytes().decode("utf-8", "replace"):
                    found.append(int(entry.name))
            except OSError:  # it ended while we looked
                continue
    return found


def until(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def test_the_packaged_ffmpeg_has_everything_that_is_needed(ffmpeg):
    assert capabilities(ffmpeg).missing == ()


def test_a_missing_binary_names_the_setting(tmp_path):
    with pytest.raises(AdapterError, match="FFMPEG_BINARY") as refused:
        FFmpeg.find(tmp_path / "nowhere")
    assert refused.value.permanent


def test_a_finished_file_appears_whole_and_alone(ffmpeg, tmp_path):
    outcome = ffmpeg.run(SHORT, output=tmp_path / "film.mp4", duration=1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert outcome.path == tmp_path / "film.mp4"
    assert outcome.cpu_seconds > 0


def test_progress_only_rises_and_ends_at_one(ffmpeg, tmp_path):
    seen: list[float] = []
    source = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1.5", "-c:v", "libx264", "-preset", "ultrafast"]
    tuned = ["-tune", "zerolatency", "-f", "mp4"]
    ffmpeg.run([*source, *tuned], output=tmp_path / "film.mp4", duration=1.5, on_progress=seen.append)
    assert seen == sorted(set(seen))
    assert seen[-1] == 1.0
    assert len(seen) >= 3


def test_stopping_leaves_no_file_and_no_process(ffmpeg, tmp_path):
    started = time.monotonic()
    with pytest.raises(Stopped):
        ffmpeg.run(ENDLESS, output=tmp_path / "film.mp4", should_stop=lambda: time.monotonic() - started > 0.5)
    assert list(tmp_path.iterdir()) == []
    assert running(str(tmp_path)) == []


def test_an_error_of_the_caller_ends_the_process_too(ffmpeg, tmp_path):
    def cancelled(fraction):
        raise RuntimeError("the run was cancelled")

    with pytest.raises(RuntimeError, match="the run was cancelled"):
        ffmpeg.run(
            [*ENDLESS[:-2], "-tune", "zerolatency", "-f", "mp4"],
            output=tmp_path / "a.mp4",
            duration=9,
            on_progress=cancelled,
        )
    assert list(tmp_path.iterdir()) == []
    assert running(str(tmp_path)) == []


def test_too_long_is_ended_and_may_be_tried_again(ffmpeg, tmp_path):
    with pytest.raises(AdapterError, match="its time limit") as ended:
        ffmpeg.run(ENDLESS, output=tmp_path / "film.mp4", limits=Limits(wall_seconds=1))
    assert not ended.value.permanent
    assert list(tmp_path.iterdir()) == []


def test_standing_still_is_noticed(ffmpeg, tmp_path):
    pipe = tmp_path / "never-written"
    os.mkfifo(pipe)
    with pytest.raises(AdapterError, match="stood still"):
        ffmpeg.run([*media_input(pipe), "-f", "mp4"], output=tmp_path / "film.mp4", limits=Limits(stall_seconds=1))
    assert [path.name for path in tmp_path.iterdir()] == ["never-written"]
    assert running(str(tmp_path)) == []


def test_a_file_over_the_size_limit_is_not_kept(ffmpeg, tmp_path):
    raw = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=2", "-f", "rawvideo"]
    with pytest.raises(AdapterError) as ended:
        ffmpeg.run(raw, output=tmp_path / "film.raw", limits=Limits(file_size=1_000_000))
    assert ended.value.permanent
    assert list(tmp_path.iterdir()) == []


def test_a_broken_input_says_why(ffmpeg, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 200)
    with pytest.raises(AdapterError, match=r"ffmpeg failed: .*[Ii]nvalid") as failed:
        ffmpeg.run([*media_input(broken), "-f", "mp4"], output=tmp_path / "film.mp4")
    assert failed.value.permanent
    assert "broken.mp4" in failed.value.details["log"]


def test_an_input_cannot_be_an_address(ffmpeg, tmp_path):
    with pytest.raises(AdapterError):
        ffmpeg.run([*media_input(Path("http://127.0.0.1:9/film.mp4")), "-f", "mp4"], output=tmp_path / "film.mp4")


def test_killing_the_worker_ends_its_ffmpeg(ffmpeg, tmp_path):
    code = (
        "import sys; from pathlib import Path; from apps.engines.video.ffmpeg import FFmpeg\n"
        "FFmpeg.find().run(sys.argv[2:], output=Path(sys.argv[1]))"
    )
    target = tmp_path / "film.mp4"
    worker = subprocess.Popen([sys.executable, "-c", code, str(target), *ENDLESS])
    encoding = f"file:{tmp_path}/."
    assert until(lambda: [pid for pid in running(encoding) if pid != worker.pid])
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert until(lambda: running(encoding) == [])
    assert not target.exists()


odd_names = st.text(
    st.one_of(st.sampled_from("':,;[]=\\ %{}|\"()&$#~\t"), st.characters(min_codepoint=33, max_codepoint=0x0D7F)),
    min_size=1,
    max_size=24,
).filter(lambda name: "/" not in name and "\0" not in name and len(name.encode("utf-8", "replace")) < 100)


@given(name=odd_names)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_name_can_be_read_and_burnt_in(ffmpeg, captions, tmp_path, name):
    folder = tmp_path / f"{name}."
    folder.mkdir(exist_ok=True)
    script = folder / f"{name}.ass"
    script.write_bytes(captions.read_bytes())
    source = "color=black:s=54x96:r=5:d=1"
    out = folder / f"{name}.avi"
    ffmpeg.run(["-f", "lavfi", "-i", source, "-vf", ass_filter(script, folder), "-f", "avi"], output=out)
    ffmpeg.run([*media_input(out), "-f", "rawvideo", "-pix_fmt", "gray"], output=tmp_path / "pixels")
    assert max((tmp_path / "pixels").read_bytes()) > 120, "the caption is in the picture"
