from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.platforms.base import Connection, PublishRequest
from apps.platforms.youtube.adapter import YoutubePlatform
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import file_of
from tests.servers.youtube_server import YouTube


class TestYouTube(PlatformConformance):
    @pytest.fixture
    def case(self, youtube: YouTube, platform: YoutubePlatform, a_post: Callable[..., PublishRequest]) -> Case:
        def unreachable(url: str) -> tuple[YoutubePlatform, PublishRequest]:
            platform.api = url
            return platform, request

        def revoked() -> Connection:
            youtube.revoked = True
            return request.connection

        request = a_post(hashtags=("sea",))
        captions = file_of(b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves.\n", "text/vtt")
        return Case(
            platform=platform,
            request=request,
            published=lambda title: len(youtube.titled(title)),
            unreachable=unreachable,
            revoked=revoked,
            posted_text=lambda result: youtube.videos[result.external_id]["snippet"]["description"],
            captioned=replace(request, captions=captions),
            captions=lambda result: youtube.videos[result.external_id]["captions"][1],
        )
