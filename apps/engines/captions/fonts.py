"""Finds fonts by file name, knows what they cover, how wide text is in them and what size libass needs.

Measured with HarfBuzz, which also shapes inside libass, so that widths agree in every script. Only static fonts are
used: libass shows the default instance of a variable font, which for many families is the thinnest.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import struct
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import regex
import uharfbuzz
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

PACKAGED = ("fontpkg_poppins", "fontpkg_anton")
SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)
# Heaviest first from the one asked for; the first that exists is taken.
WEIGHTS = ("Black", "ExtraBold", "Bold", "SemiBold", "Medium", "Regular", "Light")
CJK = ("Noto Sans CJK", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Noto Sans CJK TC")
# Script, as Unicode names of its characters begin, to the families tried and the Debian package that has them.
SCRIPTS: dict[str, tuple[tuple[str, ...], str]] = {
    "MALAYALAM": (("Manjari", "Noto Sans Malayalam"), "fonts-smc-manjari"),
    "ARABIC": (("Noto Sans Arabic", "Noto Kufi Arabic", "Noto Naskh Arabic"), "fonts-noto-core"),
    "CJK": (CJK, "fonts-noto-cjk"),
    "HIRAGANA": (CJK, "fonts-noto-cjk"),
    "KATAKANA": (CJK, "fonts-noto-cjk"),
    "HANGUL": (CJK, "fonts-noto-cjk"),
    "BOPOMOFO": (CJK, "fonts-noto-cjk"),
}
GENERAL = ("Noto Sans", "DejaVu Sans")
GENERAL_PACKAGE = "fonts-noto-core"
IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")


class Face:
    """One static font file. Lengths are in em unless they say otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
        self._font = uharfbuzz.Font(self._face)
        self._unit = 1 / self._face.upem
        self.covered: frozenset[int] = frozenset(self._face.unicodes)
        self.measure = lru_cache(maxsize=8192)(self._measure)

    @cached_property
    def name(self) -> str:
        """What libass finds this very file by: full name, or PostScript name for PostScript outlines."""
        return self._face.get_name(6 if "CFF " in self._face.table_tags else 4)

    @property
    def variable(self) -> bool:
        return self._face.has_var_data

    @property
    def ascent(self) -> float:
        """From the top of libass's line to the base line."""
        return self._vertical[0]

    @property
    def line(self) -> float:
        """Height of libass's line, which is also what it means by font size."""
        return sum(self._vertical)

    @cached_property
    def cap_height(self) -> float:
        """Height of a capital letter; in fonts without Latin, what their makers set it to, else the usual."""
        glyph = self._font.get_nominal_glyph(ord("H"))
        if glyph:
            return self._font.get_glyph_extents(glyph).y_bearing * self._unit
        os2 = self._face.reference_table("OS/2").data
        stated = struct.unpack_from(">h", os2, 88)[0] if len(os2) >= 90 else 0
        return stated * self._unit if stated > 0 else 0.7

    def covers(self, cluster: str) -> bool:
        return all(ord(character) in self.covered or IGNORABLE.match(character) for character in cluster)

    def width(self, text: str) -> float:
        return self.measure(text)[0]

    def _measure(self, text: str) -> tuple[float, float, float]:
        """Advance of the shaped text, and its ink's reach above and below the base line."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._font, buffer)
        width = above = below = 0
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            width += position.x_advance
            ink = self._font.get_glyph_extents(info.codepoint)
            if ink:
                top = ink.y_bearing + position.y_offset
                above, below = max(above, top), max(below, -top - ink.height)
        return width * self._unit, above * self._unit, below * self._unit

    @cached_property
    def _vertical(self) -> tuple[float, float]:
        """Ascent and descent by the tables libass reads: Windows' first, else the horizontal header."""
        os2 = self._face.reference_table("OS/2").data
        above, below = struct.unpack_from(">HH", os2, 74) if len(os2) >= 78 else (0, 0)
        if not above + below:
            above, below = struct.unpack_from(">hh", self._face.reference_table("hhea").data, 4)
            below = -below
        return above * self._unit, below * self._unit


