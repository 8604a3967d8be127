"""What every platform adapter is: frozen values in, frozen values out, no database and no settings.

`uploads` decides when to call an adapter and what an error means for a post; an adapter only speaks its platform's
language and says truthfully what it knows. The one thing it must never do is guess: when a request may have been
accepted, it raises OutcomeUnknown.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, BinaryIO, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.common.errors import AdapterError
from apps.common.text.words import graphemes


class Capability(StrEnum):
    """How the truth is found out when the answer to a publish call was lost."""

    KEY = "key"  # A: the platform takes a key of ours; sending again with it is harmless
    HANDLE = "handle"  # B: the platform gives a handle before anything is public, and it can be asked
    LOOKUP = "lookup"  # C: the account's own posts can be searched; absence counts only after several looks
    NONE = "none"  # D: nothing can be asked; a person decides


class OutcomeUnknown(AdapterError):
    """The request was sent and no trustworthy answer came back: it may be public, or not, or still become so."""

    code = "outcome_unknown"


class NeedsLogin(AdapterError):
    """The platform no longer accepts the account's credentials; nothing was published."""

    code = "needs_login"


class RateLimited(AdapterError):
    """The platform refused the call for now and did nothing; `retry_after` holds for the whole account."""

    code = "rate_limited"


@dataclass(frozen=True)
class PlatformConfig:
    """What an adapter may know of the installation. internal_url: where workers reach the web process."""

    internal_url: str = ""
    site_url: str = ""
    user_agent: str = "Rundown/0.1"


@dataclass(frozen=True)
class MediaFile:
    """A file to publish. name: in the default storage; size: bytes; sha256: in hexadecimal; open: a fresh stream."""

    name: str
    size: int
    sha256: str
    content_type: str
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Draft:
    """What is to be said, before anyone schedules it. duration: seconds of the video, None without one."""

    title: str = ""
    text: str = ""
    hashtags: tuple[str, ...] = ()
    language: str = "en"
    part: int = 1
    parts_total: int = 1
    has_video: bool = False
    duration: float | None = None
    size: int | None = None


@dataclass(frozen=True)
class PublishRequest:
    """One post, complete.

    post_key: the same for every try of one post. series: the same for all parts of one piece. timeout: seconds for the
    whole call, from the first byte sent to the last byte read.
    """

    post_key: UUID
    account: str
    credentials: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any]
    draft: Draft
    timeout: float
    series: str = ""
    video: MediaFile | None = None
    thumbnail: MediaFile | None = None
    captions: MediaFile | None = None
    canonical_url: str = ""


@dataclass(frozen=True)
class PublishResult:
    """What the platform calls the post, and where people see it."""

    external_id: str
    url: str = ""


@dataclass(frozen=True)
class Found:
    result: PublishResult


@dataclass(frozen=True)
class NotFound:
    """The platform answered, and the post is not there."""


@dataclass(frozen=True)
class StillUnknown:
    """The platform could not be asked, or does not know yet."""

    reason: str = ""


Outcome = Found | NotFound | StillUnknown


@dataclass(frozen=True)
class Problem:
    """Why a draft does not fit. field: of the draft; message: a sentence for its writer."""

    field: str
    message: str


@dataclass(frozen=True)
class Limits:
    """What the platform accepts, as read on a day. Lengths count graphemes; 0 means that the platform sets no limit."""

    as_of: date
    title: int = 0
    text: int = 0
    hashtags: int = 0
    video_required: bool = False
    video_seconds: int = 0
    video_bytes: int = 0
    posts_per_day: int = 0
    source: str = ""


@dataclass(frozen=True)
class CredentialField:
    """One input of the form that connects an account. secret: never shown again once it is stored."""

    name: str
    label: Any
    help: Any = ""
    secret: bool = True
    required: bool = True


class Platform(ABC):
    """Base of every adapter. Made anew for each use, so it may hold a connection but no memory.

    timeout: seconds that one publish call may take; margin: seconds added to it to make the lease; first_retry: seconds
    before the second try of a failed call, growing from there. key_seconds: how long the platform remembers a key
    (class A), None for ever. lookups, lookup_seconds: how many spaced looks prove absence (class C).
    provision: dotted path of a function(account) that prepares a new account of this platform.
    """

    slug: ClassVar[str]
    label: ClassVar[Any]
    capability: ClassVar[Capability]
    limits: ClassVar[Limits]
    credential_fields: ClassVar[tuple[CredentialField, ...]] = ()
    metrics: ClassVar[tuple[str, ...]] = ()
    timeout: ClassVar[float] = 60.0
    margin: ClassVar[float] = 15.0
    first_retry: ClassVar[float] = 30.0
    key_seconds: ClassVar[float | None] = None
    lookups: ClassVar[int] = 3
    lookup_seconds: ClassVar[float] = 60.0
    provision: ClassVar[str] = ""

    def __init__(self, config: PlatformConfig) -> None:
        self.config = config

    def validate(self, draft: Draft) -> list[Problem]:
        """Everything that would make the platform refuse the draft; empty when it fits."""
        return check_limits(draft, self.limits)

    @abstractmethod
    def publish(self, request: PublishRequest, on_handle: Callable[[str], None]) -> PublishResult:
        """Make the post public. Class B calls `on_handle` with its handle before anything can become public.

        Raises AdapterError when certainly nothing was published, OutcomeUnknown otherwise.
        """

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        """Find out what became of a call whose answer was lost; classes B and C. Publishes nothing."""
        return StillUnknown()


def check_limits(draft: Draft, limits: Limits) -> list[Problem]:
    """The problems that follow from numbers alone."""
    problems = []
    for name in ("title", "text"):
        most, length = getattr(limits, name), len(graphemes(getattr(draft, name)))
        if most and length > most:
            message = _("%(length)s characters are too many; at most %(most)s fit.")
            problems.append(Problem(name, message % {"length": length, "most": most}))
    if limits.hashtags and len(draft.hashtags) > limits.hashtags:
        message = _("%(count)s hashtags are too many; at most %(most)s fit.")
        problems.append(Problem("hashtags", message % {"count": len(draft.hashtags), "most": limits.hashtags}))
    if limits.video_required and not draft.has_video:
        problems.append(Problem("video", str(_("This platform needs a video."))))
    if limits.video_seconds and draft.duration and draft.duration > limits.video_seconds:
        message = _("The video lasts %(seconds)d s; at most %(most)d s fit.")
        problems.append(Problem("video", message % {"seconds": draft.duration, "most": limits.video_seconds}))
    if limits.video_bytes and draft.size and draft.size > limits.video_bytes:
        message = _("The video has %(size)d MB; at most %(most)d MB fit.")
        problems.append(Problem("video", message % {"size": draft.size // 10**6, "most": limits.video_bytes // 10**6}))
    return problems
