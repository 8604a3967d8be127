"""Places the words of a group on lines inside the safe area, measured in the fonts that will draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from .fonts import Face, FontLibrary
from .styles import CaptionStyle

# Parts of the frame that the players of short videos cover: header, description and buttons.
SAFE_TOP, SAFE_BOTTOM, SAFE_SIDE = 0.12, 0.24, 0.13
REFERENCE = 1080  # pixels of the shorter side that style lengths refer to
MAX_LINES = 2
LEADING, BOX_LEADING = 1.75, 2.15  # from base line to base line, of the letter height
GAP, DESCENDER = 0.2, 0.3  # from ink to ink, and from base line to bottom, of the letter height
SHRINK = 0.85
SMALLEST = 0.05
CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069]+")
RIGHT_TO_LEFT = regex.compile(r"\p{Bidi_Class=R}|\p{Bidi_Class=AL}")
STRONG = regex.compile(r"\p{Bidi_Class=L}|\p{Bidi_Class=R}|\p{Bidi_Class=AL}")


@dataclass(frozen=True)
class Run:
    """Text in one font; em: pixels of its em."""

    text: str
    face: Face
    em: float

    @property
    def width(self) -> float:
        return self.face.width(self.text) * self.em


@dataclass(frozen=True)
class Piece:
    """A word, or the part of a very long word that stands on one line. word: its place in the group."""

    word: int
    runs: tuple[Run, ...]

    @property
    def width(self) -> float:
        return sum(run.width for run in self.runs)


@dataclass(frozen=True)
class Line:
    """Pieces on one line; space: pixels between them; letter: height of its capital letters."""

    pieces: tuple[Piece, ...]
    space: float
    letter: float

    @property
    def width(self) -> float:
        return sum(piece.width for piece in self.pieces) + self.space * (len(self.pieces) - 1)

    @property
    def above(self) -> float:
        """Pixels of ink above the base line, at least a capital's."""
        return max(self.letter, *(run.face.measure(run.text)[1] * run.em for run in self.runs()))

    @property
    def below(self) -> float:
        """Pixels of ink below the base line, at least a descender's."""
        return max(DESCENDER * self.letter, *(run.face.measure(run.text)[2] * run.em for run in self.runs()))

    @property
    def middle(self) -> float:
        """How far the middle of libass's line is above the base line."""
        ascent = max(run.face.ascent * run.em for run in self.runs())
        descent = max((run.face.line - run.face.ascent) * run.em for run in self.runs())
        return (ascent - descent) / 2

    def runs(self) -> list[Run]:
        return [run for piece in self.pieces for run in piece.runs]

    def lefts(self) -> list[float]:
        """Left edge of every piece from the line's own left; lines in right-to-left scripts begin at the right."""
        edges, at = [], 0.0
        for piece in self.pieces:
            edges.append(at)
            at += piece.width + self.space
        text = "".join(run.text for run in self.runs())
        strong = STRONG.search(text)
        if strong and RIGHT_TO_LEFT.match(strong[0]):
            return [self.width - edge - piece.width for edge, piece in zip(edges, self.pieces, strict=True)]
        return edges


@dataclass(frozen=True)
class Block:
    """The lines of a group; leading: from base line to base line, of the letter height."""

    lines: tuple[Line, ...]
    leading: float

    @property
    def width(self) -> float:
        return max(line.width for line in self.lines)

    @property
    def height(self) -> float:
        """Pixels from the top of the first line's ink to the bottom of the last one's."""
        return self.bases()[-1] + self.lines[-1].below

    def bases(self) -> list[float]:
        """Base line of every line, in pixels below the block's top. Ink of two lines never touches."""
        bases = [self.lines[0].above]
        for upper, lower in pairwise(self.lines):
            apart = max(self.leading * lower.letter, upper.below + lower.above + GAP * lower.letter)
            bases.append(bases[-1] + apart)
        return bases


