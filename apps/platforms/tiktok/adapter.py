"""TikTok, used the way a person uses it: TikTok Studio in a browser, with the account's own login.

TikTok gives no interface that a small installation could post through, so this platform is opt-in and says its risk.
Nothing here retries: a page that behaves unexpectedly ends the call, and a person goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import AdapterError, Invalid
from apps.common.redaction import mask_text
from apps.platforms.base import (
    Capability,
    Connection,
    CredentialField,
    Draft,
    Identity,
    Limits,
    MediaFile,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
    SettingField,
)
from apps.platforms.tiktok import driver, page, problems, session

log = structlog.get_logger(__name__)

# Seconds that a visit without an upload may take.
_VISIT = 60.0
_YES_OR_NO = (("yes", _("Allowed")), ("no", _("Not allowed")))
_REFUSALS = {
    "unreadable": _("This is neither a cookies.txt nor cookies in JSON."),
    "other_site": _("These cookies are of other sites; none is TikTok's."),
    "no_login": _("These cookies hold no login. Log in to TikTok first, then export them."),
    "ended": _("This login has ended already. Log in to TikTok again, then export the cookies."),
}


class TiktokPlatform(Platform):
    slug = "tiktok"
    label = "TikTok"
    capability = Capability.NONE
    # A title of its own does not exist: the caption is all there is. TikTok counts it in UTF-16 units.
    limits = Limits(
        as_of=date(2026, 11, 21),
        unit="utf16",
        text=4000,
        hashtags=30,
        hashtag=100,
        video_required=True,
        video_seconds=3600,
        video_bytes=10 * 10**9,
        posts_per_day=5,
        source="apps/platforms/tiktok/README.md",
    )
    credential_fields = (
        CredentialField(
            "session",
            _("Session"),
            help=_(
                "Log in to tiktok.com in your browser and export its cookies: in Chrome or Edge the extension “Get "
                "cookies.txt LOCALLY” does that, in Firefox “cookies.txt”. Paste the whole file here; cookies of other "
                "sites are dropped. Or have whoever runs this installation start “manage.py tiktok_login”."
            ),
            lines=6,
        ),
    )
    setting_fields = (
        SettingField(
            "privacy",
            _("Who may watch"),
            default="public",
            choices=(("public", _("Everyone")), ("friends", _("Friends")), ("private", _("Only you"))),
        ),
        SettingField("comment", _("Comments"), default="yes", choices=_YES_OR_NO),
        SettingField("duet", _("Duets"), default="yes", choices=_YES_OR_NO),
        SettingField("stitch", _("Stitches"), default="yes", choices=_YES_OR_NO),
    )
    notice = _(
        "This drives TikTok's own web pages with your login. TikTok's terms do not allow automation: the account may "
        "be limited or lost, and you decide to take that risk. TikTok may ask for a puzzle or a new login at any "
        "time; the post then waits for you with a picture of the page."
    )
    fold = 90
    upload_page = "https://www.tiktok.com/tiktokstudio/upload"
    link_hosts = ("tiktok.com",)
    timeout = 900.0
    margin = 60.0
    first_retry = 300.0

    def compose(self, draft: Draft) -> str:
        """The title is the caption's first line, unless the text begins with it anyway."""
        title = "" if draft.text.startswith(draft.title) else draft.title
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece.strip() for piece in (title, draft.text, tags) if piece.strip())

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Only TikTok's own cookies, once they are known to hold a login that lasts."""
        network = self._page.network
        try:
            cookies = session.read(str(fields.get("session", "")), domains=network["cookie_domains"])
            session.require_login(cookies, names=network["session_cookies"], now=datetime.now(UTC))
        except session.SessionError as error:
            said = str(_REFUSALS[error.code])
            raise Invalid(said, session=[said]) from error
        return session.credentials(cookies)

    # The login is checked where each upload begins, in the same browser and with a picture of what it found; a check of
    # its own before that would be a second browser and a second visit.
    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        if request.video is None:
            raise AdapterError(_now("TikTok needs a video."), permanent=True, hint=_now("Render one."))
        job = {
            "do": "publish",
            "account": request.account,
            "size": request.video.size,
            "caption": self.compose(request.draft),
            "options": self._options(request.settings),
        }
        with driver.workplace() as folder:
            job["video"] = str(_copy(request.video, folder))
            ended = self._run(job, request.connection, folder=folder, seconds=request.timeout, report=report)
        if ended.code:
            raise problems.error_of(ended)
        return self._result(ended.result, request.account)

    def check(self, connection: Connection) -> Identity:
        """Opens the account's list of posts. Raises NeedsLogin, or NeedsPerson for a puzzle or a changed page."""
        with driver.workplace() as folder:
            job = {"do": "check", "account": connection.account}
            ended = self._run(job, connection, folder=folder, seconds=_VISIT, report=Report())
        if ended.code:
            raise problems.error_of(ended)
        handle = ended.result["handle"] or connection.account.lstrip("@")
        if not handle:
            raise problems.error_of(driver.Ended(code="changed_page", details={"element": "profile_link"}))
        names = self._page.network["session_cookies"]
        return Identity(
            handle=handle,
            url=self._page.addresses["profile"].format(handle=handle),
            expires_at=session.expires_at(self._cookies(connection), names=names),
        )

    def log_in(
        self, *, account: str = "", browser: str = "", seconds: float, on_waiting: Callable[[], None]
    ) -> dict[str, str]:
        """Let a person log in, and return what the form would have been given.

        browser: address of a browser with remote debugging that the person uses already, such as
        http://127.0.0.1:9222; empty opens a window on this machine. account: who it must be, if that is known.
        """
        job = {"do": "login", "account": account, "connect": browser, "window": not browser, "page": self._description}

        def hear(event: str, _content: dict[str, Any]) -> None:
            if event == "waiting":
                on_waiting()

        with driver.workplace() as folder:
            ended = driver.run({**job, "chromium": self._chromium()}, folder=folder, seconds=seconds, on_event=hear)
        if ended.code in ("browser", "crash"):
            raise AdapterError(
                _now("The browser could not be used: %(why)s") % {"why": ended.details.get("why", "")},
                permanent=True,
                hint=_now("Without a screen, log in on another machine and name its browser by its address."),
            )
        if ended.code:
            raise problems.error_of(ended)
        return session.credentials(ended.cookies)

    def _run(
        self, job: dict[str, Any], connection: Connection, *, folder: Path, seconds: float, report: Report
    ) -> driver.Ended:
        cookies = self._cookies(connection)

        def hear(event: str, content: dict[str, Any]) -> None:
            if event == "progress":
                report.progress(content["done"], content["total"])
            elif event == "evidence":
                _hand_over(folder, content, report)

        ended = driver.run(
            {**job, "page": self._description, "cookies": cookies, "chromium": self._chromium()},
            folder=folder,
            seconds=seconds,
            on_event=hear,
        )
        if (renewed := self._renewed(connection, ended)) is not None:
            try:
                report.renewed(renewed)
            except Exception:  # what happened to the post counts for more than the session
                log.exception("renewed_session_not_kept", account=connection.account)
        return ended

    def _cookies(self, connection: Connection) -> list[session.Cookie]:
        network = self._page.network
        try:
            cookies = session.read(connection.credentials.get("session", ""), domains=network["cookie_domains"])
            session.require_login(cookies, names=network["session_cookies"], now=datetime.now(UTC))
        except session.SessionError as error:
            raise problems.login_needed({"why": error.code}) from error
        return cookies

    def _renewed(self, connection: Connection, ended: driver.Ended) -> dict[str, Any] | None:
        """Credentials to keep instead of the old ones; None when the login is what it was, or is gone."""
        names = self._page.network["session_cookies"]
        if session.login_cookie(ended.cookies, names=names) is None:
            return None
        if session.same_login(ended.cookies, self._cookies(connection), names=names):
            return None
        return session.credentials(ended.cookies)

    def _options(self, settings: Mapping[str, Any]) -> dict[str, str]:
        allowed = {field.name: [value for value, _label in field.choices] for field in self.setting_fields}
        wishes = {field.name: str(settings.get(field.name) or field.default) for field in self.setting_fields}
        for name, wish in wishes.items():
            if wish not in allowed[name]:
                raise AdapterError(
                    _now("The account's setting “%(name)s” cannot be “%(wish)s”.") % {"name": name, "wish": wish},
                    permanent=True,
                    hint=_now("Correct the account's settings."),
                )
        return wishes

    def _result(self, result: Mapping[str, str], account: str) -> PublishResult:
        addresses = self._page.addresses
        handle = result["handle"] or account.lstrip("@")
        if not result["id"]:
            return PublishResult(external_id="", url=addresses["profile"].format(handle=handle))
        return PublishResult(result["id"], addresses["post"].format(handle=handle, id=result["id"]))

    def _chromium(self) -> str:
        try:
            return driver.chromium(self.config.chromium)
        except driver.NoBrowser as error:
            raise AdapterError(
                _now("There is no Chromium at %(path)s.") % {"path": error.path},
                permanent=True,
                hint=_now("Install Chromium on the machine that publishes, or set CHROMIUM_PATH."),
            ) from error

    def _override(self) -> Path | None:
        return self.config.overrides / page.OVERRIDE if self.config.overrides else None

    @cached_property
    def _page(self) -> page.Page:
        return page.described(self._description)

    @cached_property
    def _description(self) -> dict[str, Any]:
        """The description of the pages as it was read, and as the robot gets it."""
        try:
            return page.merged(self._override())
        except page.PageFileError as error:
            raise AdapterError(
                _now("The description of TikTok's pages cannot be used: %(why)s") % {"why": error},
                permanent=True,
                hint=_now("Correct tiktok.toml, or remove it."),
            ) from error


def _copy(video: MediaFile, folder: Path) -> Path:
    """The video as a file of the job's own, once it is known to be what was approved."""
    path, digest = folder / "video.mp4", hashlib.sha256()
    with video.open() as source, path.open("wb") as target:
        while piece := source.read(1 << 20):
            digest.update(piece)
            target.write(piece)
    if digest.hexdigest() != video.sha256:
        raise AdapterError(
            _now("The video is not the one that was rendered: its checksum differs."),
            permanent=True,
            hint=_now("Render it again."),
        )
    return path


def _hand_over(folder: Path, content: Mapping[str, str], report: Report) -> None:
    body = (folder / Path(content["name"]).name).read_bytes()
    if content["content_type"].startswith("text/"):
        body = mask_text(body.decode()).encode()
    report.evidence(content["name"], body, content["content_type"])
