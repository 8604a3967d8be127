"""A server's XRPC through the atproto SDK, with one deadline for all calls and errors that say what is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from atproto_client.client.raw import ClientRaw
from atproto_client.exceptions import (
    BadRequestError,
    InvokeTimeoutError,
    ModelError,
    NetworkError,
    RateLimitExceededError,
    RequestErrorBase,
    UnauthorizedError,
)
from atproto_client.models.common import XrpcError
from atproto_client.request import Request, RequestBase
from atproto_core.did_doc import DidDocument, is_valid_did_doc
from atproto_server.auth.jwt import get_jwt_payload
from atproto_server.exceptions import TokenDecodeError
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError, NotFound
from apps.platforms.addresses import server_address
from apps.platforms.base import Identity, NeedsLogin, OutcomeUnknown, PlatformConfig, RateLimited, Report
from apps.platforms.bluesky.dpop import Bound
from apps.platforms.guard import guarded_httpx_client

T = TypeVar("T")
POSTS = "app.bsky.feed.post"
_LONGEST_WAIT = 24 * 3600.0
# A session that ends sooner is not begun to be used.
_SPARE = 60.0
_TOKEN_ERRORS = {"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired", "AccountTakedown"}


class _GuardedRequest(Request):
    """The SDK's own, over a client of ours."""

    def __init__(self, http: httpx.Client) -> None:
        RequestBase.__init__(self)
        self._client = http


