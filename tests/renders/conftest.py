"""A short item in production, with the real voice and the real ffmpeg."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from apps.content.models import Item
from apps.content.services import Text, create_item
from apps.lifecycle.models import Run
from apps.lifecycle.runs import execute_run, start_run
from apps.pipeline.work import carry_out
from apps.workspaces.actors import SYSTEM

SENTENCES = ("A fox found a key under the old bridge. ", "It opened nothing at all. ", "So she kept it anyway.")


def short_text(*sentences: str, **more) -> Text:
    return Text(title="The fox and the key", parts=[{"title": "", "text": "".join(sentences or SENTENCES)}], **more)


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory):
    """Voice and background are made once for all tests of the process, as they are on a real machine."""
    before, settings.CACHE_ROOT = settings.CACHE_ROOT, Path(tmp_path_factory.mktemp("cache"))
    yield
    settings.CACHE_ROOT = before


@pytest.fixture
def item(in_workspace) -> Item:
    return create_item(workspace=in_workspace, actor=SYSTEM, kind="story", text=short_text())


@pytest.fixture
def carry(in_workspace):
    """carry("preview", item) queues that work and carries it out here; returns the run as it ended."""

    def make(kind: str, subject: object) -> Run:
        run = start_run(workspace=in_workspace, kind=kind, subject=subject, max_attempts=1)
        with execute_run(run.pk) as work:
            carry_out(work)
        run.refresh_from_db()
        return run

    return make
