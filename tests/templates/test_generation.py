"""The one call path for text, with the engine that needs no model."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.common.errors import Invalid, NotFound
from apps.stories.queries import demo_story
from apps.templates.generation import REUSED_FOR, generate
from apps.templates.models import Generation
from apps.workspaces.actors import SYSTEM
from tests.factories.templates import make_version
from tests.factories.workspaces import WorkspaceFactory

TITLE, _, TEXT = demo_story().partition("\n\n")
VALUES = {"title": TITLE, "story": TEXT, "language": "en", "parts": 2}


def write(workspace, **changes):
    return generate(
        workspace=workspace, kind="script", variables={**VALUES, **changes}, subject="stories.story:1", actor=SYSTEM
    )


def test_an_answer_is_recorded_with_what_it_came_from(in_workspace):
    written = write(in_workspace)
    row = Generation.objects.get()
    assert written.generation == row
    assert written.data == row.data
    assert set(row.data) == {"title", "hook", "description", "call_to_action", "hashtags"}
    assert (row.outcome, row.engine, row.kind, row.subject, row.actor) == (
        "parsed", "extractive", "script", "stories.story:1", "Rundown"
    )  # fmt: skip
    assert (row.version.author_label, row.version.number, row.reused) == ("Rundown", 1, None)


def test_the_same_question_is_answered_once(in_workspace):
    first, again = write(in_workspace), write(in_workspace)
    assert again.data == first.data
    assert (again.generation.reused, again.generation.usage, again.generation.cost) == (first.generation, {}, None)
    assert write(in_workspace, parts=3).generation.reused is None
    make_version(in_workspace)
    assert write(in_workspace).generation.reused is None


def test_another_workspace_and_another_month_ask_anew(in_workspace):
    row = write(in_workspace).generation
    assert write(WorkspaceFactory()).generation.reused is None
    Generation.objects.filter(pk=row.pk).update(created_at=timezone.now() - REUSED_FOR - timedelta(minutes=1))
    assert write(in_workspace).generation.reused is None


def test_wrong_variables_never_reach_an_engine(in_workspace):
    with pytest.raises(Invalid) as caught:
        write(in_workspace, title="")
    assert caught.value.details == {"title": ["This variable is required."]}
    assert not Generation.objects.exists()


def test_an_engine_that_fails_leaves_its_trace(in_workspace, settings):
    settings.TEXT_ENGINE = "telepathy"
    with pytest.raises(NotFound, match="There is no text engine called “telepathy”"):
        write(in_workspace)
    row = Generation.objects.get()
    assert (row.outcome, row.engine, row.data) == ("error", "telepathy", None)
    assert row.note.startswith("There is no text engine called “telepathy”.")
