"""Every way in, as the site itself lists them, with the parameters filled from objects of a workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from apps.workspaces.models import WorkspaceModel

# Parameters that do not carry the name of their model: what they are instead.
OBJECTS = {
    "member_id": "workspaces.Membership",
    "token_id": "workspaces.ApiToken",
    "template_id": "prompt_templates.PromptVersion",
    "version_id": "prompt_templates.PromptVersion",
    "case_id": "prompt_templates.PromptCase",
    "source_id": "stories.Source",
    "story_ids": "stories.Story",
    "upload_id": "clips.IncomingFile",
    "plan_id": "content_plans.ContentPlan",
    "page_id": "content_plans.ResearchPage",
}
WORDS = {"language": "ml", "action": "cancel", "kind": "script", "platform": "feed"}
# Where another word is needed: by name of the route.
WORDS_OF = {
    "ai:act": {"action": "rollback"},
    "ai:decide": {"action": "decline"},
    "prompt_templates_act": {"action": "rollback"},
    "prompt_templates_decide": {"action": "decline"},
    "platforms_account_act": {"action": "pause"},
    "uploads:settle-one": {"action": "drop"},
    "desk:story-action": {"action": "shortlist"},
    "desk:item-action": {"action": "submit"},
    "desk:publishing": {"action": "pause"},
    "desk:recurrence-action": {"action": "stop"},
    "desk:account-action": {"action": "check"},
}
PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>|\{(?:\w+:)?(?P<brace>\w+)\}")


@dataclass(frozen=True)
class Route:
    """name: as in reverse(), or operation id; path: with its parameters; methods: those it may answer."""

    name: str
    path: str
    methods: tuple[str, ...] = ("get", "post")
    operation: Any = None

    def __str__(self) -> str:
        return f"{'/'.join(self.methods).upper()} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return [match["name"] or match["brace"] for match in PARAMETER.finditer(self.path)]

    @property
    def object_parameters(self) -> list[str]:
        return [name for name in self.parameters if name != "slug" and name not in WORDS]

    def fill(self, slug: str, objects: dict[str, Any], *, this: Any = None) -> str:
        """The address, with ids of these objects; `this` is what the admin calls "object_id".

        Fails with what to add when it does not know a parameter.
        """

        def value(match: re.Match[str]) -> str:
            name = match["name"] or match["brace"]
            if name == "slug":
                return slug
            if name == "object_id" and this is not None:
                return str(this.pk)
            words = WORDS | WORDS_OF.get(self.name, {})
            return words.get(name) or str(pick(name, objects, self).pk)

        return PARAMETER.sub(value, self.path)


def model_of(parameter: str) -> str | None:
    """The label of the model that a parameter such as "story_id" means."""
    if parameter in OBJECTS:
        return OBJECTS[parameter]
    name = re.sub(r"_(id|pk)s?$", "", parameter).replace("_", "")
    labels = [model._meta.label for model in tenant_models() if model._meta.model_name == name]
    return labels[0] if len(labels) == 1 else None


def pick(parameter: str, objects: dict[str, Any], route: Route) -> Any:
    label = model_of(parameter)
    if label is None or label not in objects:
        raise AssertionError(
            f"{route}: I cannot fill “{parameter}”. Name its model in OBJECTS, or give a word for it in WORDS, both in "
            f"tests/security/routes.py; and see that tests/factories/tenants.py can make one."
        )
    return objects[label]


def tenant_models() -> list[type[WorkspaceModel]]:
    return [model for model in apps.get_models() if issubclass(model, WorkspaceModel)]


def _walk(resolver: URLResolver, prefix: str = "", names: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each, path, f"{names}{each.namespace}:" if each.namespace else names)
        else:
            yield f"{names}{each.name}", path, each


def all_routes() -> list[Route]:
    """Every pattern of the URL configuration but the API's, which `api_routes` knows better."""
    return [Route(name, "/" + path) for name, path, _pattern in _walk(get_resolver()) if not path.startswith("api/v1/")]


def web_routes() -> list[Route]:
    return [route for route in all_routes() if route.path.startswith("/w/<slug:slug>/")]


def other_routes() -> list[Route]:
    return [route for route in all_routes() if not route.path.startswith(("/w/", "/admin/"))]


