"""What each platform's folder has to say of itself; a folder that lacks a part of it is named here."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from apps.platforms.base import Capability, Draft, Platform, PlatformConfig, Problem
from apps.platforms.registry import BUILT_IN, platforms
from apps.platforms.words import METRICS, abilities, certainty, way_in

FOLDER = Path(settings.BASE_DIR) / "apps" / "platforms"
# Platforms that tell nobody how a post does, or only by a page that is not read; their README says so.
WITHOUT_METRICS = {"telegram", "tiktok", "webhook"}
CLASSES = {
    "bluesky": Capability.KEY,
    "discord": Capability.NONE,
    "feed": Capability.KEY,
    "mastodon": Capability.KEY,
    "telegram": Capability.NONE,
    "tiktok": Capability.NONE,
    "webhook": Capability.KEY,
    "wordpress": Capability.HANDLE,
    "x": Capability.LOOKUP,
    "youtube": Capability.HANDLE,
}
TOO_MUCH = Draft(title="x" * 100_000, text="x " * 200_000, hashtags=("x" * 500,) * 200, pictures=("x" * 50_000,) * 100)


@pytest.fixture(params=sorted(BUILT_IN))
def plug(request) -> Platform:
    return platforms()[request.param](PlatformConfig(site_url="https://desk.example"))


def test_every_platform_has_its_class() -> None:
    assert {slug: platforms()[slug].capability for slug in BUILT_IN} == CLASSES


def test_limits_have_a_day_and_a_source(plug: Platform) -> None:
    assert date(2026, 1, 1) <= plug.limits.as_of <= date.today()
    assert re.match(r"https://|apps/platforms/", plug.limits.source), plug.limits.source
    assert abilities(plug)


def test_a_text_that_cannot_fit_is_refused_before_anybody_schedules_it(plug: Platform) -> None:
    problems = plug.validate(TOO_MUCH)
    assert problems
    assert [each for each in problems if not each.field or not str(each.message).endswith(".")] == []


def test_images_that_will_not_be_in_the_post_are_said_and_refuse_nothing(plug: Platform) -> None:
    both = Draft(title="The sea", text="A day at sea.", has_video=True, pictures=("A wave", ""))
    kept = plug.slug in {"discord", "feed", "telegram", "webhook", "wordpress"}
    said = f"{plug.label} shows no images beside a video: 2 images are left out."
    assert plug.left_out(both) == ([] if kept else [Problem("pictures", said)])
    assert plug.as_posted(both).pictures == (both.pictures if kept else ())
    assert plug.left_out(replace(both, has_video=False)) == []
    assert plug.validate(both) == []
    if not kept:
        assert plug.validate(replace(both, pictures=("x" * 5000,) * 50)) == []


def test_there_is_a_way_to_connect_it(plug: Platform) -> None:
    assert plug.credential_fields or plug.provision
    said = [each.label for each in (*plug.credential_fields, *plug.setting_fields)]
    assert all(str(label) for label in said)
    # Whoever must type a secret is told where it is found.
    assert [each.name for each in plug.credential_fields if each.secret and not str(each.help)] == []


def test_the_button_says_where_it_leads() -> None:
    said = {slug: way_in(platforms()[slug](PlatformConfig()))[0] for slug in ("feed", "youtube", "mastodon", "x")}
    # Mastodon takes a token as well, and then opens no page.
    assert said == {"feed": "Connect", "youtube": "Continue at YouTube", "mastodon": "Continue", "x": "Continue at X"}


def test_it_says_what_is_known_after_a_lost_answer(plug: Platform) -> None:
    assert certainty(plug)
    asks = type(plug).reconcile is not Platform.reconcile
    assert asks == (plug.capability in (Capability.HANDLE, Capability.LOOKUP))


def test_its_metrics_have_words_and_are_read(plug: Platform) -> None:
    assert bool(plug.metrics) == (plug.slug not in WITHOUT_METRICS)
    assert [name for name in plug.metrics if name not in METRICS] == []
    assert (type(plug).read_metrics is not Platform.read_metrics) == bool(plug.metrics)


def test_its_folder_explains_it(plug: Platform) -> None:
    text = (FOLDER / plug.slug / "README.md").read_text()
    assert len(text.splitlines()) <= 60
    for word in ("limits", str(plug.limits.as_of.year), "class", "not supported"):
        assert word in text.lower(), word
    if not plug.metrics:
        assert "metrics" in text.lower()


def test_it_passes_the_conformance_suite(plug: Platform) -> None:
    tests = Path(settings.BASE_DIR) / "tests" / "platforms"
    own = tests / plug.slug / "test_conformance.py"
    text = (own if own.exists() else tests / "test_conformance.py").read_text()
    assert "(PlatformConformance)" in text
    assert own.exists() or type(plug).__name__ in text