class Client:
    """address: of the server. timeout: seconds for everything that is done with this client."""

    def __init__(self, address: str, config: PlatformConfig, timeout: float) -> None:
        self.deadline = time.monotonic() + timeout
        self.http = guarded_httpx_client(config, timeout)
        self.did = ""
        self._token = ""
        self._address, self._config = address, config
        request = _GuardedRequest(self.http)
        request.add_additional_headers_source(self._headers)
        self.api = ClientRaw(base_url=address, request=request)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.http.close()

    def _headers(self) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return {"User-Agent": self._config.user_agent, **bearer}

    def acting(self, credentials: Mapping[str, Any], act: Callable[[], T], report: Report | None = None) -> T:
        """What `act` returns when it is done as the account: by the kept session, or else by a new one, to be kept."""
        if "dpop_key" in credentials:
            # Logged in on the server's page; such a session is renewed by its refresh token, and by nothing else.
            self.did = credentials["did"]
            self._move(server_address(credentials["pds"], self._config))
            self.http.auth = Bound(self._address, credentials["dpop_key"], credentials["access_token"])
            return act()
        token, until = credentials.get("access_jwt"), credentials.get("expires_at")
        if token and credentials.get("did") and until and float(until) > time.time() + _SPARE:
            self._token, self.did = token, credentials["did"]
            try:
                return act()
            except NeedsLogin:
                pass  # it was ended early, and so nothing was done by it
        fresh = self.log_in(credentials)
        if report:
            report.renewed({**credentials, **fresh})
        return act()

    def log_in(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """A new session by the app password: what to keep of it."""
        self._token = ""
        who = str(credentials.get("handle", "")).strip().removeprefix("@")
        # A new session is asked of the server that was named; the account may have moved since.
        self._move(server_address(credentials.get("server") or credentials.get("pds") or self._address, self._config))
        with asked(changes=False):
            data = {"identifier": who, "password": str(credentials.get("app_password", "")).strip()}
            return self._begin(self.api.com.atproto.server.create_session(data))

    def renewed(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """A fresh session: from the kept one while it can be renewed, else by the app password."""
        if credentials.get("refresh_jwt"):
            bearer = {"Authorization": f"Bearer {credentials['refresh_jwt']}"}
            try:
                with asked(changes=False):
                    return self._begin(self.api.com.atproto.server.refresh_session(headers=bearer))
            except NeedsLogin:
                pass  # it has run out, or was ended elsewhere
        return self.log_in(credentials)

    def _begin(self, session: Any) -> dict[str, Any]:
        if session.active is False:
            raise NeedsLogin(
                _("Bluesky says that the account is %(status)s.") % {"status": session.status or _("not active")},
                hint=_("Log in there to see why."),
            )
        self._token, self.did = session.access_jwt, session.did
        kept: dict[str, Any] = {
            "did": session.did,
            "access_jwt": session.access_jwt,
            "refresh_jwt": session.refresh_jwt,
        }
        home = home_of(session.did_doc)
        if home:
            kept["pds"] = server_address(home, self._config)
            self._move(kept["pds"])
        try:
            kept["expires_at"] = get_jwt_payload(session.access_jwt).exp
        except (TokenDecodeError, ValueError):
            kept["expires_at"] = None  # unreadable: it is not used again
        return kept

    def _move(self, address: str) -> None:
        self._address = address
        self.api.update_base_url(address)

    def identity(self) -> Identity:
        with asked(changes=False):
            session = self.api.com.atproto.server.get_session()
            if session.active is False:
                raise NeedsLogin(_("Bluesky says that the account is not active."), hint=_("Log in there to see why."))
            return Identity(f"@{session.handle}", url=f"https://bsky.app/profile/{session.did}")

    def metrics(self, uri: str) -> dict[str, int]:
        with asked(changes=False):
            found = self.api.app.bsky.feed.get_posts({"uris": [uri]}).posts
            if not found:
                raise NotFound(_("Bluesky does not know that post."))
            counts = ("like_count", "repost_count", "reply_count", "quote_count")
            likes, reposts, replies, quotes = (int(getattr(found[0], name) or 0) for name in counts)
            return {"likes": likes, "reposts": reposts, "replies": replies, "quotes": quotes}

    def resolve(self, handle: str) -> str | None:
        """The account behind a handle; None where nobody has it."""
        try:
            with asked(changes=False):
                return self.api.com.atproto.identity.resolve_handle({"handle": handle}).did
        except AdapterError as error:
            if error.permanent:
                return None
            raise

    def service_token(self, method: str, seconds: int) -> str:
        """A token by which another service may call one method of the account's server."""
        with asked(changes=False):
            server = self.api.com.atproto.server.describe_server().did
            params = {"aud": server, "lxm": method, "exp": int(time.time()) + seconds}
            return self.api.com.atproto.server.get_service_auth(params).token


def home_of(did_doc: Any) -> str:
    """Where the account's own server is, if the document says so."""
    if not did_doc or not is_valid_did_doc(did_doc):
        return ""
    return DidDocument.from_dict(did_doc).get_pds_endpoint() or ""


@contextmanager
def asked(*, changes: bool) -> Iterator[None]:
    """Turns the SDK's errors into ours. changes: whether the call could publish something."""
    try:
        yield
    except RateLimitExceededError as error:
        raise RateLimited(_("Bluesky asks to wait."), retry_after=_wait(error)) from error
    except UnauthorizedError as error:
        raise _needs_login(error) from error
    except BadRequestError as error:
        raise _refused(error) from error
    except (InvokeTimeoutError, NetworkError, httpx.TransportError) as error:
        if getattr(error, "response", None) is not None:
            raise _answered(error, changes) from error
        cause = error if isinstance(error, httpx.TransportError) else error.__cause__
        if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout):
            hint = _("It is tried again by itself.")
            raise AdapterError(_("The server could not be reached."), hint=hint) from error
        raise lost(changes, type(cause or error).__name__) from error
    except RequestErrorBase as error:
        raise _answered(error, changes) from error
    except (ModelError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise lost(changes, _("its answer could not be read")) from error


def lost(changes: bool, reason: str) -> AdapterError:
    if changes:
        return OutcomeUnknown(_("Bluesky did not say whether it published."), reason=reason)
    return AdapterError(_("Bluesky did not answer properly."), reason=reason)


def _said(error: RequestErrorBase) -> tuple[str, str]:
    """The error's name and words in the answer."""
    content = error.response.content if error.response else None
    if isinstance(content, XrpcError):
        return content.error, (content.message or content.error)[:200]
    return "", ""


def _needs_login(error: RequestErrorBase) -> NeedsLogin:
    name, said = _said(error)
    hint = _("Log in on Bluesky's own page, or make a new app password in Bluesky's settings.")
    if name == "AuthFactorTokenRequired":
        hint = _("Use an app password, not the password you log in with.")
    return NeedsLogin(_("Bluesky refused the account's credentials."), hint=hint, said=said)


def _refused(error: RequestErrorBase) -> AdapterError:
    name, said = _said(error)
    if name in _TOKEN_ERRORS:
        return _needs_login(error)
    return AdapterError(_("Bluesky refused the post: %(said)s") % {"said": said or 400}, permanent=True, said=said)


def _answered(error: RequestErrorBase, changes: bool) -> AdapterError:
    status, (_name, said) = error.response.status_code if error.response else 0, _said(error)
    if status == 413:
        return AdapterError(_("The file is larger than the server accepts."), permanent=True)
    if 300 <= status < 400:
        hint = _("Use the address that it ends at.")
        return AdapterError(_("The server's address leads elsewhere."), permanent=True, hint=hint)
    if 400 <= status < 500 and status not in (408, 409, 425):
        return AdapterError(_("Bluesky refused the post: %(said)s") % {"said": said or status}, permanent=True)
    return lost(changes, said or f"HTTP {status}")


def _wait(error: RateLimitExceededError) -> float | None:
    waits = [error.retry_after or 0.0, error.reset_at.timestamp() - time.time() if error.reset_at else 0.0]
    return min(max(waits), _LONGEST_WAIT) if max(waits) > 0 else None
