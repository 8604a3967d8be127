"""What every platform adapter must do, over a real connection. Subclass, and give the fixture `case`."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from apps.common.errors import AdapterError
from apps.common.text.lengths import measure
from apps.platforms.base import (
    Capability,
    Draft,
    Found,
    NotFound,
    OutcomeUnknown,
    Platform,
    Problem,
    PublishRequest,
    PublishResult,
    Report,
)


@dataclass
class Case:
    """published: how often something is public, by its title, or by its text on a platform without titles.

    unreachable: the same adapter and request, with nobody listening.
    """

    platform: Platform
    request: PublishRequest
    published: Callable[[str], int]
    unreachable: Callable[[str], tuple[Platform, PublishRequest]]


@dataclass
class Heard(Report):
    """Remembers what an adapter reported."""

    handles: list[str] = field(default_factory=list)
    progressed: list[tuple[int, int]] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)

    def handle(self, handle: str) -> None:
        self.handles.append(handle)

    def progress(self, done: int, total: int) -> None:
        self.progressed.append((done, total))

    def evidence(self, name: str, content: bytes, content_type: str) -> None:
        self.kept[name] = content


def named(draft: Draft) -> str:
    """What a post is called where it is public."""
    return draft.title or draft.text


def renamed(draft: Draft, name: str) -> Draft:
    return replace(draft, title=name) if draft.title else replace(draft, text=name)


def nobody_listens() -> str:
    """An address of the loopback that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class PlatformConformance:
    def test_it_says_what_it_is(self, case: Case) -> None:
        platform = case.platform
        assert platform.slug
        assert str(platform.label)
        assert platform.capability in set(Capability)
        assert isinstance(platform.limits.as_of, date)
        assert 0 < platform.timeout < platform.timeout + platform.margin

    def test_a_draft_that_fits_has_no_problems(self, case: Case) -> None:
        assert case.platform.validate(case.request.draft) == []

    def test_a_draft_that_does_not_fit_is_told_why(self, case: Case) -> None:
        limits = case.platform.limits
        name, most = ("title", limits.title) if limits.title else ("text", limits.text)
        draft = replace(case.request.draft, hashtags=(), **{name: "x" * (most + 1)})
        message = f"{most + 1} characters are too many; at most {most} fit."
        assert case.platform.validate(draft) == [Problem(name, message)]

    def test_a_text_counts_as_the_platform_counts(self, case: Case) -> None:
        limits = case.platform.limits
        length = limits.text // measure("ക്ഷ", limits.unit)
        if limits.text_bytes:
            length = min(length, limits.text_bytes // len("ക്ഷ".encode()))
        assert case.platform.validate(replace(case.request.draft, text="ക്ഷ" * length, hashtags=())) == []

    def test_publishing_makes_one_post_with_an_id(self, case: Case) -> None:
        result = self.publish(case)
        assert isinstance(result, PublishResult)
        assert result.external_id
        assert case.published(named(case.request.draft)) == 1

    def test_a_key_or_a_handle_keeps_the_second_call_from_posting_twice(self, case: Case) -> None:
        if case.platform.capability == Capability.KEY:
            assert self.publish(case) == self.publish(case)
        elif case.platform.capability == Capability.HANDLE:
            heard = Heard()
            case.platform.publish(case.request, heard)
            assert isinstance(case.platform.reconcile(case.request, heard.handles[0]), Found)
        elif case.platform.capability == Capability.LOOKUP:
            assert case.platform.reconcile(case.request, "") == NotFound()
            self.publish(case)
            assert isinstance(case.platform.reconcile(case.request, ""), Found)
        else:
            self.publish(case)
        assert case.published(named(case.request.draft)) == 1

    def test_another_post_is_another_post(self, case: Case) -> None:
        self.publish(case)
        draft = case.request.draft
        other = replace(case.request, post_key=uuid.uuid4(), draft=renamed(draft, "Another one"))
        case.platform.publish(other, Report())
        assert (case.published(named(draft)), case.published("Another one")) == (1, 1)

    def test_an_unreachable_platform_has_certainly_published_nothing(self, case: Case) -> None:
        platform, request = case.unreachable(nobody_listens())
        with pytest.raises(AdapterError) as caught:
            platform.publish(request, Report())
        assert not isinstance(caught.value, OutcomeUnknown)
        assert caught.value.permanent is False
        said = f"{caught.value} {caught.value.details}"
        assert [name for name, value in request.credentials.items() if len(str(value)) > 7 and str(value) in said] == []

    @staticmethod
    def publish(case: Case) -> PublishResult:
        return case.platform.publish(case.request, Report())
