"""X: posts by its API, version 2, through tweepy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.common.errors import AdapterError
from apps.common.errors import NotFound as Gone
from apps.platforms.base import (
    Capability,
    Connection,
    CredentialField,
    Draft,
    Found,
    Identity,
    Limits,
    Login,
    NeedsLogin,
    NotFound,
    Outcome,
    OutcomeUnknown,
    Platform,
    Problem,
    PublishRequest,
    PublishResult,
    RateLimited,
    Report,
    SettingField,
    StillUnknown,
)

LONG = 25_000
LONG_SECONDS = 4 * 3600
_NO_YES = (("no", lazy("No")), ("yes", lazy("Yes")))


class XPlatform(Platform):
    slug = "x"
    label = "X"
    capability = Capability.LOOKUP
    limits = Limits(
        as_of=date(2026, 11, 21),
        unit="weighted",
        text=280,
        pictures=4,
        picture_bytes=5 * 1024 * 1024,
        alt_text=1000,
        video_seconds=140,
        video_bytes=512 * 1024 * 1024,
        calls=100,
        per_seconds=900,
        source="https://docs.x.com/x-api/fundamentals/rate-limits",
    )
    credential_fields = (
        CredentialField(
            "client_id",
            lazy("Client ID"),
            lazy(
                "In X's developer console (console.x.com): make an app, and buy it some credits. Under “User"
                " authentication settings” choose “Read and write” and “Web App”, and give it the redirect address"
                " above. The ID then stands under “Keys and tokens”, OAuth 2.0."
            ),
            secret=False,
        ),
        CredentialField("client_secret", lazy("Client secret"), lazy("Shown once, beside the client ID.")),
    )
    setting_fields = (
        SettingField(
            "long",
            lazy("The account may write long posts"),
            "no",
            lazy("With X Premium: 25,000 characters and longer videos."),
            _NO_YES,
        ),
        SettingField(
            "reads",
            lazy("The app may read the account's posts"),
            "yes",
            lazy("Reading costs credits. Without it, a person decides about posts whose answer was lost."),
            tuple(reversed(_NO_YES)),
        ),
        SettingField(
            "replies",
            lazy("Who may reply"),
            "",
            choices=(
                ("", lazy("Everybody")),
                ("following", lazy("Whom the account follows")),
                ("mentionedUsers", lazy("Mentioned people only")),
            ),
        ),
    )
    oauth = own_app = True
    bare_links = True
    metrics = ("views", "likes", "reposts", "replies", "quotes", "bookmarks")
    timeout = 600.0
    # Tokens last two hours.
    refresh_before = 1200.0
    # A timeline shows a new post within seconds; three looks over three minutes are ample.
    lookups = 3
    lookup_seconds = 60.0
    upload_page = "https://x.com/compose/post"
    link_hosts = ("x.com", "www.x.com", "twitter.com", "mobile.x.com")

    api = "https://api.x.com"
    login_page = "https://x.com/i/oauth2/authorize"

    def compose(self, draft: Draft) -> str:
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece for piece in (draft.text or draft.title, tags) if piece)

    def counted(self, draft: Draft) -> tuple[Limits, str]:
        limits = self.limits
        if draft.settings.get("long") == "yes":
            limits = replace(limits, text=LONG, video_seconds=LONG_SECONDS)
        return limits, self.compose(draft)

    def validate(self, draft: Draft) -> list[Problem]:
        problems = super().validate(draft)
        if not self.compose(draft):
            # By its words it is found again when an answer is lost.
            problems.append(Problem("text", _("A post on X needs some words.")))
        return problems

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        from apps.platforms.x import media, timeline
        from apps.platforms.x.client import DuplicateText

        client, text = self._client(request.connection, request.timeout), self.compose(request.draft)
        post: dict[str, Any] = {"text": text} if text else {}
        if numbers := media.upload(client, request, report):
            post["media_ids"] = numbers
        if replies := request.settings.get("replies"):
            post["reply_settings"] = replies
        try:
            answer = client.call(lambda x: x.create_tweet(user_auth=False, **post), changes=True)
        except DuplicateText:
            if found := self._earlier(client, request, text):
                return found
            raise
        number = str((answer.get("data") or {}).get("id") or "")
        if not number:
            raise OutcomeUnknown(_("X's answer could not be read."))
        return PublishResult(number, timeline.address(number))

    def _earlier(self, client: Any, request: PublishRequest, text: str) -> PublishResult | None:
        """X says that the text is public already: if it became so since the first call, that call did it."""
        from apps.platforms.x import timeline

        if request.begun_at is None or not _may_read(request.settings):
            return None
        try:
            return timeline.find(client, request, text)
        except AdapterError as error:
            raise OutcomeUnknown(
                _("X holds a post with this text, and does not show it."), reason=error.message
            ) from error

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        from apps.platforms.x import timeline

        if not _may_read(request.settings):
            raise AdapterError(
                _("The app may not read the account's posts."),
                permanent=True,
                hint=_("Look at the account, then report the post as online or send it again."),
            )
        client = self._client(request.connection, min(request.timeout, 60))
        try:
            found = timeline.find(client, request, self.compose(request.draft))
        except (NeedsLogin, RateLimited):
            raise
        except AdapterError as error:
            return StillUnknown(error.message)
        return Found(found) if found else NotFound()

    def check(self, connection: Connection) -> Identity:
        me = self._me(self._client(connection, 30))
        url = f"https://x.com/{me['username']}"
        return Identity(handle=f"@{me['username']}", name=me.get("name", ""), url=url)

    def refresh(self, connection: Connection) -> Mapping[str, Any] | None:
        from apps.platforms.x import oauth

        return oauth.renew(f"{self.api}/2/oauth2/token", connection.credentials)

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        from apps.platforms.x import oauth

        return oauth.begin(self.login_page, fields, redirect_uri=redirect_uri, state=state, challenge=challenge)

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        from apps.platforms.x import oauth

        url = f"{self.api}/2/oauth2/token"
        return oauth.finish(url, kept, code=answer["code"], redirect_uri=redirect_uri, verifier=verifier)

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        client = self._client(connection, 30)
        answer = client.call(lambda x: x.get_tweet(external_id, tweet_fields=["public_metrics"], user_auth=False))
        if not answer.get("data"):
            raise Gone(_("The post is no longer on X."))
        numbers = answer["data"]["public_metrics"]
        return {
            "views": numbers.get("impression_count", 0),
            "likes": numbers.get("like_count", 0),
            "reposts": numbers.get("retweet_count", 0),
            "replies": numbers.get("reply_count", 0),
            "quotes": numbers.get("quote_count", 0),
            "bookmarks": numbers.get("bookmark_count", 0),
        }

    def _client(self, connection: Connection, timeout: float) -> Any:
        from apps.platforms.x.client import Client

        return Client(self.api, connection.credentials.get("access_token", ""), self.config, timeout)

    @staticmethod
    def _me(client: Any) -> dict[str, Any]:
        me = client.call(lambda x: x.get_me(user_auth=False)).get("data")
        if not me:
            raise AdapterError(_("X did not say whose login this is."))
        return me


def _may_read(settings: Mapping[str, Any]) -> bool:
    return settings.get("reads") != "no"
