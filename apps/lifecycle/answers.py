"""`Idempotency-Key`: a POST that is sent twice is carried out once, and answered twice with the same words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, DomainError, Invalid
from apps.lifecycle.models import StoredAnswer

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
# A first request that has not ended after this long has died with its process.
ABANDONED = timedelta(minutes=5)


def replayed(view: Callable[..., Any]) -> Callable[..., Any]:
    """For an operation, after its authentication: take the key, or give the stored answer instead of running."""

    @wraps(view)
    def call(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        workspace = getattr(request, "workspace", None)
        if request.method != "POST" or not key or workspace is None:
            return view(request, *args, **kwargs)
        answer, is_first = _take(request, key)
        if not is_first:
            response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
            response["Idempotent-Replayed"] = "true"
            return response
        try:
            result = view(request, *args, **kwargs)
        except DomainError:
            request.stored_answer = answer
            raise
        except Exception:
            answer.delete()  # nothing definite was answered, so the client may try again with the same key
            raise
        request.stored_answer = answer
        return result

    return call


def stored(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around a whole operation: keep what was answered, unless it may pass (a failure of ours or of a service)."""

    @wraps(run)
    def call(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = run(request, *args, **kwargs)
        answer = getattr(request, "stored_answer", None)
        if answer is None:
            return response
        if response.status_code >= 500 or response.streaming:
            answer.delete()
        else:
            answer.status, answer.body = response.status_code, response.content.decode()
            answer.content_type = response.headers.get("Content-Type", "application/json")
            answer.save(update_fields=["status", "body", "content_type"])
        return response

    return call


def _take(request: HttpRequest, key: str) -> tuple[StoredAnswer, bool]:
    """The key's row, and whether this request is the one that made it."""
    if len(key) > 255 or "\x00" in key:
        raise Invalid(_("The Idempotency-Key is too long."), hint=_("Use at most 255 characters, such as a UUID."))
    same = {"workspace": request.workspace, "user": request.actor.user, "key": key}
    fingerprint = _fingerprint(request)
    now = timezone.now()
    stale = StoredAnswer.objects.filter(**same)
    stale.filter(created_at__lt=now - KEPT).delete()
    stale.filter(status=None, created_at__lt=now - ABANDONED).delete()
    try:
        with transaction.atomic():
            return StoredAnswer.objects.create(**same, fingerprint=fingerprint), True
    except IntegrityError:
        answer = StoredAnswer.objects.filter(**same).first()
    if answer is None:  # the first request has failed this moment, and given its key back
        raise Conflict(_("The first request with this key has just failed."), hint=_("Send it again."))
    if answer.fingerprint != fingerprint:
        raise Invalid(
            _("This Idempotency-Key was used for another request."), hint=_("Make a new key for every new request.")
        )
    if answer.status is None:
        raise Conflict(_("The first request with this key is still being worked on."), hint=_("Ask again shortly."))
    return answer, False


def _fingerprint(request: HttpRequest) -> str:
    """Two requests have the same one if they ask for the same thing."""
    digest = hashlib.sha256(f"{request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    # The body has been read into files by now; and its boundary is another one each time.
    digest.update(json.dumps(sorted(request.POST.lists())).encode())
    for field, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(json.dumps([field, file.name, file.size]).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()
