"""Which platforms there are. To add one, add its folder and a line here; a site adds its own by EXTRA_PLATFORMS."""

from __future__ import annotations

from django.conf import settings

from apps.common.registry import Registry
from apps.platforms.base import Platform, PlatformConfig

BUILT_IN = {"feed": "apps.platforms.feed.adapter.FeedPlatform"}


def platforms() -> Registry:
    """Slug to adapter class."""
    return Registry("platform", BUILT_IN | getattr(settings, "EXTRA_PLATFORMS", {}))


def adapter(slug: str) -> Platform:
    """An adapter ready for use; raises NotFound for an unknown slug."""
    config = PlatformConfig(internal_url=settings.INTERNAL_URL, site_url=settings.SITE_URL)
    return platforms()[slug](config)


def choices() -> list[tuple[str, str]]:
    """Slug and name of every platform, for forms."""
    known = platforms()
    return [(slug, str(known[slug].label)) for slug in known]
