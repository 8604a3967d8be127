"""What is sent: JSON, and with files a multipart/form-data of the JSON and the files, the same bytes at every try."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.platforms.base import MediaFile, PublishRequest

_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Body:
    """pieces: bytes, and files that are read when their turn comes."""

    content_type: str
    pieces: tuple[bytes | MediaFile, ...]

    @property
    def size(self) -> int:
        return sum(piece.size if isinstance(piece, MediaFile) else len(piece) for piece in self.pieces)

    def read(self, progress: Callable[[int, int], None] | None = None) -> Iterator[bytes]:
        """From the beginning. progress: told bytes read, and of how many."""
        done, size = 0, self.size
        for chunk in self._chunks():
            yield chunk
            done += len(chunk)
            if progress:
                progress(done, size)

    def _chunks(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            with piece.open() as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk


def json_body(content: dict[str, Any]) -> Body:
    return Body("application/json", (json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(),))


def post_body(request: PublishRequest, text: str) -> Body:
    """The post. text: as it is to be published."""
    files = _files(request)
    described = json_body({"type": "post.publish", "data": _described(request, text, files)})
    if not files:
        return described
    boundary = f"rundown-{request.post_key.hex}"
    pieces: list[bytes | MediaFile] = [_head(boundary, "post", "", described.content_type), *described.pieces]
    for name, file, _alt in files:
        kind = file.content_type.rpartition("/")[2].partition("+")[0]
        pieces += [b"\r\n", _head(boundary, name, f"{name}.{kind}", file.content_type), file]
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return Body(f"multipart/form-data; boundary={boundary}", tuple(pieces))


def _head(boundary: str, name: str, filename: str, content_type: str) -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    lines = [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"{named}', f"Content-Type: {content_type}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _files(request: PublishRequest) -> list[tuple[str, MediaFile, str]]:
    """Name in the form, file, and its words for those who cannot see it."""
    single = (("video", request.video), ("thumbnail", request.thumbnail), ("captions", request.captions))
    files = [(name, file, "") for name, file in single if file]
    return files + [(f"picture-{n}", picture.file, picture.alt) for n, picture in enumerate(request.pictures, 1)]


def _described(request: PublishRequest, text: str, files: list[tuple[str, MediaFile, str]]) -> dict[str, Any]:
    draft = request.draft
    return {
        "id": str(request.post_key),
        "account": request.account,
        "title": draft.title,
        "text": text,
        "hashtags": list(draft.hashtags),
        "language": draft.language,
        "series": request.series,
        "part": draft.part,
        "parts_total": draft.parts_total,
        "canonical_url": request.canonical_url,
        "duration": draft.duration,
        "files": [
            {"name": name, "content_type": file.content_type, "size": file.size, "sha256": file.sha256, "alt": alt}
            for name, file, alt in files
        ],
    }
