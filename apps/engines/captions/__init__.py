"""Captions: timed words become styled ASS for the burn-in, and WebVTT or SRT for players."""

from .ass import Captions, build_ass, build_captions
from .fonts import FontLibrary, default_folders, stage_fonts
from .styles import PRESETS, CaptionStyle
from .tracks import build_srt, build_vtt

__all__ = [
    "PRESETS",
    "CaptionStyle",
    "Captions",
    "FontLibrary",
    "build_ass",
    "build_captions",
    "build_srt",
    "build_vtt",
    "default_folders",
    "stage_fonts",
]
