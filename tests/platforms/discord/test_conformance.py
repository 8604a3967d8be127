from __future__ import annotations

from dataclasses import replace

import pytest

from apps.platforms.base import Connection, Picture
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import image, post
from tests.servers import discord_server


class TestDiscord(PlatformConformance):
    @pytest.fixture
    def case(self, server, proxy, platform, credentials) -> Case:
        request = post(credentials, text="A day at sea", hashtags=("sea",))
        revoked = {"url": f"{proxy.url}/api/webhooks/{discord_server.WEBHOOK}/a-token-of-a-webhook-that-was-deleted"}

        def message(result) -> discord_server.Message:
            return next(each for each in server.messages if result.external_id.endswith(each.identifier))

        return Case(
            platform=platform,
            request=request,
            published=lambda text: [each.partition("\n")[0] for each in server.texts()].count(text),
            unreachable=lambda url: (platform, replace(request, credentials={"url": url + discord_server.PATH})),
            revoked=lambda: Connection("me", revoked),
            posted_text=lambda result: message(result).payload["content"],
            illustrated=replace(request, pictures=(Picture(image(), "A wave"), Picture(image(9, 9), "തിര"))),
            alt_texts=lambda result: [each["description"] for each in message(result).payload["attachments"]],
        )
