"""The engines as this installation and a workspace's style configure them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from apps.engines.video.cards import CardStyle
from apps.engines.video.ffmpeg import FFmpeg
from apps.engines.video.lettering import Typeface
from apps.engines.voice.base import VoiceEngine
from apps.engines.voice.registry import ENGINES
from apps.renders.models import VideoStyle


def cache_dir(name: str) -> Path:
    """A folder of things made once; losing it costs time, never content."""
    folder = Path(settings.CACHE_ROOT) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_ffmpeg() -> FFmpeg:
    return FFmpeg.find(settings.FFMPEG_BINARY or None)


def voice_of(style: VideoStyle) -> VoiceEngine:
    return _loaded_voice(style.voice or settings.PIPER_VOICE)


@lru_cache(maxsize=2)
def _loaded_voice(name: str) -> VoiceEngine:
    """A voice stays loaded in the media worker: reading it takes longer than a sentence."""
    return ENGINES["piper"](
        name, cache_dir=cache_dir("voices"), voices_dir=settings.PIPER_VOICES_DIR, threads=settings.MEDIA_THREADS or 2
    )


def card_style(style: VideoStyle, typeface: Typeface) -> CardStyle:
    return CardStyle(accent=style.accent, typeface=typeface)
