"""Which platforms there are: one for each folder beside this file; a site adds its own by EXTRA_PLATFORMS.

The folder `bluesky` holds `adapter.py` with `BlueskyPlatform`. A form lists every adapter, so `adapter.py` loads no SDK
before it is used.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from apps.common.crypto import signing_keys
from apps.common.registry import Registry
from apps.platforms.base import Platform, PlatformConfig

_FOLDERS = sorted(path.parent.name for path in Path(__file__).parent.glob("*/adapter.py"))
BUILT_IN = {name: f"apps.platforms.{name}.adapter.{name.title().replace('_', '')}Platform" for name in _FOLDERS}


def platforms() -> Registry:
    """Slug to adapter class."""
    return Registry("platform", BUILT_IN | getattr(settings, "EXTRA_PLATFORMS", {}))


def adapter(slug: str) -> Platform:
    """An adapter ready for use; raises NotFound for an unknown slug."""
    config = PlatformConfig(
        internal_url=settings.INTERNAL_URL,
        site_url=settings.SITE_URL,
        private_hosts=settings.PRIVATE_HOSTS,
        chromium=settings.CHROMIUM_PATH,
        overrides=Path(settings.HOME) / "platforms",
        signing_keys=signing_keys,
    )
    return platforms()[slug](config)
