from __future__ import annotations

from dataclasses import replace

import pytest

from apps.platforms.base import Connection, Picture
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import image, post


class TestMastodon(PlatformConformance):
    @pytest.fixture
    def case(self, server, platform, credentials) -> Case:
        request = post(credentials, text="A day at sea", hashtags=("sea",))

        def published(text: str) -> int:
            return [server.source(each["id"]).partition("\n")[0] for each in server.statuses()].count(text)

        def alt_texts(result) -> list[str]:
            status = next(each for each in server.statuses() if each["id"] == result.external_id)
            return [media["description"] for media in status["media_attachments"]]

        pictures = (Picture(image(), "A wave"), Picture(image(30, 30), "തിര"))
        return Case(
            platform=platform,
            request=request,
            published=published,
            unreachable=lambda url: (platform, replace(request, credentials={**credentials, "server": url})),
            revoked=lambda: Connection("me", {**credentials, "access_token": "a-token-that-was-revoked"}),
            posted_text=lambda result: server.source(result.external_id),
            illustrated=replace(request, pictures=pictures),
            alt_texts=alt_texts,
        )
