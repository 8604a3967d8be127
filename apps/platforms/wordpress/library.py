"""The files of a post in the site's media library, each uploaded once however often the post is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from apps.platforms.base import LinkCard, MediaFile, PublishRequest, Report
from apps.platforms.wordpress.content import Uploaded
from apps.platforms.wordpress.site import Site

CHUNK = 256 * 1024
# Where SEO plugins (Yoast, Rank Math, SEOPress) keep a canonical address, if the site opens the field to its API.
CANONICAL_FIELDS = ("_yoast_wpseo_canonical", "rank_math_canonical_url", "_seopress_robots_canonical")
# The same plugins' fields for title, description and image of a shared link. Without them the excerpt and the featured
# image stand there, which themes and plugins show by themselves.
CARD_FIELDS = (
    ("_yoast_wpseo_opengraph-title", "_yoast_wpseo_opengraph-description", "_yoast_wpseo_opengraph-image"),
    ("rank_math_facebook_title", "rank_math_facebook_description", "rank_math_facebook_image"),
    ("_seopress_social_fb_title", "_seopress_social_fb_desc", "_seopress_social_fb_img"),
)


@dataclass(frozen=True)
class Files:
    video: Uploaded | None = None
    poster: Uploaded | None = None
    captions: Uploaded | None = None
    pictures: tuple[Uploaded, ...] = ()

    def shared(self, picture: int | None) -> Uploaded | None:
        """The image of a shared link: the picture that was chosen, else the poster, else the first picture."""
        if picture is not None and picture < len(self.pictures):
            return self.pictures[picture]
        return self.poster or next(iter(self.pictures), None)


def upload(site: Site, request: PublishRequest, post: int, report: Report) -> Files:
    """Bring every file of the request into the library. Progress counts the bytes of all of them."""
    captions = request.captions if request.video else None
    wanted = [request.video, request.thumbnail, captions, *(picture.file for picture in request.pictures)]
    progress = _Progress(report, sum(file.size for file in wanted if file))

    def bring(file: MediaFile | None, alt: str = "") -> Uploaded | None:
        return _bring(site, file, request, post, alt, progress) if file else None

    return Files(
        video=bring(request.video),
        poster=bring(request.thumbnail, request.draft.title),
        captions=bring(captions),
        pictures=tuple(bring(picture.file, picture.alt) for picture in request.pictures),
    )


def canonical_fields(known: Any, source: str) -> dict[str, str]:
    """What to write so that the site names `source` as the original; nothing when no plugin's field is there."""
    if not source or not isinstance(known, Mapping):
        return {}
    return {name: source for name in CANONICAL_FIELDS if name in known}


def card_fields(known: Any, card: LinkCard, image: Uploaded | None) -> dict[str, str]:
    """What SEO plugins show of a shared link; only the fields that somebody filled in and that the site has."""
    if not isinstance(known, Mapping):
        return {}
    said = (card.title, card.description, image.url if image and card.picture is not None else "")
    pairs = [pair for names in CARD_FIELDS for pair in zip(names, said, strict=True)]
    return {name: value for name, value in pairs if value and name in known}


class _Progress:
    def __init__(self, report: Report, total: int) -> None:
        self._report, self._done, self._total = report, 0, total

    def add(self, size: int) -> None:
        self._done += size
        self._report.progress(self._done, self._total)


def _bring(site: Site, file: MediaFile, request: PublishRequest, post: int, alt: str, progress: _Progress) -> Uploaded:
    slug = f"rundown-{request.post_key.hex}-{file.sha256[:12]}"
    found = site.call("GET", "media", params={"slug": slug, "_fields": "id,source_url"})
    if found:
        progress.add(file.size)
        return Uploaded(found[0]["id"], found[0]["source_url"], alt)
    name = f"{slug}{PurePosixPath(file.name).suffix.lower()}"
    made = site.call(
        "POST",
        "media",
        params={"slug": slug, "title": request.draft.title, "alt_text": alt, "post": post, "_fields": "id,source_url"},
        headers={
            "Content-Type": file.content_type,
            "Content-Length": str(file.size),
            "Content-Disposition": f'attachment; filename="{name}"',
        },
        content=_chunks(file, progress),
    )
    return Uploaded(made["id"], made["source_url"], alt)


def _chunks(file: MediaFile, progress: _Progress) -> Iterator[bytes]:
    with file.open() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
            progress.add(len(chunk))
