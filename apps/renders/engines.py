"""The engines as this installation and a workspace's style configure them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.common.errors import Invalid
from apps.content.media import cache_dir
from apps.engines.captions import PRESETS, CaptionStyle, FontLibrary, default_folders, stage_fonts
from apps.engines.video.cards import CardStyle
from apps.engines.video.lettering import Typeface
from apps.engines.voice.base import VoiceEngine
from apps.engines.voice.registry import ENGINES
from apps.renders.models import VideoStyle

CARD_FONT = "Poppins"


def voice_of(style: VideoStyle) -> VoiceEngine:
    return _loaded_voice(style.voice or settings.PIPER_VOICE)


@lru_cache(maxsize=2)
def _loaded_voice(name: str) -> VoiceEngine:
    """A voice stays loaded in the media worker: reading it takes longer than a sentence."""
    return ENGINES["piper"](
        name, cache_dir=cache_dir("voices"), voices_dir=settings.PIPER_VOICES_DIR, threads=settings.MEDIA_THREADS or 2
    )


@dataclass(frozen=True)
class Look:
    """A style made ready for the engines. fonts_dir: the folder that libass may load the fonts from."""

    captions: CaptionStyle
    cards: CardStyle
    speed: float
    fonts_dir: Path


def look_of(style: VideoStyle) -> Look:
    """Raises Invalid when the style names a preset that does not exist, or a value that no caption can have."""
    preset = PRESETS.get(style.caption_preset)
    if preset is None:
        raise Invalid(
            _("There is no caption preset called “%(name)s”.") % {"name": style.caption_preset},
            hint=_("Choose one of: %(names)s.") % {"names": ", ".join(PRESETS)},
        )
    changes: dict[str, Any] = {}
    if style.font:
        changes["font"] = style.font
    if style.outline is not None:
        changes["outline"] = style.outline
    captions = replace(preset, **changes)
    card_face = font_library().face(CARD_FONT, "Bold")
    fonts = stage_fonts([card_face.path], cache_dir("fonts"))
    typeface = Typeface(family=CARD_FONT, bold=True, fonts_dir=fonts)
    return Look(captions, CardStyle(accent=style.accent, typeface=typeface), style.speed, fonts)


@lru_cache(maxsize=1)
def font_library() -> FontLibrary:
    """The packaged fonts, the system's, and those of FONTS_DIR."""
    return FontLibrary([*default_folders(), *([settings.FONTS_DIR] if settings.FONTS_DIR else [])])
