"""The browser ends when it must, with everything that belongs to it, and what was known until then still counts."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import OutcomeUnknown, PlatformConfig, PublishResult
from apps.platforms.tiktok import driver, page
from apps.platforms.tiktok.adapter import TiktokPlatform
from tests.platforms.tiktok.conftest import VIDEO
from tests.servers.tiktok_studio.server import FIRST_ID

WORKER = """
import json, sys
from pathlib import Path
from apps.platforms.tiktok import driver
driver.run(json.loads(Path(sys.argv[1]).read_text()), folder=Path(sys.argv[2]), seconds=60)
"""


def working_in(folder: Path) -> list[str]:
    """Commands of the living processes that were given this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if command and os.fsencode(folder) in (entry / "environ").read_bytes() + command:
                found.append(command.replace(b"\0", b" ").decode())
    return found


def robot() -> int | None:
    """The robot that this process has started."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"tiktok.robot" in (entry / "cmdline").read_bytes():
                return int(entry.name)
    return None


def until(condition: Callable[[], object], *, within: float = 30) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def job(tiktok, request_of, tmp_path) -> dict:
    request = request_of()
    path = tmp_path / "video.mp4"
    path.write_bytes(VIDEO)
    return {
        "do": "publish",
        "account": "harbour",
        "video": str(path),
        "size": len(VIDEO),
        "caption": "A day at sea",
        "options": {"privacy": "public"},
        "cookies": json.loads(request.credentials["session"])["cookies"],
        "page": page.merged(tiktok.config.overrides / page.OVERRIDE),
        "chromium": driver.chromium(""),
    }


@pytest.fixture
def folder() -> Iterator[Path]:
    with driver.workplace() as folder:
        yield folder


def test_video_caption_and_options_arrive_as_they_were_given(studio, tiktok, request_of, heard):
    studio.trouble = {"pace": 1.2}
    result = tiktok.publish(request_of(), heard)
    assert result == PublishResult(str(FIRST_ID), f"{studio.url}/@harbour/video/{FIRST_ID}")
    [posted] = studio.publications
    assert posted.video == hashlib.sha256(VIDEO).hexdigest()
    assert posted.caption.rstrip() == "A day at sea\n\nWaves and wind.\n\n#harbour #sea"
    assert posted.options == {"privacy": "public", "comment": True, "duet": True, "stitch": True}
    assert {total for _done, total in heard.progressed} == {len(VIDEO)}
    done = [done for done, _total in heard.progressed]
    assert (done, done[-1]) == (sorted(done), len(VIDEO))
    assert len(done) > 1, "the page's own percentages are passed on"
    assert (heard.kept, heard.new_credentials) == ({}, [])


def test_a_worker_that_is_killed_leaves_no_browser_behind(studio, job, folder, tmp_path):
    studio.trouble = {"upload": "slow"}
    (tmp_path / "job.json").write_text(json.dumps(job, default=str))
    worker = subprocess.Popen([sys.executable, "-c", WORKER, tmp_path / "job.json", folder], cwd=driver.ROOT)
    try:
        until(lambda: studio.uploads)
        assert any("chromium" in command for command in working_in(folder))
    finally:
        worker.kill()
        worker.wait()
    until(lambda: working_in(folder) == [])
    assert studio.publications == []


def test_a_robot_that_hangs_is_ended_in_time_with_its_browser(job, folder):
    def stop() -> None:
        until(lambda: any("--type=renderer" in command for command in working_in(folder)))
        os.kill(robot(), signal.SIGSTOP)

    threading.Thread(target=stop).start()
    begun = time.monotonic()
    ended = driver.run(job, folder=folder, seconds=9)
    assert time.monotonic() - begun < 12
    assert (ended.code, ended.pressed_post) == ("timeout", False), ended.details
    until(lambda: working_in(folder) == [])


def test_a_browser_that_eats_the_memory_is_ended(studio, job, folder):
    studio.trouble = {"upload": "slow"}
    ended = driver.run(job, folder=folder, seconds=30, memory=1)
    assert (ended.code, ended.pressed_post, ended.result) == ("memory", False, {}), ended.details
    until(lambda: working_in(folder) == [])


def test_a_robot_that_dies_after_post_was_pressed_leaves_it_open_what_happened(studio, tiktok, request_of, heard):
    studio.trouble = {"post": "hang"}

    def kill() -> None:
        until(lambda: studio.publications)
        os.kill(robot(), signal.SIGKILL)

    threading.Thread(target=kill).start()
    with pytest.raises(OutcomeUnknown) as unknown:
        tiktok.publish(request_of(), heard)
    assert unknown.value.details["cause"] == "crash"
    assert studio.count("A day at sea") == 1


def test_a_machine_without_chromium_says_so(tmp_path, request_of, tiktok, heard):
    config = PlatformConfig(chromium=str(tmp_path / "chromium"), overrides=tiktok.config.overrides)
    with pytest.raises(AdapterError, match="There is no Chromium at") as missing:
        TiktokPlatform(config).publish(request_of(), heard)
    assert (missing.value.permanent, "CHROMIUM_PATH" in missing.value.hint) == (True, True)


def test_what_a_killed_worker_left_on_disk_is_cleared_away_by_the_next(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        monkeypatch.setattr("tempfile.tempdir", name)
        old, young = Path(name, "rundown-tiktok-old"), Path(name, "rundown-tiktok-young")
        for each in (old, young):
            each.mkdir()
        os.utime(old, (time.time() - 9000,) * 2)
        with driver.workplace() as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            assert sorted(Path(name).iterdir()) == sorted([young, folder])
        assert list(Path(name).iterdir()) == [young]
