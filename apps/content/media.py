"""What everything that makes files shares: ffmpeg, a folder of things made once, and stored files as local ones."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db.models.fields.files import FieldFile

from apps.engines.video.ffmpeg import FFmpeg


def cache_dir(name: str) -> Path:
    """A folder of things made once; losing it costs time, never content."""
    folder = Path(settings.CACHE_ROOT) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_ffmpeg() -> FFmpeg:
    return FFmpeg.find(settings.FFMPEG_BINARY or None)


@contextmanager
def local_file(stored: FieldFile) -> Iterator[Path]:
    """A stored file as a path that ffmpeg can read: itself where files are in a folder, else a copy for the while."""
    try:
        path = Path(stored.path)
    except NotImplementedError:  # a storage elsewhere
        with tempfile.NamedTemporaryFile(suffix=Path(stored.name).suffix) as copy, stored.open("rb") as source:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            yield Path(copy.name)
    else:
        yield path
