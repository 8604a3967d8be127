from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from apps.platforms.base import Connection, Picture
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import file_of, image, post
from tests.servers import pds_server

VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves.\n"


class TestBluesky(PlatformConformance):
    @pytest.fixture
    def case(self, home, platform) -> Case:
        # The PDS keeps what other tests have posted.
        request = post(home.credentials, text=f"A day at sea {uuid.uuid4().hex[:8]}", hashtags=("sea",))
        request = replace(request, settings={"video_service": ""})
        film = file_of(b"\0\0\0\x18ftypmp42 a short film", "video/mp4")
        pictures = (Picture(image(), "A wave"), Picture(image(30, 30), "തിര"))

        def captions(result) -> bytes:
            (track,) = home.record(result.external_id)["embed"]["captions"]
            return home.server.blob(track["file"]["ref"]["$link"])

        return Case(
            platform=platform,
            request=request,
            published=lambda text: [each.partition("\n")[0] for each in home.texts()].count(text),
            unreachable=lambda url: (platform, replace(request, credentials={**home.credentials, "server": url})),
            revoked=lambda: Connection("me", {**home.credentials, "app_password": "an-app-password-that-was-revoked"}),
            posted_text=lambda result: home.record(result.external_id)["text"],
            illustrated=replace(request, pictures=pictures),
            alt_texts=lambda result: [each["alt"] for each in home.record(result.external_id)["embed"]["images"]],
            captioned=replace(request, video=film, captions=file_of(VTT, "text/vtt")),
            captions=captions,
            counts=not isinstance(home.server, pds_server.PDS),
        )
