from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django_scopes import scope

from apps.content.models import Variant
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.uploads.services import publish_post, sweep
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.factories.workspaces import WorkspaceFactory
from tests.servers import platform_server
from tests.uploads import studio


@pytest.fixture
def platform() -> Iterator[platform_server.Platform]:
    with platform_server.running() as platform:
        yield platform


@pytest.fixture
def connect(transactional_db, platform) -> Iterator[Callable[..., Account]]:
    """connect("fake_key") is an account on the loopback platform; the workspace's scope is open."""
    workspace = WorkspaceFactory()
    with scope(workspace=workspace):
        yield lambda slug, **fields: AccountFactory(
            workspace=workspace, platform=slug, settings={"url": platform.url}, **fields
        )


@pytest.fixture
def work_off() -> Callable[..., str]:
    """Play dispatcher, worker and sweeper for one post until it rests or `until` is its state."""

    def run(post: Post, *, seconds: float = 15, until: tuple[str, ...] = ()) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            sweep()
            publish_post(post_id=post.pk)
            post.refresh_from_db()
            if post.wake_at is None or post.state in until:
                return post.state
            time.sleep(0.02)
        return post.state

    return run


@pytest.fixture
def studio_account(in_workspace, settings) -> Callable[..., Account]:
    """studio_account(does="captcha") is an account on a platform that then asks for a person."""
    settings.EXTRA_PLATFORMS = {**settings.EXTRA_PLATFORMS, **studio.EXTRA}

    def make(slug: str = "studio", *, does: str = "", **fields: Any) -> Account:
        made = AccountFactory(workspace=in_workspace, platform=slug, settings={"does": does}, **fields)
        studio.StudioPlatform.calls.clear()  # connecting asks whether the login works
        return made

    return make


@pytest.fixture
def puzzled(studio_account) -> Post:
    """A post that a person has to make, because the platform showed a puzzle."""
    [post] = posts_for(studio_account(does="captcha"), title="Puzzle")
    Variant.objects.filter(pk=post.variant_id).update(text="Rain all night.", hashtags=["storytime"])
    assert publish_post(post_id=post.pk) == "needs_human"
    return Post._base_manager.select_related("workspace", "account", "item", "variant").get(pk=post.pk)
