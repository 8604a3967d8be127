"""What every platform adapter is: frozen values in, frozen values out, no database and no settings.

`uploads` decides when to call an adapter and what an error means for a post; an adapter only speaks its platform's
language and says truthfully what it knows. The one thing it must never do is guess: when a request may have been
accepted, it raises OutcomeUnknown.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.common.errors import AdapterError
from apps.common.text.lengths import Unit, measure


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


class NeedsPerson(AdapterError):
    """The platform wants a person now; nothing was published, and trying again cannot help.

    reason: captcha, login, changed_page, too_fast or upload_error.
    """

    code = "needs_person"

    def __init__(self, message: str, *, hint: str = "", reason: str = "", **details: Any) -> None:
        super().__init__(message, permanent=True, hint=hint, reason=reason, **details)
        self.reason = reason


@dataclass(frozen=True)
class PlatformConfig:
    """What an adapter may know of the installation.

    internal_url: where workers reach the web process. private_hosts: names of servers that may have private addresses;
    every other address that a person gives must be public, see apps/platforms/guard.py. chromium: path of the browser
    for platforms that are used by browser; empty means the one on PATH. overrides: folder in which `<slug>.toml`
    replaces the description of such a platform's pages. signing_keys: private keys (JWK) by which the installation
    proves who it is, the newest first.
    """

    internal_url: str = ""
    site_url: str = ""
    user_agent: str = "Rundown/0.1"
    private_hosts: frozenset[str] = frozenset()
    chromium: str = ""
    overrides: Path | None = None
    signing_keys: Callable[[], tuple[Mapping[str, Any], ...]] = field(default=tuple, repr=False, compare=False)


@dataclass(frozen=True)
class MediaFile:
    """A file to publish. name: in the default storage; size: bytes; sha256: in hexadecimal; open: a fresh stream."""

    name: str
    size: int
    sha256: str
    content_type: str
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Picture:
    """A still image to publish, and the words for those who cannot see it."""

    file: MediaFile
    alt: str = ""


@dataclass(frozen=True)
class LinkCard:
    """What stands where somebody shares a link to the piece (OpenGraph). Empty: as the piece itself says.

    picture: its place among the draft's pictures, None for whatever comes first.
    """

    title: str = ""
    description: str = ""
    picture: int | None = None


@dataclass(frozen=True)
class Draft:
    """What is to be said, before anyone schedules it. duration: seconds of the video, None without one.

    pictures: the alt texts of the images, in order; empty strings where nobody wrote one. picture_sizes: their bytes.
    settings: of the account that it is for, which may move a limit; empty while that is not known.
    """

    title: str = ""
    text: str = ""
    hashtags: tuple[str, ...] = ()
    language: str = "en"
    part: int = 1
    parts_total: int = 1
    has_video: bool = False
    duration: float | None = None
    size: int | None = None
    pictures: tuple[str, ...] = ()
    picture_sizes: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    card: LinkCard = LinkCard()


@dataclass(frozen=True)
class Connection:
    """An account as an adapter sees it when nothing is published."""

    account: str
    credentials: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishRequest:
    """One post, complete.

    post_key: the same for every try of one post. series: the same for all parts of one piece. timeout: seconds for the
    whole call, from the first byte sent to the last byte read. begun_at: when the first call for this post may have
    begun; a look-up searches from there. handle: what an earlier call reported that certainly published nothing; an
    adapter may go on from there.
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
    pictures: tuple[Picture, ...] = ()
    canonical_url: str = ""
    begun_at: datetime | None = None
    handle: str = ""

    @property
    def connection(self) -> Connection:
        return Connection(self.account, self.credentials, self.settings)


class Report:
    """Where an adapter says what happens while it publishes. This one listens to nothing."""

    def handle(self, handle: str) -> None:
        """Class B: what the platform can be asked by later; called before anything can become public."""

    def progress(self, done: int, total: int) -> None:
        """Bytes that have been sent, of all."""

    def evidence(self, name: str, content: bytes, content_type: str) -> None:
        """Something a person should see to understand a failure, such as a screenshot. Never holds a secret."""

    def renewed(self, credentials: Mapping[str, Any]) -> None:
        """The platform exchanged the credentials during the call; the old ones may end soon."""


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
    """What the platform accepts, as read on a day; 0 means that it sets no limit.

    title, text: length in `unit`; the text is what `Platform.compose` makes of a draft. text_bytes: the same text in
    UTF-8. hashtags: how many; hashtag: length of one. files: images and a video together. calls, per_seconds: how many
    calls an account may make in a time; workers share them. posts_per_day: default of the account's own limit.
    """

    as_of: date
    unit: Unit = "graphemes"
    title: int = 0
    text: int = 0
    text_bytes: int = 0
    hashtags: int = 0
    hashtag: int = 0
    pictures: int = 0
    picture_bytes: int = 0
    files: int = 0
    alt_text: int = 0
    video_required: bool = False
    video_seconds: int = 0
    video_bytes: int = 0
    posts_per_day: int = 0
    calls: int = 0
    per_seconds: float = 0
    source: str = ""


