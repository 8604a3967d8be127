"""The feed platform: Rundown's own public pages, reached over HTTP like any other platform."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import AdapterError, NotFound
from apps.platforms import http
from apps.platforms.base import (
    Capability,
    Connection,
    Draft,
    Limits,
    MediaFile,
    OutcomeUnknown,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
)


class FeedPlatform(Platform):
    slug = "feed"
    label = _("Feed")
    capability = Capability.KEY
    own_title = True
    pictures_beside_video = True
    limits = Limits(
        as_of=date(2026, 11, 1), title=300, text=10_000, hashtags=30, pictures=20, source="apps/platforms/feed"
    )
    metrics = ("views",)
    timeout = 30.0
    provision = "apps.platforms.feed.services.open_feed"

    def page_of(self, account: str) -> str:
        return f"{self.config.site_url}/feeds/{quote(account)}/"

    def compose(self, draft: Draft) -> str:
        return draft.text

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        with self._client(request.account, request.credentials["key"], request.timeout) as client:
            response = http.send(client, "PUT", str(request.post_key), json=_body(request))
        try:
            answer = response.json()
            return PublishResult(external_id=answer["id"], url=answer["url"])
        except (ValueError, KeyError) as error:
            raise OutcomeUnknown(_now("The feed's answer could not be read."), reason=response.text[:200]) from error

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        with self._client(connection.account, connection.credentials["key"], 30.0) as client:
            answer = http.exchange(client, "GET", external_id, changes=False)
        if answer.status_code == 404:
            raise NotFound(_("The entry is gone."))
        if not answer.is_success:
            raise AdapterError(_("The feed did not answer."), reason=f"HTTP {answer.status_code}")
        return {"views": int(answer.json()["views"])}

    def _client(self, account: str, key: str, timeout: float) -> Any:
        headers = {"Authorization": f"Bearer {key}", "User-Agent": self.config.user_agent}
        address = f"{self.config.internal_url}/feeds/ingest/{quote(account)}/"
        return http.client(timeout=timeout, headers=headers, base_url=address)


def _body(request: PublishRequest) -> dict[str, Any]:
    draft = request.draft
    return {
        "title": draft.title,
        "text": draft.text,
        "hashtags": list(draft.hashtags),
        "language": draft.language,
        "part": draft.part,
        "parts_total": draft.parts_total,
        "card": {"title": draft.card.title, "description": draft.card.description, "picture": draft.card.picture},
        "series": request.series,
        "duration": draft.duration,
        "video": _file(request.video),
        "thumbnail": _file(request.thumbnail),
        "captions": _file(request.captions),
        "pictures": [
            {**_file(picture.file), "alt": picture.alt, "type": picture.file.content_type}
            for picture in request.pictures
        ],
    }


def _file(file: MediaFile | None) -> dict[str, Any] | None:
    return {"name": file.name, "size": file.size, "sha256": file.sha256} if file else None
