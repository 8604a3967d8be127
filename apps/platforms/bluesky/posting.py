"""One post: its record, its facets and what is embedded in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from atproto_client.models.utils import get_model_as_dict
from atproto_client.utils import facet_detection

from apps.common.errors import AdapterError
from apps.platforms.base import (
    MediaFile,
    NeedsLogin,
    OutcomeUnknown,
    Picture,
    PlatformConfig,
    PublishRequest,
    PublishResult,
    Report,
)
from apps.platforms.bluesky import video
from apps.platforms.bluesky.client import POSTS, Client, asked
from apps.platforms.bluesky.keys import record_key
from apps.platforms.bluesky.pictures import fit
from apps.platforms.shape import shape_of

_CHUNK = 256 * 1024
_MOST_CAPTIONS = 20_000
# More images than these are a gallery, which apps and servers of before June 2026 do not know.
_MOST_IMAGES = 4


class Posting:
    def __init__(
        self, client: Client, request: PublishRequest, text: str, report: Report, config: PlatformConfig
    ) -> None:
        self._client, self._request, self._text = client, request, text
        self._report, self._config = report, config
        self._key = record_key(request.post_key)

    def publish(self) -> PublishResult:
        """The post under its key, made now or by an earlier call."""
        earlier = self._find()
        if earlier:
            return earlier
        record = self._record()
        try:
            with asked(changes=True):
                data = {"repo": self._client.did, "collection": POSTS, "rkey": self._key, "record": record}
                made = self._client.api.com.atproto.repo.create_record(data)
                return self._result(made.uri)
        except OutcomeUnknown:
            # A server that has the key already says so by an error of its own making.
            found = self._find_quietly()
            if found:
                return found
            raise

    def _find(self) -> PublishResult | None:
        try:
            with asked(changes=False):
                params = {"repo": self._client.did, "collection": POSTS, "rkey": self._key}
                return self._result(self._client.api.com.atproto.repo.get_record(params).uri)
        except NeedsLogin:
            raise
        except AdapterError as error:
            if error.permanent:
                return None
            raise

    def _find_quietly(self) -> PublishResult | None:
        try:
            return self._find()
        except AdapterError:
            return None

    def _result(self, uri: str) -> PublishResult:
        address = f"https://bsky.app/profile/{self._client.did}/post/{self._key}"
        return PublishResult(external_id=uri, url=address)

    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "$type": POSTS,
            "text": self._text,
            "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if self._request.draft.language:
            record["langs"] = [self._request.draft.language]
        facets = self._facets()
        if facets:
            record["facets"] = facets
        embed = self._embed()
        if embed:
            record["embed"] = embed
        return record

    def _facets(self) -> list[dict[str, Any]]:
        """Links, tags and mentions, by their places in the UTF-8 of the text."""
        facets = [get_model_as_dict(facet) for facet in facet_detection.detect_facets(self._text)]
        dids: dict[str, str | None] = {}
        for mention in facet_detection.detect_mentions(self._text):
            handle = mention.handle.lower()
            if handle not in dids:
                dids[handle] = self._client.resolve(handle)
            if dids[handle]:
                facets.append(
                    {
                        "$type": "app.bsky.richtext.facet",
                        "index": {"byteStart": mention.byte_start, "byteEnd": mention.byte_end},
                        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": dids[handle]}],
                    }
                )
        return sorted(facets, key=lambda facet: facet["index"]["byteStart"])

    def _embed(self) -> dict[str, Any] | None:
        if self._request.video:
            return self._video(self._request.video)
        if self._request.pictures:
            return _shown([self._image(picture) for picture in self._request.pictures])
        if self._request.canonical_url:
            return self._card(self._request.canonical_url)
        return None

    def _image(self, picture: Picture) -> dict[str, Any]:
        fitted = fit(picture.file)
        return {
            "image": self._upload(fitted.content, fitted.content_type, len(fitted.content)),
            "alt": picture.alt,
            "aspectRatio": {"width": fitted.width, "height": fitted.height},
        }

    def _card(self, address: str) -> dict[str, Any]:
        draft = self._request.draft
        external: dict[str, Any] = {"uri": address, "title": draft.title or address, "description": ""}
        if self._request.thumbnail:
            fitted = fit(self._request.thumbnail)
            external["thumb"] = self._upload(fitted.content, fitted.content_type, len(fitted.content))
        return {"$type": "app.bsky.embed.external", "external": external}

    def _video(self, file: MediaFile) -> dict[str, Any]:
        service = self._request.settings.get("video_service", video.SERVICE)
        if service:
            blob = video.upload(self._client, service, self._request, self._config, self._read(file))
        else:
            self._client.identity()  # the server may want a call to be made anew, and a stream is read only once
            blob = self._upload(self._read(file), "video/mp4", file.size)
        embed: dict[str, Any] = {"$type": "app.bsky.embed.video", "video": blob}
        if self._request.draft.title:
            embed["alt"] = self._request.draft.title[:1000]
        if shape := shape_of(file):
            embed["aspectRatio"] = {"width": shape[0], "height": shape[1]}
        captions = self._request.captions
        if captions and captions.size <= _MOST_CAPTIONS:
            with captions.open() as stream:
                blob = self._upload(stream.read(), "text/vtt", captions.size)
            embed["captions"] = [{"lang": self._request.draft.language or "en", "file": blob}]
        return embed

    def _read(self, file: MediaFile) -> Iterator[bytes]:
        done = 0
        with file.open() as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
                done += len(chunk)
                self._report.progress(done, file.size)

    def _upload(self, content: bytes | Iterator[bytes], content_type: str, size: int) -> dict[str, Any]:
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        with asked(changes=False):
            answer = self._client.api.com.atproto.repo.upload_blob(None, content=content, headers=headers)
            return get_model_as_dict(answer.blob)


def _shown(images: list[dict[str, Any]]) -> dict[str, Any]:
    if len(images) <= _MOST_IMAGES:
        return {"$type": "app.bsky.embed.images", "images": images}
    items = [{"$type": "app.bsky.embed.gallery#image", **image} for image in images]
    return {"$type": "app.bsky.embed.gallery", "items": items}
