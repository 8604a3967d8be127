"""Whisper by faster-whisper: CTranslate2, eight-bit weights, and a detector that leaves silence out."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.engines.speech.base import HeardWord, HearingRequest, OnProgress, ShouldStop, Stopped, Transcript
from apps.engines.speech.languages import check_language
from apps.engines.speech.models import find_model
from apps.engines.speech.sound import audible


class FasterWhisper:
    """model: the folder of a CTranslate2 model, "" for a packaged one. threads: one is fastest on a busy machine."""

    def __init__(self, model: str = "", *, cache_dir: Path, threads: int = 1) -> None:
        self._path = find_model(model, cache_dir=cache_dir)
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        from faster_whisper import WhisperModel  # a second of imports that only the media worker needs

        try:
            self._model = WhisperModel(
                str(self._path), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise AdapterError(
                _("The speech model at %(path)s cannot be read.") % {"path": self._path},
                permanent=True,
                hint=_("Check SPEECH_MODEL."),
            ) from error

    @property
    def english_only(self) -> bool:
        return not self._model.model.is_multilingual

    def fingerprint(self) -> str:
        size = (self._path / "model.bin").stat().st_size
        return f"faster_whisper:{self._path.name}:{size}"

    def transcribe(
        self, request: HearingRequest, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
    ) -> Transcript:
        check_language(request.language, english_only=self.english_only)
        heard: list[HeardWord] = []
        segments, info = self._model.transcribe(
            request.samples,
            language=request.language or None,
            word_timestamps=True,
            vad_filter=True,
            beam_size=3,
            condition_on_previous_text=False,  # a mistake stays where it was made
        )
        for segment in segments:
            if should_stop and should_stop():
                raise Stopped
            words = segment.words or ()
            heard += [HeardWord(word.word, word.start, word.end, word.probability) for word in words]
            if on_progress and request.seconds:
                on_progress(min(segment.end / request.seconds, 0.99))
        if on_progress:
            on_progress(1.0)
        sure = 1.0 if request.language or self.english_only else float(info.language_probability)
        return Transcript(info.language, round(sure, 3), audible(heard, request.samples))

    def close(self) -> None:
        self._model.model.unload_model()
        del self._model
        gc.collect()

    def __enter__(self) -> FasterWhisper:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
