"""The site's application, for a server that outlives the database's rows.

Between tests the tables are emptied, and content types come back under other numbers: what the process remembers of
them is dropped whenever somebody connects.
"""

from __future__ import annotations

from typing import Any

from config.asgi import application as site

from django.contrib.contenttypes.models import ContentType  # isort: skip  the line above sets Django up
from guardian.shortcuts import clear_ct_cache  # isort: skip


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    ContentType.objects.clear_cache()
    clear_ct_cache()
    await site(scope, receive, send)
