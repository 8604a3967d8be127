"""The shape of a video, from an MP4's own headers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from apps.platforms.base import MediaFile

# A header larger than this is no header.
_MOST = 1 << 20


def shape_of(video: MediaFile) -> tuple[int, int] | None:
    """Width and height in pixels, as the picture is shown; None when the file does not say."""
    try:
        with video.open() as stream:
            return next(((width, height) for width, height in _tracks(stream) if width and height), None)
    except (struct.error, OSError):
        return None


def _tracks(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Width and height as displayed, of each track; sound has none."""
    size = stream.seek(0, 2)
    for _kind, start, end in _boxes(stream, 0, size, b"moov"):
        for _kind, inner, inner_end in _boxes(stream, start, end, b"trak"):
            for _kind, head, head_end in _boxes(stream, inner, inner_end, b"tkhd"):
                stream.seek(head)
                content = stream.read(min(head_end - head, _MOST))
                # The last of it: a 3x3 matrix of nine words, then width and height in 16.16.
                a, b = struct.unpack(">ii", content[-44:-36])
                width, height = (size >> 16 for size in struct.unpack(">II", content[-8:]))
                yield (height, width) if abs(b) > abs(a) else (width, height)


def _boxes(stream: BinaryIO, start: int, end: int, wanted: bytes) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        stream.seek(start)
        size, kind = struct.unpack(">I4s", stream.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", stream.read(8))
            head = 16
        size = size or end - start
        if size < head:
            return
        if kind == wanted:
            yield kind, start + head, min(start + size, end)
        start += size
