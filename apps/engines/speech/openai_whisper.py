"""Whisper by OpenAI's own package and torch: for those who have them, or a card to run them on."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.engines.speech.base import (
    SAMPLE_RATE,
    HeardWord,
    HearingRequest,
    OnProgress,
    ShouldStop,
    Stopped,
    Transcript,
)
from apps.engines.speech.languages import check_language
from apps.engines.speech.sound import audible, loudness, windows

# A model that was not told where its cross-attention follows the sound is known by its measure: layers, width, words.
NAMES = {
    (4, 384, 51_864): "tiny.en",
    (4, 384, 51_865): "tiny",
    (6, 512, 51_864): "base.en",
    (6, 512, 51_865): "base",
    (12, 768, 51_864): "small.en",
    (12, 768, 51_865): "small",
    (24, 1024, 51_864): "medium.en",
    (24, 1024, 51_865): "medium",
    (32, 1280, 51_865): "large-v2",
    (32, 1280, 51_866): "large-v3",
    (4, 1280, 51_866): "large-v3-turbo",
}
NOTHING_THERE = 0.002  # root mean square of a window that is not worth asking about


class OpenAIWhisper:
    """model: the file of a checkpoint (.pt). download: let the package fetch a model by name instead."""

    def __init__(self, model: str = "", *, cache_dir: Path, threads: int = 1, download: bool = False) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        torch, whisper = _packages()
        torch.set_num_threads(threads)
        path = Path(model).expanduser() if model else None
        if path is None or not path.is_file():
            path = self._fetched(whisper, model, cache_dir, download)
        self._path = path
        try:
            self._model = whisper.load_model(str(path), device="cpu")
        except (RuntimeError, KeyError, ValueError, OSError) as error:
            raise AdapterError(
                _("The speech model at %(path)s cannot be read.") % {"path": path},
                permanent=True,
                hint=_("Check SPEECH_MODEL."),
            ) from error
        dims = self._model.dims
        name = NAMES.get((dims.n_text_layer, dims.n_text_state, dims.n_vocab))
        if name:
            self._model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
        self._transcribe = whisper.transcribe
        self._detect = lambda mel: whisper.detect_language(self._model, mel)
        self._mel = lambda samples: whisper.log_mel_spectrogram(
            whisper.pad_or_trim(samples), n_mels=self._model.dims.n_mels
        )

    @staticmethod
    def _fetched(whisper: Any, model: str, cache_dir: Path, download: bool) -> Path:
        if not download or model not in whisper.available_models():
            raise AdapterError(
                _("There is no speech model at “%(model)s”.") % {"model": model},
                permanent=True,
                hint=_(
                    "Set SPEECH_MODEL to the file of a Whisper checkpoint, or SPEECH_DOWNLOAD to fetch one by name."
                ),
            )
        return Path(whisper._download(whisper._MODELS[model], str(cache_dir), False))

    @property
    def english_only(self) -> bool:
        return not self._model.is_multilingual

    def fingerprint(self) -> str:
        return f"openai_whisper:{self._path.name}:{self._path.stat().st_size}"

    def transcribe(
        self, request: HearingRequest, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
    ) -> Transcript:
        check_language(request.language, english_only=self.english_only)
        language, sure = self._language(request)
        heard: list[HeardWord] = []
        # A window at a time: the package itself tells nothing before it is done.
        for start, end in windows(request.samples):
            if should_stop and should_stop():
                raise Stopped
            heard += self._window(request, start, end, language)
            if on_progress:
                on_progress(min(end / len(request.samples), 0.99))
        if on_progress:
            on_progress(1.0)
        return Transcript(language, round(sure, 3), audible(heard, request.samples))

    def _language(self, request: HearingRequest) -> tuple[str, float]:
        if request.language or self.english_only:
            return request.language or "en", 1.0
        spoken = next(
            (request.samples[a:b] for a, b in windows(request.samples) if _has_sound(request.samples[a:b])),
            request.samples,
        )
        _tokens, chances = self._detect(self._mel(spoken))
        language = max(chances, key=chances.__getitem__)
        return language, float(chances[language])

    def _window(self, request: HearingRequest, start: int, end: int, language: str) -> list[HeardWord]:
        samples = request.samples[start:end]
        if not _has_sound(samples):
            return []
        answer = self._transcribe(
            self._model,
            samples,
            language=language,
            word_timestamps=True,
            condition_on_previous_text=False,
            hallucination_silence_threshold=2.0,
            fp16=False,
            verbose=None,
        )
        offset = start / SAMPLE_RATE
        return [
            HeardWord(word["word"], word["start"] + offset, word["end"] + offset, word["probability"])
            for segment in answer["segments"]
            for word in segment["words"]
        ]

    def close(self) -> None:
        del self._model
        gc.collect()

    def __enter__(self) -> OpenAIWhisper:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _packages() -> tuple[Any, Any]:
    try:
        import torch  # gigabytes, and only for those who chose this engine
        import whisper
    except ImportError as error:
        raise AdapterError(
            _("The engine “openai_whisper” is not installed."),
            permanent=True,
            hint=_("Run: pip install -r requirements/full.txt, or choose faster_whisper."),
        ) from error
    return torch, whisper


def _has_sound(samples: Any) -> bool:
    return bool(loudness(samples).max() > NOTHING_THERE)
