from __future__ import annotations

from dataclasses import replace

import pytest

from apps.platforms.base import Connection
from tests.conformance.platform import Case, PlatformConformance
from tests.platforms.tiktok.conftest import cookies


@pytest.mark.usefixtures("warm")
class TestTiktok(PlatformConformance):
    @pytest.fixture
    def case(self, studio, tiktok, make, request_of) -> Case:
        def revoked() -> Connection:
            return Connection("harbour", tiktok.keep({"session": cookies("a-session-that-was-ended")}))

        return Case(
            platform=tiktok,
            request=request_of(),
            published=studio.count,
            unreachable=lambda url: (make(url), replace(request_of(), timeout=15)),
            revoked=revoked,
            posted_text=lambda _result: studio.publications[-1].caption,
        )
