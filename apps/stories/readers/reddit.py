"""Reddit through PRAW: text posts of one subreddit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import praw
import regex
import requests
from django.utils.translation import gettext as _
from praw.exceptions import PRAWException
from praw.models import Submission
from prawcore import exceptions as reddit_errors
from pydantic import Field, field_validator, model_validator

from apps.common.errors import AdapterError
from apps.common.text.words import count_words
from apps.stories.readers.base import FetchedStory, Findings, Name, SourceSettings, length_problem

SORTS = ("hot", "new", "top", "rising", "controversial")
WINDOWS = ("hour", "day", "week", "month", "year", "all")
_SUBREDDIT = regex.compile(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}(\+[A-Za-z0-9][A-Za-z0-9_]{1,20})*")
_GONE = frozenset({"[deleted]", "[removed]", "[ removed by reddit ]", "[deleted by user]"})
_PAGE = 100  # Reddit's most
# A longer pause is not waited for inside a fetch, where it would hold a worker; the run is queued again instead.
_LONGEST_WAIT_SECONDS = 10
_TIMEOUT_SECONDS = 16


class RedditSettings(SourceSettings):
    """One subreddit, or several joined by "+". Names of flairs and authors are compared whatever their case."""

    subreddit: Name
    sort: Literal["hot", "new", "top", "rising", "controversial"] = "top"
    window: Literal["hour", "day", "week", "month", "year", "all"] = "day"
    min_score: int | None = Field(default=100, ge=-1_000_000)
    max_score: int | None = None
    nsfw: Literal["skip", "allow", "only"] = "skip"
    flairs: tuple[Name, ...] = ()
    without_flairs: tuple[Name, ...] = ()
    authors: tuple[Name, ...] = ()
    without_authors: tuple[Name, ...] = ("AutoModerator",)

    @field_validator("subreddit")
    @classmethod
    def _bare_name(cls, value: str) -> str:
        name = value.strip().strip("/").removeprefix("r/")
        if not _SUBREDDIT.fullmatch(name):
            raise ValueError(_("Give the subreddit's name as in r/name, such as “nosleep”."))
        return name

    @model_validator(mode="after")
    def _scores_in_order(self) -> RedditSettings:
        if None not in (self.min_score, self.max_score) and self.min_score > self.max_score:
            raise ValueError(_("The smallest score is above the largest."))
        return self


@dataclass(frozen=True)
class RedditKeys:
    """An application's keys, as Reddit gives them; the user agent names who asks."""

    client_id: str
    client_secret: str
    user_agent: str


class RedditReader:
    """url: another address that speaks Reddit's API; empty means Reddit itself."""

    def __init__(self, settings: RedditSettings, keys: RedditKeys, *, url: str = "") -> None:
        self.settings = settings
        self._keys = keys
        self._url = url.rstrip("/")
        self._spent_until = 0.0  # by the monotonic clock

    def read(self, findings: Findings) -> Iterator[FetchedStory]:
        try:
            with self._client() as reddit:
                for post in self._posts(reddit):
                    findings.seen += 1
                    reason = self._left_out(post)
                    if reason:
                        findings.left_out[reason] += 1
                    else:
                        yield _story(post)
        except (reddit_errors.PrawcoreException, PRAWException) as error:
            raise _explain(error, self.settings.subreddit) from error

    def _client(self) -> praw.Reddit:
        session = requests.Session()
        session.hooks["response"].append(self._note_limit)
        where = {"reddit_url": self._url, "oauth_url": self._url, "short_url": self._url} if self._url else {}
        return praw.Reddit(
            client_id=self._keys.client_id,
            client_secret=self._keys.client_secret,
            user_agent=self._keys.user_agent,
            check_for_updates=False,
            check_for_async=False,
            timeout=_TIMEOUT_SECONDS,
            requestor_kwargs={"session": session},
            **where,
        )

    def _note_limit(self, response: requests.Response, **_: Any) -> None:
        if float(response.headers.get("x-ratelimit-remaining", 1)) < 1:
            self._spent_until = time.monotonic() + float(response.headers.get("x-ratelimit-reset", 0))

    def _check_limit(self) -> None:
        """Raises AdapterError when the keys have no request left for some while."""
        pause = self._spent_until - time.monotonic()
        if pause > _LONGEST_WAIT_SECONDS:
            raise _slow_down(pause)

    def _posts(self, reddit: praw.Reddit) -> Iterator[Submission]:
        """Page by page, so that a spent rate limit ends the fetch instead of putting its worker to sleep in PRAW."""
        wanted, left, after = self.settings, self.settings.limit, None
        while left > 0:
            self._check_limit()
            query = {"limit": min(left, _PAGE), "after": after, "t": wanted.window}
            page = reddit.get(f"r/{wanted.subreddit}/{wanted.sort}", params=query)
            # Pinned posts come on top of the number that was asked for.
            yield from list(page)[:left]
            left, after = left - len(page), page.after
            if not after:
                return

    def _left_out(self, post: Submission) -> str:
        """The name of the first reason to leave the post out, or ""."""
        wanted = self.settings
        # Asking a Submission for a field that the listing left out would fetch the post, one request each.
        listed = vars(post)
        if not post.is_self or listed.get("crosspost_parent") or listed.get("is_gallery"):
            return "not_a_text"
        body = (post.selftext or "").strip()
        if post.author is None or listed.get("removed_by_category") or body.lower() in _GONE:
            return "deleted"
        if not body:
            return "not_a_text"
        if listed.get("stickied"):
            return "pinned"
        if (wanted.nsfw == "skip" and post.over_18) or (wanted.nsfw == "only" and not post.over_18):
            return "nsfw"
        if wanted.min_score is not None and post.score < wanted.min_score:
            return "low_score"
        if wanted.max_score is not None and post.score > wanted.max_score:
            return "high_score"
        if not _passes(listed.get("link_flair_text") or "", wanted.flairs, wanted.without_flairs):
            return "flair"
        if not _passes(post.author.name, wanted.authors, wanted.without_authors):
            return "author"
        return length_problem(wanted, count_words(body))