@dataclass(frozen=True)
class CredentialField:
    """One input of the form that connects an account. secret: never shown again once it is stored.

    lines: how many it shows; an input of a single one loses the line breaks of what is pasted into it.
    """

    name: str
    label: Any
    help: Any = ""
    secret: bool = True
    required: bool = True
    lines: int = 1


@dataclass(frozen=True)
class SettingField:
    """One option of an account, such as who may see its posts. choices: value and label; empty for free text."""

    name: str
    label: Any
    default: str = ""
    help: Any = ""
    choices: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Identity:
    """Whom the credentials belong to. expires_at: when they end, if the platform says so.

    settings: those of the account that the platform itself knows, such as how long a post may be there.
    """

    handle: str
    name: str = ""
    url: str = ""
    expires_at: datetime | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Login:
    """An OAuth flow that has begun. url: where the owner's browser goes. kept: what `finish_login` needs; sealed."""

    url: str
    kept: Mapping[str, Any] = field(repr=False)


class Platform(ABC):
    """Base of every adapter. Made anew for each use, so it may hold a connection but no memory.

    A new account is connected by `credential_fields` alone, or, where `oauth` is set, by these fields and then the
    platform's own login page. `notice` is shown before an account is connected, such as the risk of doing so.
    Credentials that end carry `expires_at`, in seconds since 1970; `refresh` gives new ones, and is called
    `refresh_before` seconds ahead by one worker at a time. `check` is asked daily, and before each post where
    `checks_before_publishing` is set.

    timeout: seconds that one publish call may take; margin: seconds added to it to make the lease; first_retry: seconds
    before the second try of a failed call, growing from there. key_seconds: how long the platform remembers a key
    (class A), None for ever. lookups, lookup_seconds: how many spaced looks prove absence (class C).
    provision: dotted path of a function(account) that prepares a new account of this platform.
    own_app: whether people first register an app of their own with the platform, which has to know our address.
    answers: what a platform's login page sends the browser back with when somebody has allowed it.
    upload_page: where a person posts by hand. link_hosts: hosts that addresses of its posts have; empty: any.
    own_title: whether a post there has a title beside its text.
    pictures_beside_video: whether a post may hold both; where it may not, the video goes out alone.
    fold: about how many characters people see before they press "more"; 0: all of them. bare_links: whether an address
    without its protocol becomes a link.
    """

    slug: ClassVar[str]
    label: ClassVar[Any]
    capability: ClassVar[Capability]
    limits: ClassVar[Limits]
    credential_fields: ClassVar[tuple[CredentialField, ...]] = ()
    setting_fields: ClassVar[tuple[SettingField, ...]] = ()
    notice: ClassVar[Any] = ""
    oauth: ClassVar[bool] = False
    own_app: ClassVar[bool] = False
    answers: ClassVar[tuple[str, ...]] = ("code",)
    refresh_before: ClassVar[float] = 600.0
    checks_before_publishing: ClassVar[bool] = False
    metrics: ClassVar[tuple[str, ...]] = ()
    timeout: ClassVar[float] = 60.0
    margin: ClassVar[float] = 15.0
    first_retry: ClassVar[float] = 30.0
    key_seconds: ClassVar[float | None] = None
    lookups: ClassVar[int] = 3
    lookup_seconds: ClassVar[float] = 60.0
    provision: ClassVar[str] = ""
    upload_page: ClassVar[str] = ""
    link_hosts: ClassVar[tuple[str, ...]] = ()
    fold: ClassVar[int] = 0
    own_title: ClassVar[bool] = False
    pictures_beside_video: ClassVar[bool] = False
    bare_links: ClassVar[bool] = False

    def __init__(self, config: PlatformConfig) -> None:
        self.config = config

    def compose(self, draft: Draft) -> str:
        """The text as it is posted, and as its length counts."""
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece for piece in (draft.text, tags) if piece)

    def counted(self, draft: Draft) -> tuple[Limits, str]:
        """The limits that hold for this draft, and its text as the platform counts it."""
        return self.limits, self.compose(draft)

    def as_posted(self, draft: Draft) -> Draft:
        """The draft with no more than the post will hold."""
        if draft.has_video and not self.pictures_beside_video:
            return replace(draft, pictures=(), picture_sizes=())
        return draft

    def left_out(self, draft: Draft) -> list[Problem]:
        """What the post will not hold, although it can go out; people are told before they schedule it."""
        gone = len(draft.pictures) - len(self.as_posted(draft).pictures)
        if not gone:
            return []
        message = ngettext(
            "%(platform)s shows no images beside a video: the image is left out.",
            "%(platform)s shows no images beside a video: %(count)s images are left out.",
            gone,
        )
        return [Problem("pictures", message % {"platform": self.label, "count": gone})]

    def validate(self, draft: Draft) -> list[Problem]:
        """Everything that would make the platform refuse the draft; empty when it fits."""
        draft = self.as_posted(draft)
        limits, text = self.counted(draft)
        return check_limits(draft, limits, text=text)

    def article(self, draft: Draft) -> str:
        """The text as clean HTML, where the platform shows it as an article; "" where it is plain text."""
        return ""

    @abstractmethod
    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        """Make the post public. Class B calls `report.handle` before anything can become public.

        Raises AdapterError when certainly nothing was published, OutcomeUnknown otherwise.
        """

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        """Find out what became of a call whose answer was lost; classes B and C. Publishes nothing."""
        return StillUnknown()

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The credentials to store, of what the form was given; raises Invalid for what cannot be used."""
        return dict(fields)

    def page_of(self, account: str) -> str:
        """Where people see the account, for a platform that cannot be asked; "" where there is no such page."""
        return ""

    def check(self, connection: Connection) -> Identity:
        """Ask the platform whether the credentials still work; raises NeedsLogin when they do not."""
        return Identity(connection.account, url=self.page_of(connection.account))

    def refresh(self, connection: Connection) -> Mapping[str, Any] | None:
        """Credentials that last longer, or None when there is nothing to renew; raises NeedsLogin when refused."""
        return None

    def logs_in_on_page(self, fields: Mapping[str, Any]) -> bool:
        """Whether these fields lead on to the platform's own login page; otherwise they are all that it takes."""
        return self.oauth

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        """The first half of OAuth with PKCE (S256). fields: what `credential_fields` asked for."""
        raise NotImplementedError

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        """The second half: the credentials to keep; raises NeedsLogin when the platform refuses what it gave.

        answer: what the platform sent the browser back with; `answers` are certainly in it.
        """
        raise NotImplementedError

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        """Today's totals of a post, under the names in `metrics`; raises NotFound when the post is gone."""
        return {}


