from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.platforms.base import Draft, MediaFile, Picture, PlatformConfig, PublishRequest
from apps.platforms.feed.adapter import FeedPlatform
from apps.platforms.feed.models import FeedEntry
from apps.platforms.models import Account
from tests import platform_adapter
from tests.conformance.platform import Case, PlatformConformance
from tests.factories.platforms import AccountFactory
from tests.platforms.video import sha256_of
from tests.servers import platform_server


class TestFeed(PlatformConformance):
    @pytest.fixture
    def case(self, live_server) -> Case:
        account = AccountFactory()
        name = default_storage.save(f"w{account.workspace_id}/items/1/video.mp4", ContentFile(b"a video"))
        request = PublishRequest(
            post_key=uuid.uuid4(),
            account=account.handle,
            credentials=account.credentials,
            settings={},
            draft=Draft(title="A day at sea", text="Waves.", hashtags=("sea",), has_video=True),
            timeout=10,
            video=MediaFile(name, 7, sha256_of(b"a video"), "video/mp4", lambda: default_storage.open(name)),
        )
        return Case(
            platform=FeedPlatform(PlatformConfig(internal_url=live_server.url)),
            request=request,
            published=lambda title: FeedEntry._base_manager.filter(title=title).count(),
            unreachable=lambda url: (FeedPlatform(PlatformConfig(internal_url=url)), request),
            posted_text=lambda result: FeedEntry._base_manager.latest("pk").text,
            captioned=replace(request, captions=self.captions_of(account)),
            captions=lambda result: default_storage.open(FeedEntry._base_manager.latest("pk").captions).read(),
            illustrated=replace(request, pictures=self.pictures_of(account)),
            alt_texts=lambda result: [picture["alt"] for picture in FeedEntry._base_manager.latest("pk").pictures],
        )

    @staticmethod
    def pictures_of(account: Account) -> tuple[Picture, ...]:
        def picture(number: int) -> Picture:
            content = f"picture {number}".encode()
            name = default_storage.save(f"w{account.workspace_id}/items/1/{number}.jpg", ContentFile(content))
            file = MediaFile(name, len(content), sha256_of(content), "image/jpeg", lambda: default_storage.open(name))
            return Picture(file, f"Wave {number}")

        return picture(1), picture(2)

    @staticmethod
    def captions_of(account: Account) -> MediaFile:
        content = b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves."
        name = default_storage.save(f"w{account.workspace_id}/items/1/video.vtt", ContentFile(content))
        return MediaFile(name, len(content), sha256_of(content), "text/vtt", lambda: default_storage.open(name))


class TestLoopback(PlatformConformance):
    @pytest.fixture(params=["KeyPlatform", "HandlePlatform", "LookupPlatform", "MutePlatform"])
    def case(self, request):
        adapter = getattr(platform_adapter, request.param)(PlatformConfig())
        with platform_server.running() as server:
            wanted = PublishRequest(
                post_key=uuid.uuid4(),
                account="me",
                credentials={},
                settings={"url": server.url},
                draft=Draft(title="A day at sea", text="Waves."),
                timeout=2,
            )
            yield Case(
                platform=adapter,
                request=wanted,
                published=lambda title: server.counts()[title],
                unreachable=lambda url: (adapter, replace(wanted, settings={"url": url})),
            )
