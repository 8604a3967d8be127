from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.platforms.base import Connection, Picture, PublishRequest, PublishResult
from apps.platforms.x.adapter import XPlatform
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import image
from tests.servers.x_server import X


class TestX(PlatformConformance):
    @pytest.fixture
    def case(self, x: X, platform: XPlatform, a_post: Callable[..., PublishRequest]) -> Case:
        def unreachable(url: str) -> tuple[XPlatform, PublishRequest]:
            platform.api = url
            return platform, request

        def revoked() -> Connection:
            x.revoked = True
            return request.connection

        def alt_texts(result: PublishResult) -> list[str]:
            return [x.media[number]["alt"] for number in found(result)["media"]]

        def found(result: PublishResult) -> dict:
            return next(post for post in x.posts if post["id"] == result.external_id)

        request = a_post()
        pictures = (Picture(image(), "Waves"), Picture(image(32, 32), "തിര"))
        return Case(
            platform=platform,
            request=request,
            published=x.count,
            unreachable=unreachable,
            revoked=revoked,
            posted_text=lambda result: found(result)["text"],
            illustrated=replace(request, pictures=pictures),
            alt_texts=alt_texts,
        )