@lru_cache(maxsize=64)
def _open(path: Path) -> Face:
    return Face(path)


class FontLibrary:
    """The fonts of some folders, found by file name ("Poppins-Bold.ttf"); opened only when used."""

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._folders = default_folders() if folders is None else folders

    def face(self, family: str, weight: str = "Regular") -> Face:
        """The family in this weight, else the nearest weight there is. AdapterError when there is none."""
        face = self._find(family, weight)
        if face is None:
            raise AdapterError(
                _("The font %(family)s is not installed as a static font file.") % {"family": family},
                permanent=True,
                hint=_(
                    "Install its .ttf or .otf files (not a variable font), or choose another font for the captions."
                ),
            )
        return face

    def covering(self, cluster: str, preferred: Sequence[Face], weight: str) -> Face | None:
        """The first preferred face that has the characters, else a fallback of their script.

        None for symbols that no font has, such as emoji: those are left out. AdapterError names the package to install
        when letters would be lost.
        """
        for face in preferred:
            if face.covers(cluster):
                return face
        script = _script(cluster)
        families, package = SCRIPTS.get(script, ((f"Noto Sans {script.title()}",), GENERAL_PACKAGE))
        for family in (*families, *GENERAL):
            face = self._find(family, weight)
            if face and face.covers(cluster):
                return face
        if unicodedata.category(cluster[0])[0] == "L":
            raise AdapterError(
                _("No installed font has the %(script)s letter “%(letter)s”.")
                % {"script": script.title(), "letter": cluster},
                permanent=True,
                hint=_("Install the Debian package %(package)s, or another font of that script.")
                % {"package": package},
            )
        return None

    @lru_cache(maxsize=512)  # noqa: B019 - libraries live as long as the process
    def _find(self, family: str, weight: str) -> Face | None:
        stem = family.replace(" ", "").lower()
        nearest = sorted(WEIGHTS, key=lambda name: abs(WEIGHTS.index(name) - _rank(weight)))
        for ending in (f"-{weight.lower()}", *(f"-{name.lower()}" for name in nearest), ""):
            path = self._files.get(stem + ending)
            if path and not _open(path).variable:
                return _open(path)
        return None

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Lower-case file names without ending. The first folder wins."""
        found: dict[str, Path] = {}
        for folder in self._folders:
            for where, _folders, names in os.walk(folder):
                for name in sorted(names):
                    stem, ending = os.path.splitext(name.lower())
                    if ending in {".ttf", ".otf", ".ttc"}:
                        found.setdefault(stem, Path(where) / name)
        return found


@lru_cache(maxsize=1)
def default_library() -> FontLibrary:
    """The fonts that came with the installation and the system's."""
    return FontLibrary()


def stage_fonts(fonts: Iterable[Path], folder: Path) -> Path:
    """Put copies of the fonts into a folder of their own and return it; libass reads all of what it is given there."""
    folder.mkdir(parents=True, exist_ok=True)
    for font in fonts:
        target = folder / font.name
        if not target.exists() or target.stat().st_size != font.stat().st_size:
            partial = folder / f".{uuid.uuid4().hex}.part"
            shutil.copyfile(font, partial)
            os.replace(partial, target)
    return folder


def _rank(weight: str) -> int:
    return WEIGHTS.index(weight) if weight in WEIGHTS else WEIGHTS.index("Bold")


def _script(cluster: str) -> str:
    """The first word of the first character's Unicode name: LATIN, MALAYALAM, CJK."""
    return unicodedata.name(cluster[0], "UNKNOWN").split()[0].split("-")[0]


def default_folders() -> list[Path]:
    """Where fonts are looked for: the packaged ones first, then the system's."""
    specs = [importlib.util.find_spec(name) for name in PACKAGED]
    packaged = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    return packaged + [Path(folder).expanduser() for folder in SYSTEM_FOLDERS]
