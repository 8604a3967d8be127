"""The watched folder of a workspace: each file taken once, whole, and left as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.clips.models import Clip, ClipSettings, InboxFile
from apps.clips.services import inbox_of, look_again, scan_folders, take_file
from apps.clips.services.watching import scan_folder
from apps.lifecycle.models import Event, Run
from apps.lifecycle.runs import execute_run, reclaim_lapsed_runs
from apps.workspaces.actors import SYSTEM


@pytest.fixture
def folder(in_workspace) -> Path:
    scan_folder(in_workspace, now=timezone.now())
    return inbox_of(in_workspace)


@pytest.fixture
def look(in_workspace):
    """look(3) looks three times, five seconds apart; returns how many files are being taken."""
    clock = [timezone.now()]

    def scan(times: int = 1) -> int:
        started = 0
        for _each in range(times):
            clock[0] += timedelta(seconds=5)
            started += scan_folder(in_workspace, now=clock[0])
        return started

    return scan


def take() -> list[Run]:
    """Carry out what the looks have started."""
    runs = list(Run.objects.filter(kind="clip_take", state="queued").order_by("pk"))
    for run in runs:
        with execute_run(run.pk) as work:
            if work is not None:
                pk = run.subject.rpartition(":")[2]
                take_file(row=InboxFile.objects.select_related("workspace").get(pk=pk), work=work)
        run.refresh_from_db()
    return runs


def outcomes() -> list[tuple[str, str]]:
    return list(InboxFile.objects.order_by("path").values_list("path", "outcome"))


def test_the_folder_says_what_it_is_for(folder):
    assert [path.name for path in folder.iterdir()] == ["README.txt"]
    assert "Drop videos here" in (folder / "README.txt").read_text()


def test_a_dropped_film_is_taken_once_and_left_as_it_was(folder, look, film):
    path = folder / "beach.mp4"
    shutil.copyfile(film("a.mp4"), path)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    before = (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
    assert (look(2), look(1), look(5)) == (0, 1, 0)
    assert [run.state for run in take()] == ["succeeded"]
    assert look(10) == 0
    clip = Clip.objects.get()
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode) == before
    assert [each.name for each in sorted(folder.iterdir())] == ["README.txt", "beach.mp4"]
    assert (clip.name, clip.origin, clip.state, clip.bytes) == ("beach.mp4", "folder", "waiting", len(before[0]))
    assert (
        hashlib.sha256(Path(clip.file.path).read_bytes()).hexdigest()
        == clip.sha256
        == hashlib.sha256(before[0]).hexdigest()
    )
    assert outcomes() == [("beach.mp4", "taken")]
    assert Event.objects.filter(type="inbox.taken").count() == 1


def test_the_same_film_under_another_name_is_known(folder, look, film):
    for name in ("a.mp4", "again/b.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(film("a.mp4"), folder / name)
    assert look(3) == 2
    take()
    assert Clip.objects.count() == 1
    assert sorted(outcome for _path, outcome in outcomes()) == ["duplicate", "taken"]
    row = InboxFile.objects.get(outcome="duplicate")
    assert row.reason == "This video is here already: “a” (waiting)."
    assert row.clip == Clip.objects.get()


def test_two_watchers_take_a_film_once(folder, look, film, in_workspace):
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    now = timezone.now()
    for seconds in range(0, 60, 5):
        for _watcher in range(2):
            scan_folder(in_workspace, now=now + timedelta(seconds=seconds))
    assert Run.objects.filter(kind="clip_take").count() == 1
    take()
    assert look(5) == 0
    assert Clip.objects.count() == 1


def test_a_worker_that_dies_while_it_copies_loses_nothing_and_doubles_nothing(folder, look, film):
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    look(3)
    run = Run.objects.get(kind="clip_take")
    with pytest.raises(KeyboardInterrupt), execute_run(run.pk):
        raise KeyboardInterrupt  # as a kill would leave it: claimed, with nothing done
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert reclaim_lapsed_runs() == 1
    assert look(3) == 0
    take()
    assert (Clip.objects.count(), outcomes()) == (1, [("a.mp4", "taken")])


def test_a_film_that_is_still_copied_is_not_taken(folder, look, film):
    whole = film("a.mp4").read_bytes()
    for end in range(1000, len(whole), len(whole) // 8):
        (folder / "a.mp4").write_bytes(whole[:end])
        assert look(2) == 0
    (folder / "a.mp4").write_bytes(whole)
    assert look(3) == 1


def test_a_film_that_a_program_has_open_for_writing_is_not_taken(folder, look, film, monkeypatch):
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    monkeypatch.setattr("apps.clips.services.watching.is_being_written", lambda path: path.name == "a.mp4")
    assert look(6) == 0
    monkeypatch.undo()
    assert look(1) == 1


def test_a_film_that_changes_under_our_hands_is_taken_later(folder, look, film):
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    look(3)
    with (folder / "a.mp4").open("ab") as file:
        file.write(b"more")
    run = take()[0]
    assert (run.state, run.error["message"]) == ("failed", "“a.mp4” changed while it was copied.")
    assert Clip.objects.count() == 0
    assert look(4) == 1
    assert take()[0].state == "succeeded"
    assert Path(Clip.objects.get().file.path).read_bytes() == (folder / "a.mp4").read_bytes()


def test_what_is_no_film_says_why_and_is_looked_at_again_when_asked(folder, look, actor, film):
    (folder / "list.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret.ts\n")
    assert look(3) == 1
    take()
    row = InboxFile.objects.get()
    assert (row.outcome, row.reason) == (
        "refused",
        "This is a playlist: it names other files and holds no video itself.",
    )
    assert (look(5), Clip.objects.count()) == (0, 0)
    look_again(row=row, actor=actor("editor"))
    assert look(3) == 1


def test_a_file_that_is_replaced_by_another_film_is_taken_anew(folder, look, film):
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    look(3)
    take()
    shutil.copyfile(film("b.mp4", source="testsrc=s=320x180:r=15:d=2"), folder / "a.mp4")
    assert look(3) == 1
    take()
    assert Clip.objects.count() == 2


def test_a_file_that_goes_before_it_is_taken_leaves_no_trace(folder, look, film):
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    look(1)
    (folder / "a.mp4").unlink()
    look(1)
    assert outcomes() == []


def test_what_became_of_a_file_is_remembered_for_a_month(folder, look, film, in_workspace):
    for _each in range(2):
        shutil.copyfile(film("a.mp4"), folder / "a.mp4")
        look(3)
        take()
        (folder / "a.mp4").unlink()
        look(1)
        assert len(outcomes()) == 1
        scan_folder(in_workspace, now=timezone.now() + timedelta(days=40))
        assert outcomes() == []
    assert Clip.objects.count() == 1


def test_a_workspace_that_is_full_refuses_in_words(folder, look, film, settings):
    settings.CLIPS_QUOTA_BYTES = 1000
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    look(3)
    take()
    row = InboxFile.objects.get()
    assert row.outcome == "refused"
    assert row.reason.startswith("There is room for 0 MB of clips left")
    assert list(Path(settings.INCOMING_ROOT).glob("*")) == []


def test_a_file_that_is_too_large_is_not_even_copied(folder, look, film, settings):
    settings.CLIPS_MAX_BYTES = 1024**2
    with (folder / "a.mp4").open("wb") as file:
        file.truncate(2 * 1024**2)
    look(3)
    take()
    assert InboxFile.objects.get().reason == "The file is larger than 1 MB."


def test_a_folder_that_is_switched_off_is_left_alone(folder, film, in_workspace):
    ClipSettings.objects.create(workspace=in_workspace, folder_on=False)
    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    for seconds in (0, 5, 10, 15):
        assert scan_folders(now=timezone.now() + timedelta(seconds=seconds)) == 0
    assert outcomes() == []


def test_taking_is_audited_and_done_by_the_system(folder, look, film, in_workspace):
    from apps.workspaces.models import AuditEntry

    shutil.copyfile(film("a.mp4"), folder / "a.mp4")
    look(3)
    take()
    rows = AuditEntry.objects.filter(action__startswith="inbox.").values_list("action", "actor")
    assert list(rows) == [("inbox.taken", str(SYSTEM.label))]
