"""The API: one version, assembled from the routers of the apps."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.renderers import JSONRenderer

from apps.common.throttling import PerMinute
from apps.lifecycle.answers import HEADER as IDEMPOTENCY_HEADER
from apps.lifecycle.answers import replayed, stored
from apps.workspaces.auth import HEADER as WORKSPACE_HEADER
from apps.workspaces.auth import JwtOrToken
from config.parsing import StrictParser
from config.problems import CONTENT_TYPE, SCHEMA, answer_errors

DESCRIPTION = """\
**Who calls**: `Authorization: Bearer …` with an access token (`POST /api/v1/auth/…`) or an API token of a workspace
(`rd_…`). People with more than one workspace name theirs in the header `X-Workspace`.

**Lists** come in pages: `{"items": […], "next": "…"}`; send `next` as `?cursor=` for the next page.

**Errors** are `application/problem+json` with a stable `code`, a sentence (`detail`) and the way out (`hint`).

**Sending twice**: a POST in a workspace with an `Idempotency-Key` is carried out once; for 24 hours the same key gets
the same answer.

**Live updates**: `POST /api/v1/live/tickets`, then open the WebSocket that it names.
"""
# Status codes that every operation may answer with, beside its own.
PROBLEMS = {
    "400": "The request is not understood.",
    "401": "Nobody is signed in.",
    "403": "The caller may not do that.",
    "404": "There is nothing here, or nothing that the caller may see.",
    "409": "Not possible in the present state.",
    "422": "Some of the values cannot be used.",
    "429": "Too many requests; Retry-After says how long to wait.",
}
APPS = (
    "lifecycle",
    "workspaces",
    "templates",
    "stories",
    "clips",
    "content_plans",
    "content",
    "approvals",
    "platforms",
    "schedules",
    "uploads",
)


class PlainJson(JSONRenderer):
    """Malayalam as it is written: escaped, it takes twice the bytes and nobody can read it."""

    json_dumps_params = {"ensure_ascii": False}


class Api(NinjaAPI):
    """NinjaAPI whose schema also says what every operation has in common: problems and headers."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The view's name: methods of generated clients are called so, wherever the view stands."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> dict[str, Any]:
        schema = super().get_openapi_schema(**options)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = SCHEMA
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                _complete(method, operation)
        return schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if any(200 < int(status) < 300 for status in operation["responses"]):
        operation["responses"].pop(200, None)  # ninja's own, where a view that answers by itself says another
    signed_in = bool(operation.get("security"))
    for status, text in PROBLEMS.items():
        operation["responses"].setdefault(status, {"description": text, "content": content})
    if signed_in:
        _add_header(operation, WORKSPACE_HEADER, "Address of the workspace; only people with several need it.")
    if signed_in and method == "post":
        _add_header(operation, IDEMPOTENCY_HEADER, "Your own name for this request, at most 255 characters.")


def _add_header(operation: dict[str, Any], name: str, text: str) -> None:
    schema = {"type": "string", "maxLength": 255}
    operation.setdefault("parameters", []).append(
        {"in": "header", "name": name, "required": False, "description": text, "schema": schema}
    )


def _assemble() -> Api:
    api = Api(
        title="Rundown",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api",
        auth=JwtOrToken(),
        parser=StrictParser(),
        renderer=PlainJson(),
        throttle=[PerMinute(reads=1200, writes=300)],
    )
    answer_errors(api)
    api.add_decorator(replayed, mode="operation")
    api.add_decorator(stored, mode="view")
    for app in APPS:
        api.add_router("", f"apps.{app}.api.router")
    return api


api = _assemble()
