from __future__ import annotations

from dataclasses import replace

import pytest

from apps.platforms.base import Connection, Picture
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import file_of, image, post

VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves.\n"
OTHER = "whsec_YW5vdGhlci1zZWNyZXQtdGhhdC1ub2JvZHkta25vd3M="


class TestWebhook(PlatformConformance):
    @pytest.fixture
    def case(self, receiver, platform, credentials) -> Case:
        request = post(credentials, title="A day at sea", text="Waves.", hashtags=("sea",))

        def received(result) -> str:
            return list(receiver.posts)[int(result.external_id.removeprefix("post-")) - 1]

        return Case(
            platform=platform,
            request=request,
            published=lambda title: [each["title"] for each in receiver.posts.values()].count(title),
            unreachable=lambda url: (platform, replace(request, credentials={**credentials, "url": url})),
            revoked=lambda: Connection("me", {**credentials, "secret": OTHER}),
            posted_text=lambda result: receiver.posts[received(result)]["text"],
            illustrated=replace(request, pictures=(Picture(image(), "A wave"), Picture(image(9, 9), "തിര"))),
            alt_texts=lambda result: [each["alt"] for each in receiver.posts[received(result)]["files"]],
            captioned=replace(request, captions=file_of(VTT, "text/vtt")),
            captions=lambda result: receiver.files[received(result), "captions"],
        )
