"""Whatever a program sends, the API answers in a form that its own document promises, and never breaks.

What is sent is made from the OpenAPI document: within its rules, and just outside of them. `EXAMPLES=100` looks longer.
"""

from __future__ import annotations

import copy
import os

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from apps.common.throttling import PerMinute
from apps.workspaces.roles import Role
from config.api import api
from tests.security import routes

pytestmark = pytest.mark.django_db

load_all_checks()
PROMISES = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
SEARCH = settings(
    max_examples=int(os.environ.get("EXAMPLES", "2")),
    phases=[Phase.generate],
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
# Health answers 503 here, where no worker runs. Pieces of an upload are bytes, which tests/clips sends in every way.
LEFT_OUT = ("get_health", "continue_clip_upload")


def _operations() -> list:
    document = schemathesis.openapi.from_dict(copy.deepcopy(routes.openapi_document()))
    document.app = WSGIHandler()
    found = [result.ok() for result in document.get_all_operations()]
    return [each for each in found if not each.definition.raw["operationId"].endswith(LEFT_OUT)]


@pytest.fixture(autouse=True)
def _as_often_as_one_likes(monkeypatch):
    for throttle in api.throttle:
        if isinstance(throttle, PerMinute):
            monkeypatch.setattr(throttle, "reads", 10**6)
            monkeypatch.setattr(throttle, "writes", 10**6)


@pytest.fixture(autouse=True)
def _on_the_connection_of_the_test():
    """As django's own test client does it: a request ends with no connection closed."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", _operations(), ids=lambda operation: operation.label)
def test_any_input_is_answered_as_documented(town, operation, mode):
    headers = town.bearer(town.people[Role.OWNER], town.ours)

    @SEARCH
    @given(case=operation.as_strategy(generation_mode=mode))
    def probe(case):
        for name in case.path_parameters or {}:
            found = town.our_objects.get(routes.model_of(name))
            case.path_parameters[name] = found.pk if found else routes.WORDS.get(name, case.path_parameters[name])
        undo = transaction.savepoint()
        try:
            case.call_and_validate(headers=headers, checks=PROMISES)
        finally:
            transaction.savepoint_rollback(undo)

    probe()
