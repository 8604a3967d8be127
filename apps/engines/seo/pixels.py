"""How wide a title is in search results, which set it in Arial at 20 pixels."""

from __future__ import annotations

import unicodedata

from apps.common.text.words import graphemes

_SIZE = 20
# Advance widths of Arial in thousandths of its size, by the characters that have them.
_WIDTHS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "-()`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvsxyz",
    556: "#$0123456789?L_abdeghnopqu–",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1000: "—…",
    1015: "@",
}
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters} | {"‘": 222, "’": 222}
_NARROW, _WIDE = 560, 1000


def title_pixels(title: str) -> int:
    """The width in pixels; letters outside Latin count as an average one, and as a square in East Asian scripts."""
    return round(sum(_width(grapheme) for grapheme in graphemes(title)) * _SIZE / 1000)


def _width(grapheme: str) -> int:
    base = unicodedata.normalize("NFD", grapheme)[0]
    if base in _WIDTH:
        return _WIDTH[base]
    return _WIDE if unicodedata.east_asian_width(base) in "WF" else _NARROW
