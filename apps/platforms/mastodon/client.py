"""Mastodon's API through Mastodon.py, with one deadline for all calls and errors that say what is known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.utils.translation import gettext as _
from mastodon import (
    Mastodon,
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonNotFoundError,
    MastodonRatelimitError,
)

from apps.common.errors import AdapterError, NotFound
from apps.platforms.base import (
    Identity,
    MediaFile,
    NeedsLogin,
    OutcomeUnknown,
    PlatformConfig,
    PublishRequest,
    PublishResult,
    RateLimited,
    Report,
)
from apps.platforms.guard import guarded_requests_session

# What posting takes, kept free when a server works long on a video: seconds, and share of the time.
_RESERVE, _RESERVED = 15.0, 0.25
_LONGEST_WAIT = 24 * 3600.0
# Names of settings, and where a server's configuration has them. The last is told by servers since 4.4.
_LIMITS = {
    "characters": ("statuses", "max_characters"),
    "images": ("statuses", "max_media_attachments"),
    "image_bytes": ("media_attachments", "image_size_limit"),
    "video_bytes": ("media_attachments", "video_size_limit"),
    "alt_text": ("media_attachments", "description_limit"),
}
# Spoken by every server since 2022; naming it spares the calls by which the SDK would ask.
_API = "4.0.0"


class Client:
    """address: as `server_address` gives it. timeout: seconds for everything that is done with this client."""

    def __init__(self, address: str, token: str, config: PlatformConfig, timeout: float) -> None:
        self._enough = time.monotonic() + timeout - min(_RESERVE, timeout * _RESERVED)
        self._last: requests.Response | None = None
        session = guarded_requests_session(config, timeout)
        session.max_redirects = 0  # a followed redirect makes a GET of a POST
        session.hooks["response"].append(self._remember)
        self._api = Mastodon(
            api_base_url=address,
            session=session,
            request_timeout=timeout,
            ratelimit_method="throw",
            mastodon_version=_API,
            version_check_mode="created",
            user_agent=config.user_agent,
        )
        # Not by the constructor, which takes the name of an existing file for a request to read it.
        self._api.access_token = token

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._api.session.close()

    def upload(self, request: PublishRequest, report: Report) -> list[str]:
        """The ids of all media, ready to be attached."""
        if request.video:
            files = [(request.video, request.draft.title)]
        else:
            files = [(picture.file, picture.alt) for picture in request.pictures]
        total, done, ids = sum(file.size for file, _alt in files), 0, []
        for file, alt in files:
            thumbnail = request.thumbnail if file is request.video else None
            ids.append(self._upload(file, alt, thumbnail))
            done += file.size
            report.progress(done, total)
        for media in ids:
            self._await(media)
        return ids

    def _upload(self, file: MediaFile, alt: str, thumbnail: MediaFile | None) -> str:
        options: dict[str, Any] = {"mime_type": file.content_type, "description": alt or None}
        with self._asked(changes=False), file.open() as stream:
            if thumbnail is None:
                media = self._api.media_post(stream, **options)
            else:
                with thumbnail.open() as still:
                    options |= {"thumbnail": still, "thumbnail_mime_type": thumbnail.content_type}
                    media = self._api.media_post(stream, **options)
            return _id(media)

    def _await(self, media: str) -> None:
        """Until the server has converted the file: a post with an unfinished one is refused."""
        pause = 0.25
        while True:
            with self._asked(changes=False):
                if self._api.media(media)["url"]:
                    return
            if time.monotonic() + pause > self._enough:
                raise AdapterError(
                    _("The server is still converting the file."), hint=_("It is tried again by itself.")
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 3.0)

    def post(self, text: str, media: list[str], request: PublishRequest) -> PublishResult:
        with self._asked(changes=True):
            status = self._api.status_post(
                text,
                media_ids=media or None,
                visibility=request.settings.get("visibility") or "public",
                spoiler_text=request.settings.get("content_warning") or None,
                language=request.draft.language.partition("-")[0] or None,
                idempotency_key=str(request.post_key),
            )
            return PublishResult(external_id=_id(status), url=status["url"] or "")

    def identity(self) -> Identity:
        with self._asked(changes=False):
            me = self._api.account_verify_credentials()
            host = self._api.api_base_url.partition("://")[2]
            handle = me["acct"] if "@" in me["acct"] else f"{me['acct']}@{host}"
            name, url = me["display_name"] or "", me["url"] or ""
        return Identity(f"@{handle}", name=name, url=url, settings=self._limits())

    def _limits(self) -> dict[str, str]:
        """What a post may hold on this server, as far as it says so."""
        try:
            with self._asked(changes=False):
                said = self._api.instance_v2()["configuration"]
                found = {name: (said.get(part) or {}).get(key) for name, (part, key) in _LIMITS.items()}
                return {name: str(int(most)) for name, most in found.items() if most}
        except AdapterError:
            return {}  # an older server, or one that lets nobody ask; the login is good all the same

    def metrics(self, external_id: str) -> dict[str, int]:
        with self._asked(changes=False):
            try:
                status = self._api.status(external_id)
            except MastodonNotFoundError as error:
                raise NotFound(_("The server does not know that post.")) from error
            return {
                "likes": int(status["favourites_count"]),
                "reposts": int(status["reblogs_count"]),
                "replies": int(status["replies_count"]),
            }

    def _remember(self, response: requests.Response, **_options: Any) -> None:
        self._last = response

    @contextmanager
    def _asked(self, *, changes: bool) -> Iterator[None]:
        """Turns the SDK's errors into ours. changes: whether the call could publish something."""
        self._last = None
        try:
            yield
        except MastodonNetworkError as error:
            raise unreachable(error, changes) from error
        except MastodonRatelimitError as error:
            if self._status() != 429:
                raise _lost(changes, _("its answer could not be read")) from error
            message = _("The server asks to wait.")
            raise RateLimited(message, retry_after=self._wait()) from error
        except MastodonAPIError as error:
            raise self._refused(error, changes) from error
        except MastodonError as error:
            raise AdapterError(_("The post does not suit Mastodon: %s") % error, permanent=True) from error
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise _lost(changes, _("its answer could not be read")) from error

    def _refused(self, error: MastodonAPIError, changes: bool) -> AdapterError:
        status = self._status()
        said = str(error.args[3] or "")[:200] if len(error.args) > 3 else ""
        details: dict[str, Any] = {"status_code": status, "said": said}
        if status < 300 or status >= 500:
            return _lost(changes, said or f"HTTP {status}")
        if status in (401, 403):
            hint = _("Connect the account again.")
            return NeedsLogin(_("The server refused the account's credentials."), hint=hint, **details)
        if status in (408, 425):
            return AdapterError(_("The server did not take the call."), retry_after=self._wait(), **details)
        if status == 413:
            return AdapterError(_("The file is larger than the server accepts."), permanent=True, **details)
        return AdapterError(
            _("The server refused the post: %(said)s") % {"said": said or status}, permanent=True, **details
        )

    def _status(self) -> int:
        return self._last.status_code if self._last is not None else 0

    def _wait(self) -> float | None:
        """Seconds until the server's limit ends, as its headers say."""
        wait = self._api.ratelimit_reset - time.time() if self._api.ratelimit_reset else None
        said = self._last.headers.get("Retry-After", "") if self._last is not None else ""
        if said.isdigit():
            wait = max(wait or 0.0, float(said))
        return None if wait is None else min(max(wait, 0.0), _LONGEST_WAIT)


def _id(entity: Any) -> str:
    if not entity["id"]:
        raise KeyError("id")
    return str(entity["id"])


def unreachable(error: BaseException, changes: bool) -> AdapterError:
    """What a failure of the network means. The SDKs wrap it several times."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, AdapterError):
            return cause  # the guard's: the address is refused
        if isinstance(cause, requests.TooManyRedirects):
            hint = _("Use the address that it ends at.")
            return AdapterError(_("The server's address leads elsewhere."), permanent=True, hint=hint)
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    if any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
        return AdapterError(_("The server could not be reached."), hint=_("It is tried again by itself."))
    return _lost(changes, type(causes[-1]).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _lost(changes: bool, reason: str) -> AdapterError:
    if changes:
        return OutcomeUnknown(_("The server did not say whether it published."), reason=reason)
    return AdapterError(_("The server did not answer properly."), reason=reason)
