"""Sentences that were said before, by the content that made them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import uuid
import zipfile
import zlib
from pathlib import Path

import numpy as np

from .base import Speech, SpeechRequest, VoiceEngine

UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


def speech_key(voice: VoiceEngine, request: SpeechRequest) -> str:
    """A hash of all that decides the sound: voice, engine version, speed and words. 64 hexadecimal digits."""
    return hashlib.sha256(
        json.dumps([voice.fingerprint(), round(request.speed, 4), request.words]).encode()
    ).hexdigest()


class SpeechCache:
    """A folder of spoken sentences. Writers may race: an entry appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> Speech | None:
        """The sentence, or None when it was never said or its file is damaged."""
        try:
            with self._path(key).open("rb") as handle, np.load(handle, allow_pickle=False) as entry:
                spans = tuple((float(start), float(end)) for start, end in entry["spans"])
                return Speech(entry["samples"], int(entry["sample_rate"]), spans)
        except UNREADABLE:
            return None

    def save(self, key: str, speech: Speech) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with partial.open("wb") as handle:
                np.savez(
                    handle,
                    samples=speech.samples,
                    sample_rate=speech.sample_rate,
                    spans=np.array(speech.spans, np.float64).reshape(-1, 2),
                )
            os.replace(partial, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npz"
