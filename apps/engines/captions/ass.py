"""Writes captions as an ASS file for libass: one event for every word that is current.

Events of a group follow each other without a gap and differ in colour only, so nothing moves and nothing flickers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from apps.engines.video.lettering import literal
from apps.engines.voice.base import TimedWord

from .fonts import Face, FontLibrary, default_library
from .groups import phrases, split_phrase
from .layout import Block, Line, Typesetter
from .styles import CaptionStyle

HOLD = 0.5  # seconds a group waits for the next one before the screen is cleared
LEAST = 0.4  # seconds a group is shown, if the next one leaves that long
DIMMED = "&H66&"  # transparency of words that are not current in the "bright" highlight
POP_TIME = 9  # hundredths of a second
POP = r"\fscx90\fscy90\t(0,90,\fscx100\fscy100)"
BOX_SIDE, BOX_ABOVE, BOX_BELOW, BOX_ROUND = 0.22, 0.3, 0.12, 0.25  # of the letter height
CURVE = 0.5523  # handle of a Bezier curve that draws a quarter of a circle


@dataclass(frozen=True)
class Captions:
    """An ASS script and the font files it names; give their folder to libass (`stage_fonts`)."""

    ass: str
    fonts: tuple[Path, ...]


@dataclass(frozen=True)
class _Group:
    """Words shown together; starts: of each word, in hundredths of a second; end: when the group goes."""

    block: Block
    starts: tuple[int, ...]
    end: int


def build_ass(
    words: Sequence[TimedWord], *, style: CaptionStyle, size: tuple[int, int] = (1080, 1920), duration: float
) -> str:
    """The captions as an ASS script; see `build_captions`."""
    return build_captions(words, style=style, size=size, duration=duration).ass


def build_captions(
    words: Sequence[TimedWord],
    *,
    style: CaptionStyle,
    size: tuple[int, int] = (1080, 1920),
    duration: float,
    library: FontLibrary | None = None,
) -> Captions:
    """Style timed words for a frame of `size` pixels and a video of `duration` seconds.

    Raises AdapterError when no installed font has the letters of the text.
    """
    setter = Typesetter(style, size, library or default_library())
    groups = _groups(words, setter, duration)
    script = _script(setter, size)
    for group in groups:
        script.events += _events(group, setter)
    faces = {run.face for group in groups for line in group.block.lines for run in line.runs()}
    fonts = sorted({face.path for face in faces} | {setter.face.path}, key=lambda path: path.name)
    return Captions(script.to_string("ass"), tuple(fonts))


def _groups(words: Sequence[TimedWord], setter: Typesetter, duration: float) -> list[_Group]:
    timed, texts = _shown(words, setter)
    ranges: list[tuple[int, int]] = []
    for phrase in phrases(timed):
        start = phrase[0]
        inside = texts[start : phrase[-1] + 1]
        cuts = split_phrase(
            inside,
            most=setter.style.max_words,
            fits=lambda first, last, inside=inside: setter.fits(inside[first:last]),
        )
        ranges += [(start + first, start + last) for first, last in cuts]
    starts = _starts(timed, duration)
    ends = _ends(timed, ranges, starts, duration)
    return [
        _Group(setter.set(texts[first:last]), tuple(starts[first:last]), end)
        for (first, last), end in zip(ranges, ends, strict=True)
    ]


def _shown(words: Sequence[TimedWord], setter: Typesetter) -> tuple[list[TimedWord], list[str]]:
    """The words that leave something to show, and what; the one before keeps the time of one that does not."""
    timed: list[TimedWord] = []
    texts: list[str] = []
    for word in words:
        text = setter.clean(word.text)
        if text:
            timed.append(word)
            texts.append(text)
        elif timed:
            timed[-1] = TimedWord(timed[-1].text, timed[-1].start, word.end)
    return timed, texts


def _starts(words: Sequence[TimedWord], duration: float) -> list[int]:
    """When each word becomes current: rising, so that even words without length get their turn."""
    starts: list[int] = []
    for word in words:
        start = min(round(word.start * 100), round(duration * 100))
        starts.append(max(start, starts[-1] + 1) if starts else max(start, 0))
    return starts


def _ends(
    words: Sequence[TimedWord], ranges: Sequence[tuple[int, int]], starts: Sequence[int], duration: float
) -> list[int]:
    """When each group goes: as the next one comes if that is soon, else shortly after its last word."""
    ends: list[int] = []
    for index, (first, last) in enumerate(ranges):
        following = starts[ranges[index + 1][0]] if index + 1 < len(ranges) else round(duration * 100)
        wanted = max(round((words[last - 1].end + HOLD) * 100), starts[first] + round(LEAST * 100))
        ends.append(max(min(wanted, following), starts[last - 1] + 1))
    return ends


def _script(setter: Typesetter, size: tuple[int, int]) -> pysubs2.SSAFile:
    style, unit = setter.style, setter.unit
    script = pysubs2.SSAFile()
    script.info.update(
        {
            "PlayResX": str(size[0]),
            "PlayResY": str(size[1]),
            "WrapStyle": "2",
            "ScaledBorderAndShadow": "yes",
            "YCbCr Matrix": "TV.709",
        }
    )
    shared = {
        "fontname": setter.face.name,
        "fontsize": round(style.letter_height * unit / setter.face.cap_height * setter.face.line, 2),
        "primarycolor": _colour(style.colour),
        "outlinecolor": _colour(style.outline_colour),
        "backcolor": pysubs2.Color(0, 0, 0, 96),
        "alignment": pysubs2.Alignment.MIDDLE_CENTER,
        "marginl": 0,
        "marginr": 0,
        "marginv": 0,
        "encoding": -1,  # the direction of a line is found from its text
    }
    script.styles = {
        "Words": pysubs2.SSAStyle(outline=style.outline * unit, shadow=style.shadow * unit, **shared),
        "Box": pysubs2.SSAStyle(
            **{
                **shared,
                "outline": 0,
                "shadow": 0,
                "primarycolor": _colour(style.highlight_colour),
                "alignment": pysubs2.Alignment.TOP_LEFT,
            }
        ),
    }
    return script


def _events(group: _Group, setter: Typesetter) -> list[pysubs2.SSAEvent]:
    """For every current word an event a line, and before them the box it stands in if the style has boxes."""
    events: list[pysubs2.SSAEvent] = []
    x, y = setter.middle(group.block)
    top = y - group.block.height / 2
    for word, (start, end) in enumerate(zip(group.starts, (*group.starts[1:], group.end), strict=True)):
        times = {"start": start * 10, "end": end * 10}
        pop = POP if setter.style.pop and word == 0 and group.end - start > POP_TIME else ""
        for line, base in zip(group.block.lines, group.block.bases(), strict=True):
            if setter.style.highlight == "box":
                boxes = _boxes(line, word, (x, top + base))
                events += [pysubs2.SSAEvent(**times, layer=0, style="Box", text=box) for box in boxes]
            place = rf"{{\pos({x:.1f},{top + base - line.middle:.1f}){pop}}}"
            text = _line_text(line, word, setter)
            events.append(pysubs2.SSAEvent(**times, layer=1, style="Words", text=place + text))
    return events


def _line_text(line: Line, current: int, setter: Typesetter) -> str:
    """The line with the current word marked, and the font named wherever it changes."""
    usual = _font(setter.face, line.letter / setter.face.cap_height)
    font = _font(setter.face, setter.style.letter_height * setter.unit / setter.face.cap_height)
    written = ""
    for number, piece in enumerate(line.pieces):
        on, off = _marks(setter.style, piece.word == current)
        if number:
            written += f"{'' if font == usual else usual} "
            font = usual
        written += on
        for run in piece.runs:
            wanted = _font(run.face, run.em)
            written += f"{'' if font == wanted else wanted}{_spaced(run.text)}"
            font = wanted
        written += off
    return written


def _font(face: Face, em: float) -> str:
    return rf"{{\fn{face.name}\fs{em * face.line:.2f}}}"


def _marks(style: CaptionStyle, current: bool) -> tuple[str, str]:
    """Override tags before and after a word."""
    if style.highlight == "bright" and not current:
        return rf"{{\1a{DIMMED}\3a{DIMMED}}}", r"{\1a&H00&\3a&H00&}"
    if style.highlight == "colour" and current:
        return rf"{{\1c{_bgr(style.highlight_colour)}}}", rf"{{\1c{_bgr(style.colour)}}}"
    return "", ""


def _spaced(text: str) -> str:
    """Literal text; spaces at its ends, which `literal` drops, are kept because runs of one word may meet there."""
    lead = " " if text[:1] == " " else ""
    tail = " " if text[-1:] == " " and text.strip() else ""
    return f"{lead}{literal(text)}{tail}"


def _boxes(line: Line, word: int, base: tuple[float, float]) -> list[str]:
    """Rounded rectangles behind the pieces of a word; base: middle of the line, on its base line."""
    shapes: list[str] = []
    left = base[0] - line.width / 2
    for piece, edge in zip(line.pieces, line.lefts(), strict=True):
        if piece.word == word:
            x = left + edge - BOX_SIDE * line.letter
            y = base[1] - line.above - BOX_ABOVE * line.letter
            width = piece.width + 2 * BOX_SIDE * line.letter
            height = line.above + line.below + (BOX_ABOVE + BOX_BELOW) * line.letter
            shapes.append(rf"{{\pos({x:.1f},{y:.1f})\p1}}{_rounded(width, height, BOX_ROUND * line.letter)}")
    return shapes


def _rounded(width: float, height: float, radius: float) -> str:
    """A rounded rectangle in ASS drawing commands, from its own top left corner."""
    w, h, r = width, height, min(radius, width / 2, height / 2)
    k = r * (1 - CURVE)
    return (
        f"m {r:.1f} 0 l {w - r:.1f} 0 b {w - k:.1f} 0 {w:.1f} {k:.1f} {w:.1f} {r:.1f} "
        f"l {w:.1f} {h - r:.1f} b {w:.1f} {h - k:.1f} {w - k:.1f} {h:.1f} {w - r:.1f} {h:.1f} "
        f"l {r:.1f} {h:.1f} b {k:.1f} {h:.1f} 0 {h - k:.1f} 0 {h - r:.1f} l 0 {r:.1f} b 0 {k:.1f} {k:.1f} 0 {r:.1f} 0"
    )


def _colour(value: str) -> pysubs2.Color:
    return pysubs2.Color(*(int(value[at : at + 2], 16) for at in (1, 3, 5)))


def _bgr(value: str) -> str:
    return f"&H{value[5:7]}{value[3:5]}{value[1:3]}&".upper()
