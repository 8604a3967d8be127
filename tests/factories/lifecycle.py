"""Runs and their log."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from apps.lifecycle.models import Run
from tests.factories.workspaces import WorkspaceFactory


class RunFactory(DjangoModelFactory):
    class Meta:
        model = Run

    workspace = factory.SubFactory(WorkspaceFactory)
    kind = "render"
    subject = factory.Sequence(lambda number: f"content.item:{number + 1}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class._base_manager.create(*args, **kwargs)
