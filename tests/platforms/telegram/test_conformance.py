from __future__ import annotations

from dataclasses import replace

import pytest

from apps.platforms.base import Connection
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.posts import post


class TestTelegram(PlatformConformance):
    @pytest.fixture
    def case(self, server, platform, credentials) -> Case:
        request = post(credentials, text="A day at sea", hashtags=("sea",))
        return Case(
            platform=platform,
            request=request,
            published=lambda text: [each.partition("\n")[0] for each in server.texts()].count(text),
            unreachable=lambda url: (platform, replace(request, credentials={**credentials, "server": url})),
            revoked=lambda: Connection(
                "me", {**credentials, "token": "123456789:a-token-that-was-revoked-by-botfather"}
            ),
            posted_text=lambda result: server.texts()[int(result.external_id.partition("/")[2]) - 101],
        )
