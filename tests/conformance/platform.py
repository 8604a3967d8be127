"""What every platform adapter must do, over a real connection. Subclass, and give the fixture `case`."""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from apps.common.errors import AdapterError
from apps.common.text.lengths import measure
from apps.platforms.base import (
    Capability,
    Connection,
    Draft,
    Found,
    NeedsLogin,
    NotFound,
    OutcomeUnknown,
    Platform,
    Problem,
    PublishRequest,
    PublishResult,
    Report,
)

_SECRET = re.compile("token|secret|password|key|cookie|jwt|session", re.IGNORECASE)


@dataclass
class Case:
    """published: how often something is public, by its title, or by its text on a platform without titles.

    unreachable: the same adapter and request, with nobody listening.

    What a platform can do besides is shown by the other fields. revoked: a connection whose credentials the platform
    no longer takes. posted_text: the text that is public. illustrated: a request with pictures, and alt_texts: those
    that are public with it. captioned: a request with captions, and captions: those that are public. counts: the
    server has numbers for posts; a Bluesky PDS alone has none, they are the network's.
    """

    platform: Platform
    request: PublishRequest
    published: Callable[[str], int]
    unreachable: Callable[[str], tuple[Platform, PublishRequest]]
    revoked: Callable[[], Connection] | None = None
    posted_text: Callable[[PublishResult], str] | None = None
    illustrated: PublishRequest | None = None
    alt_texts: Callable[[PublishResult], list[str]] | None = None
    captioned: PublishRequest | None = None
    captions: Callable[[PublishResult], bytes] | None = None
    counts: bool = True


@dataclass
class Heard(Report):
    """Remembers what an adapter reported."""

    handles: list[str] = field(default_factory=list)
    progressed: list[tuple[int, int]] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    renewals: list[dict[str, Any]] = field(default_factory=list)

    def renewed(self, credentials: Mapping[str, Any]) -> None:
        self.renewals.append(dict(credentials))

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


def secrets_of(connection: Connection | PublishRequest, platform: Platform) -> list[str]:
    """The values that nobody may read in a log, an error or a screenshot's name."""
    open_names = {field.name for field in platform.credential_fields if not field.secret}
    secret_names = {field.name for field in platform.credential_fields if field.secret}
    return [
        value
        for name, value in connection.credentials.items()
        if isinstance(value, str)
        and len(value) > 3
        and name not in open_names
        and (name in secret_names or _SECRET.search(name))
    ]


def told_by(error: AdapterError) -> str:
    """Everything of an error that rows, logs and people get to see."""
    return " ".join(map(str, (error.message, error.hint, *error.details.values())))


class PlatformConformance:
    def test_it_says_what_it_is(self, case: Case) -> None:
        platform = case.platform
        assert platform.slug
        assert str(platform.label)
        assert platform.capability in set(Capability)
        assert 0 < platform.timeout < platform.timeout + platform.margin
        assert platform.first_retry > 0

    def test_its_limits_are_dated_and_have_a_source(self, case: Case) -> None:
        limits = case.platform.limits
        assert isinstance(limits.as_of, date)
        assert limits.source
        assert bool(limits.calls) == bool(limits.per_seconds)

    def test_its_forms_can_be_filled_in(self, case: Case) -> None:
        platform = case.platform
        for fields in (platform.credential_fields, platform.setting_fields):
            assert [field.name for field in fields if not field.name.isidentifier() or not str(field.label)] == []
            assert len({field.name for field in fields}) == len(fields)
        for each in platform.setting_fields:
            assert not each.choices or each.default in [value for value, _label in each.choices], each.name

    def test_a_login_page_has_both_halves(self, case: Case) -> None:
        made = {name for name in ("begin_login", "finish_login") if name in _overridden(case.platform)}
        assert made == ({"begin_login", "finish_login"} if case.platform.oauth else set())

    def test_its_metrics_have_names(self, case: Case) -> None:
        names = case.platform.metrics
        assert [name for name in names if not re.fullmatch("[a-z][a-z_]*", name)] == []
        assert len(set(names)) == len(names)
        assert ("read_metrics" in _overridden(case.platform)) == bool(names)
        if names and case.counts:
            numbers = case.platform.read_metrics(case.request.connection, self.publish(case).external_id)
            assert set(numbers) == set(names)
            assert all(isinstance(number, int) for number in numbers.values())

    def test_a_draft_that_fits_has_no_problems(self, case: Case) -> None:
        assert case.platform.validate(case.request.draft) == []

    def test_a_draft_that_does_not_fit_is_told_why(self, case: Case) -> None:
        platform, limits = case.platform, case.platform.limits
        message = "%s characters are too many; at most %s fit."
        if limits.title:
            draft = replace(case.request.draft, title="x" * (limits.title + 1))
            assert Problem("title", message % (limits.title + 1, limits.title)) in platform.validate(draft)
        if limits.text:
            draft = replace(case.request.draft, text="x" * (limits.text + 1))
            length = measure(platform.compose(draft), limits.unit)
            # An adapter may shorten what it posts; then everything fits.
            problem = Problem("text", message % (length, limits.text))
            assert (problem in platform.validate(draft)) == (length > limits.text)
        if limits.pictures:
            draft = replace(case.request.draft, pictures=("",) * (limits.pictures + 1))
            assert "pictures" in [problem.field for problem in platform.validate(draft)]

    def test_a_text_counts_as_the_platform_counts(self, case: Case) -> None:
        """A Malayalam conjunct is three code points and one letter."""
        limits = case.platform.limits
        length = limits.text // measure("ക്ഷ", limits.unit)
        if limits.text_bytes:
            length = min(length, limits.text_bytes // len("ക്ഷ".encode()))
        draft = replace(case.request.draft, text="ക്ഷ" * length, hashtags=())
        # What the adapter adds of its own takes room as well.
        added = len(case.platform.compose(draft)) - len(draft.text)
        draft = replace(draft, text=draft.text[: -3 * added] if added > 0 else draft.text)
        assert case.platform.validate(draft) == []

    def test_good_credentials_belong_to_somebody(self, case: Case) -> None:
        assert case.platform.check(case.request.connection).handle

    def test_revoked_credentials_need_a_new_login(self, case: Case) -> None:
        if case.revoked is None:
            return
        connection = case.revoked()
        with pytest.raises(NeedsLogin) as checked:
            case.platform.check(connection)
        heard = Heard()
        request = replace(case.request, credentials=connection.credentials, settings=connection.settings)
        with pytest.raises(NeedsLogin) as published:
            case.platform.publish(request, heard)
        assert case.published(named(case.request.draft)) == 0
        for secret in secrets_of(connection, case.platform):
            assert secret not in told_by(checked.value) + told_by(published.value)
            assert [name for name, kept in heard.kept.items() if secret.encode() in kept or secret in name] == []

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

    @staticmethod
    def publish(case: Case) -> PublishResult:
        return case.platform.publish(case.request, Report())


def _overridden(platform: Platform) -> set[str]:
    """What of the protocol the adapter does in its own way."""
    return {name for name in vars(Platform) if getattr(type(platform), name, None) is not vars(Platform)[name]}
