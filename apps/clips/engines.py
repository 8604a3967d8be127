"""The recogniser as this installation configures it."""

from __future__ import annotations

from django.conf import settings

from apps.content.media import cache_dir
from apps.engines.speech.base import SpeechEngine
from apps.engines.speech.registry import SPEECH_ENGINES
from apps.engines.video.probe import ProbeLimits

MOST_PIXELS = 4096 * 2304


def open_recogniser() -> SpeechEngine:
    """A model in memory; use it in a `with`. Only media workers may: importing it alone takes seconds."""
    options = {"download": True} if settings.SPEECH_DOWNLOAD and settings.SPEECH_ENGINE == "openai_whisper" else {}
    return SPEECH_ENGINES[settings.SPEECH_ENGINE](
        settings.SPEECH_MODEL, cache_dir=cache_dir("speech-models"), **options
    )


def clip_limits() -> ProbeLimits:
    return ProbeLimits(
        file_size=settings.CLIPS_MAX_BYTES, seconds=settings.CLIPS_MAX_SECONDS, pixels=MOST_PIXELS, fps=121
    )
