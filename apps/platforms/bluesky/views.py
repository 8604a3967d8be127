"""Who this installation is, for the servers that its people log in on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from apps.platforms.logins import callback_url
from apps.platforms.registry import adapter


@require_safe
def client_document(request: HttpRequest) -> HttpResponse:
    """Public: it holds names, addresses and public keys. Its own address is our name, see oauth.py."""
    from apps.platforms.bluesky.oauth import document  # with the whole SDK

    return JsonResponse(document(adapter("bluesky").config, callback_url()))