def _slow_down(seconds: float) -> AdapterError:
    return AdapterError(
        _("Reddit asks us to slow down."),
        retry_after=seconds,
        hint=_("The fetch goes on by itself after the pause that Reddit named."),
    )


def _passes(name: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> bool:
    name = name.casefold()
    if name in {each.casefold() for each in unwanted}:
        return False
    return not wanted or name in {each.casefold() for each in wanted}


def _story(post: Submission) -> FetchedStory:
    return FetchedStory(
        external_id=post.id,
        title=post.title,
        text=post.selftext,
        url=f"https://www.reddit.com{post.permalink}",
        author=post.author.name,
        community=post.subreddit.display_name,
        flair=vars(post).get("link_flair_text") or "",
        score=post.score,
        nsfw=post.over_18,
        posted_at=datetime.fromtimestamp(post.created_utc, tz=UTC),
    )


def _explain(error: Exception, subreddit: str) -> AdapterError:
    """What went wrong, whether trying again helps, and what the person can do."""
    name = f"r/{subreddit}"
    if isinstance(error, reddit_errors.TooManyRequests):
        return _slow_down(_seconds(error.retry_after, 60.0))
    if isinstance(error, reddit_errors.Redirect):
        return AdapterError(
            _("There is no subreddit %(name)s.") % {"name": name},
            permanent=True,
            hint=_("Check the spelling of its name in the source."),
        )
    if isinstance(error, reddit_errors.Forbidden):
        return _forbidden(error, name)
    if isinstance(error, reddit_errors.NotFound):
        banned = _reason(error) == "banned"
        sentence = _("Reddit has banned %(name)s.") if banned else _("There is no subreddit %(name)s.")
        return AdapterError(
            sentence % {"name": name}, permanent=True, hint=_("Choose another subreddit or delete the source.")
        )
    if isinstance(error, reddit_errors.OAuthException) or _status(error) == 401:
        return AdapterError(
            _("Reddit does not accept the keys of this workspace."),
            permanent=True,
            hint=_("Enter the client id and secret again under Stories → Reddit keys."),
        )
    if isinstance(error, reddit_errors.ServerError | reddit_errors.RequestException):
        return AdapterError(_("Reddit does not answer right now."), hint=_("The fetch is tried again by itself."))
    return AdapterError(
        _("Reddit refused the request for %(name)s (%(error)s).") % {"name": name, "error": error},
        permanent=True,
        hint=_("Check the source's settings."),
    )


def _forbidden(error: reddit_errors.Forbidden, name: str) -> AdapterError:
    sentences = {
        "private": _("%(name)s is private."),
        "quarantined": _("Reddit has put %(name)s in quarantine; it shows it only to accounts that opted in."),
        "gold_only": _("%(name)s is open to Reddit Premium only."),
    }
    sentence = sentences.get(_reason(error)) or _("Reddit does not let these keys read %(name)s.")
    return AdapterError(
        sentence % {"name": name}, permanent=True, hint=_("Choose another subreddit, or paste its stories yourself.")
    )


def _status(error: Exception) -> int:
    return getattr(getattr(error, "response", None), "status_code", 0)


def _reason(error: reddit_errors.ResponseException) -> str:
    """Reddit's own word for it, such as "private"; its error pages are not always JSON."""
    try:
        content = error.response.json()
    except ValueError:
        return ""
    return str(content.get("reason") or "") if isinstance(content, dict) else ""


def _seconds(value: str | None, default: float) -> float:
    try:
        return max(1.0, float(value or default))
    except ValueError:
        return default
