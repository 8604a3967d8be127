from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.platforms.base import Connection, PublishRequest
from apps.platforms.wordpress.adapter import WordpressPlatform
from tests.conformance.platform import Case, PlatformConformance


class TestWordPress(PlatformConformance):
    @pytest.fixture
    def case(self, platform: WordpressPlatform, a_post: Callable[..., PublishRequest], ask) -> Case:
        request = a_post(title=f"A day at sea {uuid.uuid4().hex}", text="Waves.", hashtags=("sea",))
        told = {"Another one": f"Another one {uuid.uuid4().hex}"}
        wrong = {**request.credentials, "password": "aaaa bbbb cccc dddd eeee ffff"}
        before = len(titled(ask, "Another one"))
        return Case(
            platform=platform,
            request=request,
            published=lambda title: len(titled(ask, title)) - (before if title in told else 0),
            unreachable=lambda url: (platform, replace(request, credentials={**request.credentials, "site": url})),
            revoked=lambda: Connection("author", wrong),
            posted_text=lambda result: ask(f"posts/{result.external_id}")["content"]["raw"],
        )


def titled(ask, title: str) -> list[dict]:
    return [post for post in ask("posts", status="publish") if post["title"]["raw"] == title]