class Typesetter:
    """Sets groups of words in a style for a frame of `size` pixels (width, height)."""

    def __init__(self, style: CaptionStyle, size: tuple[int, int], library: FontLibrary) -> None:
        self.style = style
        self.unit = min(size) / REFERENCE
        self.face = library.face(style.font, style.weight)
        margin = (style.outline + style.shadow) * self.unit
        self.max_width = size[0] * (1 - 2 * SAFE_SIDE) - 2 * margin
        self.max_height = size[1] * (1 - SAFE_TOP - SAFE_BOTTOM) - 2 * margin
        self._size = size
        self._library = library

    def clean(self, text: str) -> str:
        """The text as it will be shown: one line, without what no font has. Empty when nothing is left."""
        plain = " ".join(CONTROL.sub(" ", text.upper() if self.style.uppercase else text).split())
        return " ".join("".join(run.text for run in self._runs(plain, 1.0)).split())

    def fits(self, texts: Sequence[str]) -> bool:
        """Whether the words can be shown together at full size."""
        return self._set_whole(texts) is not None

    def set(self, texts: Sequence[str]) -> Block:
        """The block of a group of cleaned words. A word too long for a line is broken, then made smaller."""
        whole = self._set_whole(texts)
        if whole:
            return whole
        scale = 1.0
        while True:
            lines = self._broken(texts, scale)
            block = self._block(lines)
            roomy = len(lines) <= MAX_LINES or scale < SHRINK**6
            if scale < SMALLEST or (roomy and block.height <= self.max_height and block.width <= self.max_width):
                return block
            scale *= SHRINK

    def middle(self, block: Block) -> tuple[float, float]:
        """Where the block's middle goes, in pixels, so that all of it is in the safe area."""
        width, height = self._size
        top, bottom = height * SAFE_TOP, height * (1 - SAFE_BOTTOM)
        half = block.height / 2
        wanted = top + (bottom - top) * self.style.position
        return width / 2, min(max(wanted, top + half), max(bottom - half, top + half))

    def _set_whole(self, texts: Sequence[str]) -> Block | None:
        """The words on one line, else on two lines of most equal width, at full size; None when neither fits."""
        pieces = [Piece(index, tuple(self._runs(text, 1.0))) for index, text in enumerate(texts)]
        splits = [(tuple(pieces),)] + [(tuple(pieces[:at]), tuple(pieces[at:])) for at in range(1, len(pieces))]
        blocks = [self._block([self._line(line, 1.0) for line in split]) for split in splits]
        fitting = [block for block in blocks if block.width <= self.max_width and block.height <= self.max_height]
        return min(fitting, key=lambda block: (len(block.lines), block.width), default=None)

    def _broken(self, texts: Sequence[str], scale: float) -> list[Line]:
        """Every word on lines of its own, broken between characters where it must be."""
        lines: list[Line] = []
        for index, text in enumerate(texts):
            start = ""
            for cluster in regex.findall(r"\X", text):
                if start and self._width(start + cluster, scale) > self.max_width:
                    lines.append(self._line((Piece(index, tuple(self._runs(start, scale))),), scale))
                    start = ""
                start += cluster
            lines.append(self._line((Piece(index, tuple(self._runs(start, scale))),), scale))
        return lines

    def _block(self, lines: Sequence[Line]) -> Block:
        return Block(tuple(lines), BOX_LEADING if self.style.highlight == "box" else LEADING)

    def _line(self, pieces: Sequence[Piece], scale: float) -> Line:
        space = self.face.width(" ") * self._em(self.face, scale)
        return Line(tuple(pieces), space, self.style.letter_height * self.unit * scale)

    def _width(self, text: str, scale: float) -> float:
        return sum(run.width for run in self._runs(text, scale))

    def _em(self, face: Face, scale: float) -> float:
        return self.style.letter_height * self.unit * scale / face.cap_height

    def _runs(self, text: str, scale: float) -> list[Run]:
        """The text cut where the font changes; characters stay in the font of those before them if it has them."""
        parts: list[tuple[str, Face]] = []
        for cluster in regex.findall(r"\X", text):
            preferred = [self.face, parts[-1][1]] if parts else [self.face]
            if cluster.isspace() and parts:
                preferred.reverse()
            face = self._library.covering(cluster, preferred, self.style.weight)
            if face is None:
                continue
            if parts and parts[-1][1] is face:
                parts[-1] = (parts[-1][0] + cluster, face)
            else:
                parts.append((cluster, face))
        return [Run(part, face, self._em(face, scale)) for part, face in parts]