def check_limits(draft: Draft, limits: Limits, *, text: str) -> list[Problem]:
    """The problems that follow from numbers alone. text: as it would be posted."""
    problems = []
    for name, said in (("title", draft.title), ("text", text)):
        most, length = getattr(limits, name), measure(said, limits.unit)
        if most and length > most:
            message = _("%(length)s characters are too many; at most %(most)s fit.")
            problems.append(Problem(name, message % {"length": length, "most": most}))
    if limits.text_bytes and len(text.encode()) > limits.text_bytes:
        message = _("The text takes %(length)s bytes; at most %(most)s fit.")
        problems.append(Problem("text", message % {"length": len(text.encode()), "most": limits.text_bytes}))
    if limits.hashtags and len(draft.hashtags) > limits.hashtags:
        message = _("%(count)s hashtags are too many; at most %(most)s fit.")
        problems.append(Problem("hashtags", message % {"count": len(draft.hashtags), "most": limits.hashtags}))
    if limits.alt_text and any(measure(alt, limits.unit) > limits.alt_text for alt in draft.pictures):
        message = _("The description of an image is too long; at most %(most)s characters fit.")
        problems.append(Problem("pictures", message % {"most": limits.alt_text}))
    for tag in draft.hashtags:
        if limits.hashtag and measure(tag, limits.unit) > limits.hashtag:
            message = _("The hashtag “%(tag)s” is too long; at most %(most)s characters fit.")
            problems.append(Problem("hashtags", message % {"tag": tag, "most": limits.hashtag}))
    if limits.pictures and len(draft.pictures) > limits.pictures:
        message = _("%(count)s images are too many; at most %(most)s fit.")
        problems.append(Problem("pictures", message % {"count": len(draft.pictures), "most": limits.pictures}))
    files = len(draft.pictures) + draft.has_video
    if limits.files and draft.has_video and files > limits.files:
        message = _("A video and %(count)s images are too many together; at most %(most)s files fit.")
        problems.append(Problem("pictures", message % {"count": len(draft.pictures), "most": limits.files}))
    if limits.picture_bytes and any(size > limits.picture_bytes for size in draft.picture_sizes):
        message = _("An image has %(size)d MB; at most %(most)d MB fit.")
        largest = -(-max(draft.picture_sizes) // 10**6)
        problems.append(Problem("pictures", message % {"size": largest, "most": limits.picture_bytes // 10**6}))
    if limits.video_required and not draft.has_video:
        problems.append(Problem("video", str(_("This platform needs a video."))))
    if limits.video_seconds and draft.duration and draft.duration > limits.video_seconds:
        message = _("The video lasts %(seconds)d s; at most %(most)d s fit.")
        problems.append(Problem("video", message % {"seconds": draft.duration, "most": limits.video_seconds}))
    if limits.video_bytes and draft.size and draft.size > limits.video_bytes:
        message = _("The video has %(size)d MB; at most %(most)d MB fit.")
        problems.append(Problem("video", message % {"size": draft.size // 10**6, "most": limits.video_bytes // 10**6}))
    return problems