def admin_routes() -> list[tuple[Any, str, Route]]:
    """(model admin, name of the view, route) for each page of each model."""
    found = []
    for model, model_admin in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for pattern in model_admin.get_urls():
            path = base + re.sub(r"[\^$]|\\Z", "", str(pattern.pattern))
            if pattern.name is not None:  # the nameless one only redirects old addresses
                found.append((model_admin, pattern.name, Route(pattern.name, path)))
    return found


def admin_site_routes() -> list[Route]:
    """Pages of the admin itself, which belong to no model."""
    of_models = {route.name for _admin, _name, route in admin_routes()}
    names = [pattern for pattern in admin.site.get_urls() if isinstance(pattern, URLPattern)]
    return [Route(f"admin:{each.name}", f"/admin/{each.pattern}") for each in names if each.name not in of_models]


@cache
def openapi_document() -> dict[str, Any]:
    """As programs get it. It is made once: that takes a second, and every test process collects every test."""
    from config.api import api  # the wiring is complete only when tests run

    return json.loads(json.dumps(api.get_openapi_schema()))


def api_routes() -> list[Route]:
    """Every operation of the API, as its own OpenAPI document describes it."""
    schema = openapi_document()
    return [
        Route(operation["operationId"], path, (method,), {**operation, "components": schema["components"]["schemas"]})
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


def hidden_operations() -> list[str]:
    """Operations that the OpenAPI document does not show, and this walk would therefore miss."""
    from config.api import api

    return [
        operation.view_func.__name__
        for _prefix, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
        if not operation.include_in_schema
    ]


@dataclass
class Body:
    """A request body that an operation takes; named: its fields that name objects."""

    content_type: str
    value: Any
    named: list[str]

    def arguments(self) -> dict[str, Any]:
        """As django's test client wants it."""
        if self.content_type.startswith("multipart"):
            files = {name: self._file(name) if part is FILE else part for name, part in self.value.items()}
            return {"data": files}
        return {"data": json.dumps(self.value), "content_type": self.content_type}

    @staticmethod
    def _file(name: str) -> SimpleUploadedFile:
        return SimpleUploadedFile(f"{name}.txt", b"Canary text. It has sentences.", "text/plain")


FILE = object()


def names_objects(route: Route) -> bool:
    """Whether the operation's path or body holds an id of something."""
    labels = {model._meta.label: model(pk=1) for model in tenant_models()}
    body = body_of(route, labels)
    return bool(route.object_parameters or (body and body.named))


def body_of(route: Route, objects: dict[str, Any]) -> Body | None:
    """A body made from the schema's examples, with ids of these objects where it names some."""
    if "requestBody" not in route.operation:
        return None
    content_type, content = next(iter(route.operation["requestBody"]["content"].items()))
    body = Body(content_type, None, [])
    body.value = _build(content["schema"], "", route.operation["components"], objects, body.named)
    return body


def _build(
    part: dict[str, Any], field: str, components: dict[str, Any], objects: dict[str, Any], named: list[str]
) -> Any:
    if "$ref" in part:
        return _build(components[part["$ref"].split("/")[-1]], field, components, objects, named)
    if "anyOf" in part and part.get("examples"):
        return part["examples"][0]
    for combined in ("anyOf", "allOf", "oneOf"):
        if combined in part:
            return _build(part[combined][0], field, components, objects, named)
    if part.get("type") == "object" and "properties" in part:
        return {name: _build(each, name, components, objects, named) for name, each in part["properties"].items()}
    if re.search(r"_ids?$", field) and model_of(field) in objects:
        named.append(field)
        pk = objects[model_of(field)].pk
        return [pk] if part.get("type") == "array" else pk
    return _value(part, components, objects, named)


def _value(part: dict[str, Any], components: dict[str, Any], objects: dict[str, Any], named: list[str]) -> Any:
    for key in ("examples", "enum"):
        if part.get(key):
            return part[key][0]
    if part.get("format") == "binary":
        return FILE
    if part.get("type") == "array":
        return [_build(part["items"], "", components, objects, named)] if part.get("minItems") else []
    if part.get("format") == "uri":
        return "https://example.org/post"
    if part.get("format") == "date-time":
        return "2030-01-01T12:00:00Z"
    simple = {"integer": part.get("minimum", 1), "number": part.get("minimum", 1), "boolean": True, "object": {}}
    return part.get("default", simple.get(part.get("type", ""), "x" * max(1, part.get("minLength", 1))))
