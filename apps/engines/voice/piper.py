"""Piper voices, with the times of words taken from the model's own durations.

A voice as published does not tell them. Piper's patch marks the tensor that holds the duration of every phoneme as an
output; the patched copy is made once and kept in a cache directory under the hash of the voice.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import threading
import uuid
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from django.utils.translation import gettext as _
from piper import PiperVoice
from piper.config import PiperConfig, SynthesisConfig
from piper.const import BOS, EOS, PAD

from apps.common.errors import AdapterError

from .alignment import BREAK, Sound, word_spans
from .base import Speech, SpeechRequest
from .voices import find_voice

ENGINE = f"piper {importlib.metadata.version('piper-tts')} alignment 1"
ALIGNMENT_OUTPUTS = 2  # the sound, and the duration of every phoneme


class Piper:
    """One voice, loaded at its first sentence and kept; safe to share between threads.

    voice: path of an .onnx file, name in voices_dir, or empty for the packaged English voice. cache_dir: where the
    patched model is kept (as large as the voice). threads: of the inference session.
    """

    def __init__(
        self, voice: str | Path = "", *, cache_dir: Path, voices_dir: Path | None = None, threads: int = 2
    ) -> None:
        self._files = find_voice(voice, voices_dir)
        self._cache_dir = cache_dir
        self._threads = threads
        self._loading = threading.Lock()
        self._phonemes = lru_cache(maxsize=4096)(self._phonemise_word)

    @property
    def language(self) -> str:
        return str(self._files.config["espeak"]["voice"]).partition("-")[0]

    def fingerprint(self) -> str:
        return f"{ENGINE} {self._digest}"

    def synthesize(self, request: SpeechRequest) -> Speech:
        text = " ".join(request.words)
        chunks = [chunk for chunk in map(self._sayable, self._phonemise(text)) if chunk]
        if not chunks and any(character.isalpha() for character in text):
            raise AdapterError(
                _("The voice %(voice)s cannot pronounce “%(text)s”.")
                % {"voice": self._files.model.stem, "text": text[:80]},
                permanent=True,
                hint=_("Choose a voice of the text's language."),
            )
        parts, sounds = [np.zeros(0, np.float32)], []
        for phonemes in chunks:
            samples, heard = self._say(phonemes, request.speed, sum(map(len, parts)))
            parts.append(samples)
            sounds += [*heard, Sound(BREAK, heard[-1].end, heard[-1].end)]
        samples = np.clip(np.concatenate(parts) * 32767.0, -32768, 32767).astype(np.int16)
        rate = self._voice.config.sample_rate
        spans = word_spans([self._phonemes(word) for word in request.words], sounds)
        return Speech(samples, rate, tuple((float(start) / rate, float(end) / rate) for start, end in spans))

    def _say(self, phonemes: list[str], speed: float, offset: int) -> tuple[np.ndarray, list[Sound]]:
        """Samples in [-1, 1] and the phonemes with their times in samples, counted from `offset`."""
        settings = SynthesisConfig(length_scale=self._voice.config.length_scale / speed)
        ids = self._voice.phonemes_to_ids(phonemes)
        samples, durations = self._voice.phoneme_ids_to_audio(ids, settings, include_alignments=True)
        if len(durations) != len(ids):
            raise AdapterError(
                _("The voice %(voice)s timed %(timed)s of %(total)s phonemes.")
                % {"voice": self._files.model.stem, "timed": len(durations), "total": len(ids)},
                permanent=True,
            )
        return np.atleast_1d(samples), list(self._timed(phonemes, np.cumsum(durations), offset))

    def _timed(self, phonemes: list[str], ends: np.ndarray, offset: int) -> Iterator[Sound]:
        """Each phoneme from its own first id to the end of the padding after it."""
        ids = self._voice.config.phoneme_id_map
        padding = len(ids[PAD])
        position = len(ids[BOS]) + padding
        for phoneme in phonemes:
            start = ends[position - 1]
            position += len(ids[phoneme]) + padding
            yield Sound(phoneme, offset + start, offset + ends[position - 1])
        if position + len(ids[EOS]) != len(ends):
            raise AdapterError(
                _("The voice %(voice)s groups its phonemes in a way that cannot be timed.")
                % {"voice": self._files.model.stem},
                permanent=True,
            )

    def _sayable(self, phonemes: list[str]) -> list[str]:
        """Without phonemes the voice was never taught; empty when only marks and spaces are left."""
        known = [phoneme for phoneme in phonemes if phoneme in self._voice.config.phoneme_id_map]
        return known if any(phoneme[0].isalpha() for phoneme in known) else []

    def _phonemise(self, text: str) -> list[list[str]]:
        # Double brackets would be read as raw phonemes.
        plain = text.replace("[[", "[ [").replace("\0", " ")
        try:
            return self._voice.phonemize(plain)
        except RuntimeError as error:
            name = self._files.config["espeak"]["voice"]
            raise AdapterError(
                _("The language “%(name)s” of the voice %(voice)s is unknown to the phonemiser.")
                % {"name": name, "voice": self._files.model.stem},
                permanent=True,
                hint=_('Correct "espeak": {"voice": ...} in the voice\'s configuration.'),
            ) from error

    def _phonemise_word(self, word: str) -> tuple[str, ...]:
        return tuple(phoneme for group in self._phonemise(word) for phoneme in group)

    @cached_property
    def _digest(self) -> str:
        with self._files.model.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256")
        digest.update(repr(sorted(self._files.config.items(), key=lambda item: item[0])).encode())
        return digest.hexdigest()

    @property
    def _voice(self) -> PiperVoice:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> PiperVoice:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        # Threads that spin while they wait cost a fifth of the CPU and save no time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(
            str(self._patched_model()), sess_options=options, providers=["CPUExecutionProvider"]
        )
        if len(session.get_outputs()) != ALIGNMENT_OUTPUTS:
            raise AdapterError(
                _("The voice %(voice)s does not tell when its phonemes are heard.") % {"voice": self._files.model.stem},
                permanent=True,
                hint=_("Captions need it: choose another Piper voice."),
            )
        return PiperVoice(session=session, config=PiperConfig.from_dict(self._files.config))

    def _patched_model(self) -> Path:
        patched = self._cache_dir / f"{self._digest}.onnx"
        if not patched.is_file():
            self._cache_dir.mkdir(parents=True, exist_ok=True)
            partial = patched.with_name(f".{uuid.uuid4().hex}.part")
            try:
                partial.write_bytes(_with_durations(self._files.model))
                os.replace(partial, patched)
            finally:
                partial.unlink(missing_ok=True)
        return patched


def _with_durations(model: Path) -> bytes:
    """The model with its phoneme durations as a second output; unchanged when it has them or cannot have them."""
    # Only when a voice is seen for the first time: importing onnx takes longer than a sentence.
    import onnx
    from google.protobuf.message import DecodeError
    from piper.patch_voice_with_alignment import add_alignment_output

    try:
        graph = onnx.load(str(model))
    except DecodeError as error:
        raise AdapterError(
            _("%(model)s is not an ONNX model.") % {"model": model}, permanent=True, hint=_("Fetch the voice again.")
        ) from error
    try:
        add_alignment_output(graph)
    except ValueError:  # patched before, or without durations: the session's outputs tell which
        return model.read_bytes()
    return graph.SerializeToString()
