"""What a web server serves: pages and API by HTTP, live updates by WebSocket."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.site")
pages = get_asgi_application()

from apps.lifecycle.routing import live  # noqa: E402  models can be imported only now
from config.cut_pieces import keep_what_came  # noqa: E402

keep_what_came()

application = ProtocolTypeRouter({"http": pages, "websocket": live})
