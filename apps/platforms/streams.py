"""Files on their way to a platform."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO


class Counted(io.RawIOBase):
    """A stream that tells how much of it was read. told: the bytes of each read, as HTTP clients send them."""

    def __init__(self, stream: BinaryIO, told: Callable[[int], None]) -> None:
        self._stream, self._told = stream, told

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self._told(len(chunk))
        return chunk

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()
