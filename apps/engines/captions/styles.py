"""How captions look: named presets, each field of which a workspace may replace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from apps.common.errors import Invalid

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

Highlight = Literal["colour", "box", "bright"]


@dataclass(frozen=True)
class CaptionStyle:
    """A caption style; lengths are pixels of a frame whose shorter side is 1080.

    font, weight: family and weight as font files name them ("Poppins", "ExtraBold"). letter_height: of a capital
    letter, so that fonts of different make appear equally large. position: middle of the captions, 0 top to 1 bottom of
    the safe area. highlight: the current word changes colour, stands in a box, or stays bright while others dim.
    pop: a group grows into place. Colours are #RRGGBB. Raises Invalid, with the field's name in details.
    """

    font: str = "Poppins"
    weight: str = "Bold"
    letter_height: float = 60
    colour: str = "#FFFFFF"
    highlight: Highlight = "colour"
    highlight_colour: str = "#FFD60A"
    outline_colour: str = "#000000"
    outline: float = 6
    shadow: float = 2
    position: float = 0.6
    max_words: int = 4
    uppercase: bool = False
    pop: bool = False

    def __post_init__(self) -> None:
        wrong = {
            name: [f"{value!r} is not a colour such as #FFD60A."]
            for name in ("colour", "highlight_colour", "outline_colour")
            if not COLOUR.fullmatch(value := getattr(self, name))
        }
        for name, least, most in (
            ("letter_height", 16, 160),
            ("outline", 0, 24),
            ("shadow", 0, 24),
            ("position", 0, 1),
            ("max_words", 1, 4),
        ):
            if not least <= getattr(self, name) <= most:
                bounds = {"value": getattr(self, name), "least": least, "most": most}
                wrong[name] = [_("%(value)s is not between %(least)s and %(most)s.") % bounds]
        if wrong:
            raise Invalid(_("The caption style is not valid."), **wrong)


PRESETS: dict[str, CaptionStyle] = {
    "bold-pop": CaptionStyle(
        weight="ExtraBold", letter_height=66, highlight_colour="#FFD60A", outline=8, shadow=3, uppercase=True, pop=True
    ),
    "clean": CaptionStyle(weight="SemiBold", letter_height=54, highlight_colour="#5CE1E6", outline=4, shadow=2),
    "karaoke-box": CaptionStyle(
        letter_height=58, highlight="box", highlight_colour="#6C3BFF", outline=5, shadow=0, max_words=3
    ),
    "minimal": CaptionStyle(
        weight="Medium",
        letter_height=44,
        highlight="bright",
        outline=2,
        shadow=1,
        position=0.85,
        outline_colour="#101418",
    ),
    "headline": CaptionStyle(
        font="Anton",
        weight="Regular",
        letter_height=92,
        highlight_colour="#FF5A36",
        outline=6,
        max_words=3,
        uppercase=True,
    ),
}
