"""Looking into the folder: what is seen, and what is never followed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from apps.clips.inbox.folder import identity, is_being_written, list_files, list_links, opened


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "watched"
    folder.mkdir()
    return folder


def put(root, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_films_are_seen_in_folders_too(root):
    put(root, "a.mp4", "holiday/beach.mov", "holiday/2026/b.mkv", "no name of a film")
    assert [file.path for file in list_files(root)] == [
        "a.mp4",
        "holiday/2026/b.mkv",
        "holiday/beach.mov",
        "no name of a film",
    ]


@pytest.mark.parametrize(
    "name",
    [".a.mp4.Xy12", "._a.mp4", ".hidden/a.mp4", "a.mp4.part", "a.mp4.crdownload", "a.mp4.tmp", "a.mp4~", "~a.mp4",
     "A.MP4.PART", "Thumbs.db", "README.txt", ".DS_Store"],
)  # fmt: skip
def test_what_is_unfinished_or_hidden_is_not_there(root, name):
    put(root, name)
    assert list_files(root) == []


def test_links_are_not_followed_and_are_named(root, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    put(secret, "passwords.mp4")
    (root / "a.mp4").symlink_to(secret / "passwords.mp4")
    (root / "folder").symlink_to(secret, target_is_directory=True)
    (root / "gone.mp4").symlink_to(tmp_path / "nowhere")
    assert list_files(root) == []
    assert list_links(root) == ["a.mp4", "folder", "gone.mp4"]


def test_a_link_put_in_place_of_a_file_after_it_was_listed_is_refused(root, tmp_path):
    put(root, "a.mp4", "deep/b.mp4")
    put(tmp_path / "secret", "b.mp4")
    (root / "a.mp4").unlink()
    (root / "a.mp4").symlink_to(tmp_path / "secret" / "b.mp4")
    (root / "deep" / "b.mp4").unlink()
    (root / "deep").rmdir()
    (root / "deep").symlink_to(tmp_path / "secret", target_is_directory=True)
    for path in ("a.mp4", "deep/b.mp4"):
        with pytest.raises(OSError), opened(root, path):
            pytest.fail("it was followed")


def test_pipes_are_not_waited_for(root):
    os.mkfifo(root / "pipe.mp4")
    assert list_files(root) == []
    with pytest.raises(OSError, match="no plain file"), opened(root, "pipe.mp4"):
        pytest.fail("it was opened")


def test_a_name_that_is_no_text_is_not_there(root):
    (root / os.fsdecode(b"caf\xe9.mp4")).write_bytes(b"x")
    put(root, "കടൽ.mp4")
    assert [file.path for file in list_files(root)] == ["കടൽ.mp4"]


def test_the_file_that_is_opened_is_the_one_that_was_listed(root):
    put(root, "deep/a.mp4")
    listed = list_files(root)[0]
    with opened(root, "deep/a.mp4") as file:
        assert identity(file) == (listed.size, listed.mtime_ns)
        assert file.read() == b"x"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
@pytest.mark.parametrize(("mode", "expected"), [("ab", True), ("rb", False)])
def test_a_file_that_a_program_still_writes_is_told(root, mode, expected):
    put(root, "a.mp4")
    program = f"import sys; f = open(sys.argv[1], {mode!r}); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(root / "a.mp4")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"open\n"
        assert is_being_written(root / "a.mp4") is expected
        writer.communicate()
    assert is_being_written(root / "a.mp4") is False
