"""Captions as text tracks for players: WebVTT and SubRip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.engines.voice.base import TimedWord

from .groups import PAUSE, ends_sentence

LINE_CHARACTERS = 42
HOLD = 0.4  # seconds a line stays after its last word when nothing follows


@dataclass(frozen=True)
class _Cue:
    start: float
    end: float
    text: str


def build_vtt(words: Sequence[TimedWord]) -> str:
    """A WebVTT file with a line of at most 42 characters a cue, in UTF-8."""
    cues = [f"{_stamp(cue.start, '.')} --> {_stamp(cue.end, '.')}\n{_escape(cue.text)}\n" for cue in _cues(words)]
    return "\n".join(["WEBVTT\n", *cues])


def build_srt(words: Sequence[TimedWord]) -> str:
    """A SubRip file with the same cues."""
    return "\n".join(
        f"{number}\n{_stamp(cue.start, ',')} --> {_stamp(cue.end, ',')}\n{cue.text}\n"
        for number, cue in enumerate(_cues(words), start=1)
    )


def _cues(words: Sequence[TimedWord]) -> list[_Cue]:
    lines: list[list[TimedWord]] = []
    for word in words:
        current = lines[-1] if lines else []
        length = sum(len(other.text) + 1 for other in current) + len(word.text)
        if (
            not current
            or ends_sentence(current[-1].text)
            or word.start - current[-1].end >= PAUSE
            or length > LINE_CHARACTERS
        ):
            lines.append([])
        lines[-1].append(word)
    nexts = [*(line[0].start for line in lines), float("inf")][1:]
    return [
        _Cue(line[0].start, min(line[-1].end + HOLD, following), " ".join(" ".join(w.text.split()) for w in line))
        for line, following in zip(lines, nexts, strict=True)
    ]


def _stamp(seconds: float, separator: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{separator}{rest % 1000:03}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
