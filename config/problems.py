"""Errors as the API answers them: one form (RFC 9457, application/problem+json), one file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import resolve
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from apps.common.errors import DomainError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
SCHEMA = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "hint"],
    "properties": {
        "type": {"type": "string", "description": "Names the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "detail": {"type": "string", "description": "What is wrong, for a person."},
        "hint": {"type": "string", "description": "The way out; may be empty."},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "additionalProperties": True,
    "example": {
        "type": "urn:rundown:problem:transition_refused",
        "title": "Conflict",
        "status": 409,
        "code": "transition_refused",
        "detail": "“Cancel” is not possible now: this is Done.",
        "hint": "Reload to see what happened meanwhile.",
    },
}
TITLES = {
    400: "Bad request",
    401: "Sign in first",
    402: "Out of budget",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid",
    423: "Locked",
    429: "Too many requests",
    460: "Checksum mismatch",
    500: "Internal error",
    502: "A service behind this one failed",
    503: "Not available",
}


def problem(
    status: int, code: str, detail: str, *, hint: str = "", more: Mapping[str, Any] | None = None
) -> HttpResponse:
    """A problem+json answer; `more` are further members, such as `errors`."""
    body = {
        "type": f"urn:rundown:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": str(detail),
        "hint": str(hint),
    }
    # What an error tells besides never takes the place of what every problem has.
    body = {**(more or {}), **body}
    return HttpResponse(json.dumps(body, ensure_ascii=False, default=str), status=status, content_type=CONTENT_TYPE)


def not_found(hint: str = "") -> HttpResponse:
    return problem(404, "not_found", _("There is nothing here, or nothing that you may see."), hint=hint)


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    """For every address below /api/ that is none; says so where only the slash at its end is missing."""
    if resolve(f"{request.path_info}/").func is no_such_address:
        return not_found()
    return not_found(_("This address ends with a slash: %(path)s") % {"path": f"{request.path}/"})


def method_problems(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: ninja answers a method that an address does not have in its own form."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or not request.path_info.startswith("/api/"):
            return response
        hint = _("This address takes %(methods)s.") % {"methods": response["Allow"]}
        refused = problem(405, "method_not_allowed", _("This address does not take that method."), hint=hint)
        refused["Allow"] = response["Allow"]
        return refused

    return answer


def answer_errors(api: NinjaAPI) -> None:
    """Give the API its exception handlers."""
    api.add_exception_handler(DomainError, lambda request, error: _domain(error))
    api.add_exception_handler(ValidationError, lambda request, error: _validation(error))
    api.add_exception_handler(Throttled, lambda request, error: _throttled(error))
    api.add_exception_handler(HttpError, lambda request, error: _http(error))
    for missing in (Http404, ObjectDoesNotExist):
        api.add_exception_handler(missing, lambda request, error: not_found())
    api.add_exception_handler(PermissionDenied, lambda request, error: problem(403, "not_allowed", _("Not allowed.")))
    api.add_exception_handler(RequestDataTooBig, lambda request, error: _too_large())
    for unread in (MultiPartParserError, SuspiciousOperation):
        api.add_exception_handler(unread, lambda request, error: problem(400, "bad_request", str(error)))
    api.add_exception_handler(Exception, _unexpected)


def _domain(error: DomainError) -> HttpResponse:
    if error.status == 422:
        return problem(422, error.code, error.message, hint=error.hint, more={"errors": error.details})
    answer = problem(error.status, error.code, error.message, hint=error.hint, more=error.details)
    retry_after = getattr(error, "retry_after", None)
    if retry_after:
        answer["Retry-After"] = str(int(retry_after) + 1)
    return answer


def _validation(error: ValidationError) -> HttpResponse:
    """By field, as `Invalid` does it; ninja's location ("body", name of the parameter, field…) is cut to the field."""
    errors: dict[str, list[str]] = {}
    for each in error.errors:
        place = [str(part) for part in each["loc"]]
        field = ".".join(place[2:] if place[0] in {"body", "form"} and len(place) > 2 else place[1:]) or place[0]
        errors.setdefault(field, []).append(each["msg"].removeprefix("Value error, "))
    return problem(422, "invalid", _("Some of the values cannot be used."), more={"errors": errors})


def _too_large() -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024 // 1024
    return problem(413, "too_large", _("The body is larger than %(most)s MB.") % {"most": most})


def _throttled(error: Throttled) -> HttpResponse:
    wait = int(error.wait or 1)
    answer = problem(429, "throttled", _("Too many requests."), hint=_("Wait %(wait)s seconds.") % {"wait": wait})
    answer["Retry-After"] = str(wait)
    return answer


def _http(error: HttpError) -> HttpResponse:
    if isinstance(error, AuthenticationError):
        hint = _("Send “Authorization: Bearer …” with an access token or an API token.")
        answer = problem(401, "not_signed_in", _("Sign in first."), hint=hint)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    if isinstance(error.__cause__, DomainError):  # raised while the body was read; ninja wraps what it meets there
        return _domain(error.__cause__)
    if isinstance(error.__cause__, json.JSONDecodeError):
        place = {"line": error.__cause__.lineno, "column": error.__cause__.colno}
        hint = _("Look at line %(line)s, column %(column)s.") % place
        return problem(400, "bad_request", _("The body is not JSON."), hint=hint)
    code = {400: "bad_request", 403: "not_allowed", 404: "not_found"}.get(error.status_code, "error")
    return problem(error.status_code, code, error.message)


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("api_error", path=request.path, exc_info=error)
    return problem(500, "internal_error", _("Something went wrong inside Rundown."), hint=_("The log has the details."))
