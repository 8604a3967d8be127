"""When a file in the folder has come in whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.clips.inbox.tracker import Listed, Patience, Watched, is_whole, observe

PATIENCE = Patience(scans=3, seconds=4.0)


def look(known: dict[str, Watched], *files: Listed, now: float) -> dict[str, Watched]:
    return observe(known, files, now=now)


def whole(known: dict[str, Watched], now: float) -> list[str]:
    return [path for path, file in known.items() if is_whole(file, now=now, patience=PATIENCE)]


def test_a_file_is_whole_when_nothing_changed_for_three_looks_and_four_seconds():
    known, seen = {}, []
    for now in (0, 2, 4, 6):
        known = look(known, Listed("a.mp4", 10, 1), now=now)
        seen.append(whole(known, now))
    assert seen == [[], [], ["a.mp4"], ["a.mp4"]]


def test_many_looks_in_a_moment_are_not_enough():
    """Two watchers, or a busy timer, look more often than a copy makes progress."""
    known = {}
    for hundredth in range(50):
        known = look(known, Listed("a.mp4", 10, 1), now=hundredth / 100)
    assert whole(known, 0.5) == []


def test_an_old_file_that_is_seen_for_the_first_time_waits_too():
    known = look({}, Listed("a.mp4", 10, 1), now=1_000_000)
    assert whole(known, 1_000_000) == []
    known = look(known, Listed("a.mp4", 10, 1), now=2_000_000)
    assert whole(known, 2_000_000) == []  # a machine that slept: one look in between


def test_a_file_that_grows_begins_anew():
    known = {}
    for now in range(0, 40, 2):
        known = look(known, Listed("a.mp4", 10 + now, 1), now=now)
        assert whole(known, now) == []
    assert known["a.mp4"] == Watched(48, 1, 38, 1)


def test_a_file_written_over_in_its_own_size_begins_anew():
    known = {}
    for now in (0, 2, 4):
        known = look(known, Listed("a.mp4", 10, 1), now=now)
    known = look(known, Listed("a.mp4", 10, 2), now=6)
    assert (whole(known, 6), known["a.mp4"].scans) == ([], 1)


def test_an_empty_file_is_the_beginning_of_a_copy():
    known = {}
    for now in range(0, 60, 5):
        known = look(known, Listed("a.mp4", 0, 1), now=now)
    assert whole(known, 60) == []


def test_a_file_that_is_gone_is_forgotten():
    known = look({}, Listed("a.mp4", 10, 1), Listed("b.mp4", 10, 1), now=0)
    assert list(look(known, Listed("b.mp4", 10, 1), now=2)) == ["b.mp4"]


@given(st.binary(max_size=25))
def test_whatever_happens_a_whole_file_was_left_alone_for_long_enough(steps):
    """A step of a byte: its last two bits are the file's size, the others how long nobody looked, up to 6.4 seconds."""
    known, now, history = {}, 0.0, []
    for step in steps:
        size, pause = step % 4, (step // 4 + 1) / 10
        now += pause
        history.append((now, size))
        known = look(known, Listed("a.mp4", size, 1), now=now)
        if whole(known, now):
            calm = [at for at, other in reversed(history) if all(s == size for t, s in history if t >= at)]
            assert size > 0
            assert len(calm) >= PATIENCE.scans
            assert now - min(calm) >= PATIENCE.seconds
