"""Versions never change; exactly one is active."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.lifecycle.models import Event
from apps.templates import builtin_templates, queries
from apps.templates.activation import activate_version
from apps.templates.models import Immutable, Kind, PromptTemplate, PromptVersion
from apps.templates.services import Draft, add_version, check_version
from apps.workspaces.models import AuditEntry
from tests.factories.templates import SCHEMA, VARIABLES, draft, make_version
from tests.factories.workspaces import WorkspaceFactory


def test_a_new_workspace_uses_what_ships(in_workspace):
    version = queries.active_version("script", in_workspace)
    assert (version.number, version.author_label, version.template.is_built_in) == (1, "Rundown", True)
    assert {template.kind for template in queries.templates_of(in_workspace)} == set(Kind.values)


def test_a_changed_file_becomes_the_next_version_of_what_ships(in_workspace, monkeypatch):
    builtin_templates.sync()
    assert queries.active_version("hook", in_workspace).number == 1
    changed = {**builtin_templates.read("hook"), "text": "{{text}}"}
    read = builtin_templates.read
    monkeypatch.setattr(builtin_templates, "read", lambda kind: changed if kind == "hook" else read(kind))
    builtin_templates.sync()
    version = queries.active_version("hook", in_workspace)
    assert (version.number, version.text) == (2, "{{text}}")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", Kind.values)
def test_what_ships_is_complete_and_fits_its_own_rules(kind):
    assert check_version(kind, Draft(**builtin_templates.read(kind))) is None


def test_a_new_version_waits_until_somebody_activates_it(in_workspace, actor):
    person = actor("admin")
    built_in = queries.active_version("script", in_workspace)
    version = add_version(workspace=in_workspace, kind="script", draft=draft(note="Shorter"), actor=person)
    assert (version.number, version.author, queries.active_version("script", in_workspace)) == (
        1,
        person.user,
        built_in,
    )
    activate_version(workspace=in_workspace, version=version, actor=person)
    assert queries.active_version("script", in_workspace) == version
    second = add_version(workspace=in_workspace, kind="script", draft=draft(), actor=person)
    assert (second.number, queries.previous_version(second), queries.previous_version(version)) == (
        2,
        version,
        built_in,
    )
    activate_version(workspace=in_workspace, version=built_in, actor=person)
    assert queries.active_version("script", in_workspace) == built_in
    assert [event.type for event in Event.objects.order_by("seq")] == [
        "template.version", "template.activated", "template.version", "template.activated"
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action="template.activate").count() == 2


def test_what_one_workspace_activates_another_does_not_see(in_workspace, actor):
    other = WorkspaceFactory()
    version = make_version(other)
    assert queries.active_version("script", in_workspace).template.is_built_in
    assert version not in queries.versions_of(in_workspace)
    with pytest.raises(NotFound):
        activate_version(workspace=in_workspace, version=version, actor=actor("admin"))


@pytest.mark.parametrize("role", ["editor", "approver", "analyst", "viewer"])
def test_who_may_not_change_templates(in_workspace, actor, role):
    person, version = actor(role), make_version(in_workspace, active=False)
    with pytest.raises(NotAllowed):
        add_version(workspace=in_workspace, kind="script", draft=draft(), actor=person)
    with pytest.raises(NotAllowed):
        activate_version(workspace=in_workspace, version=version, actor=person)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "{{colour}}"}, "text"),
        ({"instructions": "{{"}, "instructions"),
        ({"variables": [{"name": "A b", "type": "text"}], "text": "x", "instructions": ""}, "variables"),
        ({"variables": [{"name": "a", "type": "date"}], "text": "x", "instructions": ""}, "variables"),
        ({"variables": [{"name": "colour", "type": "text"}], "text": "x", "instructions": ""}, "variables"),
        ({"variables": [{"name": "title", "type": "list"}], "text": "x", "instructions": ""}, "variables"),
        ({"schema": {"type": "nonsense"}}, "schema"),
        ({"schema": {"type": "array"}}, "schema"),
        ({"schema": {"type": "object", "properties": {"poem": {"type": "string"}}}}, "schema"),
        ({"schema": {**SCHEMA, "required": ["title"]}}, "schema"),
        ({"schema": {**SCHEMA, "properties": {**SCHEMA["properties"], "hashtags": {"type": "string"}}}}, "schema"),
        ({"variables": [{**VARIABLES[1], "material": False}], "text": "{{story}}", "instructions": ""}, "variables"),
        ({"options": {"temperature": 9}}, "options"),
        ({"options": {"tools": 1}}, "options"),
    ],
)
def test_a_version_that_could_not_work_is_refused_with_the_field(in_workspace, actor, changes, field):
    with pytest.raises(Invalid) as caught:
        add_version(workspace=in_workspace, kind="script", draft=draft(**changes), actor=actor("admin"))
    assert list(caught.value.details) == [field]


def test_a_version_cannot_be_changed(in_workspace):
    version = make_version(in_workspace)
    version.text = "Another text"
    with pytest.raises(Immutable):
        version.save()
    with pytest.raises(Immutable):
        PromptVersion.objects.update(text="Another text")


def test_the_database_holds_one_template_a_kind(in_workspace):
    make_version(in_workspace)
    for workspace in (in_workspace, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            PromptTemplate._base_manager.create(workspace=workspace, kind="script")
