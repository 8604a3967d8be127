"""Every address of the site. Apps declare their own; this file only says where they hang."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.utils.translation import gettext as _

from apps.desk.accounts import callback
from apps.lifecycle.health import health, metrics, register
from apps.platforms.bluesky.views import client_document
from apps.schedules.dispatcher import is_alive
from apps.uploads.views import file_by_link
from config.api import api
from config.problems import no_such_address


def _dispatcher() -> tuple[bool, str]:
    if is_alive():
        return True, _("The dispatcher is running.")
    return False, _("No dispatcher is running: nothing goes out. Start “manage.py dispatch”.")


# Health stands below the schedule and may not import it.
register("dispatcher", _dispatcher)

urlpatterns = [
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("accounts/connected/", callback, name="account-callback"),
    path("accounts/bluesky/client.json", client_document, name="bluesky-client"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
    re_path(r"^api/", no_such_address),
    path("feeds/", include("apps.platforms.feed.urls")),
    path("", include("apps.schedules.urls")),
    path("", include("apps.workspaces.urls")),
    path("by-hand/<str:token>/", file_by_link, name="by-hand-file"),
    path("w/<slug:slug>/", include("apps.uploads.urls")),
    path("w/<slug:slug>/", include("apps.clips.urls")),
    path("w/<slug:slug>/", include("apps.content_plans.urls")),
    path("w/<slug:slug>/ai/", include("apps.templates.urls")),
    path("w/<slug:slug>/", include("apps.desk.urls")),
]
