"""YouTube: videos by the Data API v3, uploaded in a session that can be asked what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

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
    Report,
    SettingField,
    StillUnknown,
)
from apps.platforms.shape import shape_of

if TYPE_CHECKING:
    from apps.platforms.youtube.google import Google
    from apps.platforms.youtube.upload import Standing

TAGS = 500
SHORT_SECONDS = 180
# A session lives for about a week; well within it, one that is gone cannot have been finished and then aged out.
SESSION_SECONDS = 24 * 3600
_CATEGORIES = (
    ("22", lazy("People and blogs")),
    ("1", lazy("Film and animation")),
    ("2", lazy("Cars and vehicles")),
    ("10", lazy("Music")),
    ("15", lazy("Pets and animals")),
    ("17", lazy("Sports")),
    ("19", lazy("Travel and events")),
    ("20", lazy("Gaming")),
    ("23", lazy("Comedy")),
    ("24", lazy("Entertainment")),
    ("25", lazy("News and politics")),
    ("26", lazy("How-to and style")),
    ("27", lazy("Education")),
    ("28", lazy("Science and technology")),
    ("29", lazy("Nonprofits and activism")),
)
_NO_YES = (("no", lazy("No")), ("yes", lazy("Yes")))


class YoutubePlatform(Platform):
    slug = "youtube"
    label = "YouTube"
    capability = Capability.HANDLE
    own_title = True
    limits = Limits(
        as_of=date(2026, 11, 21),
        unit="utf16",
        title=100,
        text_bytes=5000,
        hashtags=60,
        video_required=True,
        video_seconds=12 * 3600,
        video_bytes=256 * 10**9,
        # The app's own daily uploads, for all accounts that use it.
        calls=100,
        per_seconds=86_400,
        source="https://developers.google.com/youtube/v3/determine_quota_cost",
    )
    credential_fields = (
        CredentialField(
            "client_id",
            lazy("Client ID"),
            lazy(
                "In the Google Cloud console (console.cloud.google.com), in a project of yours: switch on “YouTube Data"
                " API v3”; fill in the OAuth consent screen and publish it, or Google ends the login after 7 days; then"
                " Credentials, Create credentials, OAuth client ID, Web application, with the redirect address above."
            ),
            secret=False,
        ),
        CredentialField("client_secret", lazy("Client secret"), lazy("Shown beside the client ID.")),
    )
    setting_fields = (
        SettingField(
            "privacy",
            lazy("New videos are"),
            "public",
            choices=(
                ("public", lazy("Public")),
                ("unlisted", lazy("Unlisted: for those who have the link")),
                ("private", lazy("Private")),
            ),
        ),
        SettingField("category", lazy("Category"), "22", choices=_CATEGORIES),
        SettingField(
            "made_for_kids", lazy("Made for children"), "no", lazy("The law wants an honest answer."), _NO_YES
        ),
        SettingField("notify", lazy("Tell subscribers"), "yes", choices=tuple(reversed(_NO_YES))),
        SettingField(
            "synthetic",
            lazy("Looks real but is made or altered"),
            "no",
            lazy("YouTube wants to know of realistic people, places or events that are synthetic."),
            _NO_YES,
        ),
        SettingField(
            "playlist",
            lazy("Playlist"),
            help=lazy("Its ID: what follows list= in the playlist's address. May be empty."),
        ),
        SettingField(
            "shorts",
            lazy("Add #Shorts to upright videos of up to three minutes"),
            "yes",
            choices=tuple(reversed(_NO_YES)),
        ),
    )
    oauth = own_app = True
    metrics = ("views", "likes", "comments")
    timeout = 900.0
    # Tokens last an hour: one that is good at the start must outlast the upload.
    refresh_before = 1800.0
    fold = 120
    upload_page = "https://studio.youtube.com"
    link_hosts = ("youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be")

    api = "https://www.googleapis.com"
    login_page = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url = "https://oauth2.googleapis.com/token"  # noqa: S105

    def validate(self, draft: Draft) -> list[Problem]:
        problems = super().validate(draft)
        if not draft.title.strip():
            problems.append(Problem("title", _("A video needs a title.")))
        for field, said in (("title", draft.title), ("text", draft.text)):
            if "<" in said or ">" in said:
                problems.append(Problem(field, _("YouTube allows neither < nor >.")))
        length = tags_length(draft.hashtags)
        if length > TAGS:
            message = _("The hashtags take %(length)s characters together; at most %(most)s fit.")
            problems.append(Problem("hashtags", message % {"length": length, "most": TAGS}))
        return problems

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        from apps.platforms.youtube import extras, google, upload

        if request.video is None:
            raise AdapterError(_("This platform needs a video."), permanent=True)
        service = google.opened(self.api, request.credentials, request.timeout, self.config.user_agent)
        with service.http:
            resource = self._resource(request)
            session, mark, standing = self._session(service, request, resource)
            report.handle(f"{session}#{mark}")
            video = standing.video or upload.run(service, session, request.video, report, start=standing.received)
            said = video.get("status") or {}
            if said.get("uploadStatus") in ("failed", "rejected"):
                reason = said.get("rejectionReason") or said.get("failureReason") or said["uploadStatus"]
                raise AdapterError(_("YouTube rejected the video: %(reason)s.") % {"reason": reason}, permanent=True)
            result = _result(video)
            if said.get("privacyStatus", resource["status"]["privacyStatus"]) != resource["status"]["privacyStatus"]:
                extras.note(report, "privacy", _("YouTube keeps videos private until it has audited the app."))
            extras.add(service, request, result.external_id, report)
        return result

    def _session(
        self, service: Google, request: PublishRequest, resource: Mapping[str, Any]
    ) -> tuple[str, str, Standing]:
        """The session of an earlier try, its mark and how far it is; a new one when certainly nothing came of that.

        The mark stands in the handle as the fragment of the session's address, which no server sees. Another mark is
        another file, text or privacy: bytes of two films must not be mixed, and a public session must not be finished
        once the account says private.
        """
        from apps.platforms.youtube import lookup, upload

        params = {"notifySubscribers": str(_chosen(request.settings, "notify", "yes") == "yes").lower()}
        mark = upload.mark(request.video, resource, params)
        session, _hash, made_for = request.handle.partition("#")
        if made_for == mark and upload.is_session(self.api, session):
            standing = upload.ask(service, session, request.video.size)
            if not standing.gone:
                return session, mark, standing
            if number := lookup.uploaded(service, request, resource["snippet"]["description"]):
                return session, mark, upload.Standing(video={"id": number})
        return upload.begin(service, request.video, resource, params), mark, upload.Standing(received=0)

    def _resource(self, request: PublishRequest) -> dict[str, Any]:
        draft, settings = request.draft, request.settings
        return {
            "snippet": {
                "title": draft.title,
                "description": self._description(request),
                "tags": list(draft.hashtags),
                "categoryId": _chosen(settings, "category", "22"),
                "defaultLanguage": draft.language,
                "defaultAudioLanguage": draft.language,
            },
            "status": {
                "privacyStatus": _chosen(settings, "privacy", "public"),
                "selfDeclaredMadeForKids": _chosen(settings, "made_for_kids", "no") == "yes",
                "containsSyntheticMedia": _chosen(settings, "synthetic", "no") == "yes",
            },
        }

    def _description(self, request: PublishRequest) -> str:
        """The composed text, with #Shorts where YouTube will show the video as one, and it fits."""
        text, draft = self.compose(request.draft), request.draft
        short = draft.duration is not None and draft.duration <= SHORT_SECONDS
        if not short or _chosen(request.settings, "shorts", "yes") != "yes" or "shorts" in text.lower():
            return text
        width, height = shape_of(request.video) or (1, 0)
        if height < width:
            return text
        longer = f"{text} #Shorts" if draft.hashtags else f"{text}\n\n#Shorts".strip()
        fits = len(longer.encode()) <= self.limits.text_bytes and len(draft.hashtags) < self.limits.hashtags
        return longer if fits else text

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        """What the session says. An unfinished one stays so until the next try goes on with it."""
        from apps.platforms.youtube import google, lookup, upload

        service = google.opened(self.api, request.credentials, min(request.timeout, 60), self.config.user_agent)
        size, session = request.video.size if request.video else 0, handle.partition("#")[0]
        try:
            with service.http:
                if not upload.is_session(self.api, session):
                    return StillUnknown(_("The upload's address was not kept."))
                standing = upload.ask(service, session, size)
                if standing.video:
                    return Found(_result(standing.video))
                if standing.received >= 0:
                    done = standing.received >= size > 0
                    return StillUnknown(_("YouTube has every byte and has not finished.")) if done else NotFound()
                if number := lookup.uploaded(service, request, self._description(request)):
                    return Found(_result({"id": number}))
        except NeedsLogin:
            raise
        except AdapterError as error:
            return StillUnknown(error.message)
        age = time.time() - request.begun_at.timestamp() if request.begun_at else SESSION_SECONDS
        return NotFound() if age < SESSION_SECONDS else StillUnknown(_("YouTube no longer knows the upload."))

    def check(self, connection: Connection) -> Identity:
        from apps.platforms.youtube import google

        service = google.opened(self.api, connection.credentials, 30, self.config.user_agent)
        with service.http:
            answer = service.call("GET", "/youtube/v3/channels", params={"part": "snippet", "mine": "true"})
        for channel in answer.get("items", ()):
            name = channel["snippet"]["title"]
            handle = channel["snippet"].get("customUrl") or channel["id"]
            return Identity(handle=handle, name=name, url=f"https://www.youtube.com/channel/{channel['id']}")
        raise NeedsLogin(
            _("This Google account has no YouTube channel."),
            hint=_("Make a channel on YouTube, or log in with the account that has one."),
        )

    def refresh(self, connection: Connection) -> Mapping[str, Any] | None:
        from apps.platforms.youtube import oauth

        return oauth.renew(self.token_url, connection.credentials)

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        from apps.platforms.youtube import oauth

        return oauth.begin(self.login_page, fields, redirect_uri=redirect_uri, state=state, challenge=challenge)

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        from apps.platforms.youtube import oauth

        return oauth.finish(self.token_url, kept, code=answer["code"], redirect_uri=redirect_uri, verifier=verifier)

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        from apps.platforms.youtube import google

        service = google.opened(self.api, connection.credentials, 30, self.config.user_agent)
        with service.http:
            params = {"part": "statistics", "id": external_id}
            items = service.call("GET", "/youtube/v3/videos", params=params).get("items")
        if not items:
            raise Gone(_("The video is no longer on YouTube."))
        # Hidden likes and closed comments are left out of the answer.
        numbers = items[0].get("statistics", {})
        return {name: int(numbers.get(f"{name[:-1]}Count", 0)) for name in self.metrics}


def tags_length(tags: tuple[str, ...]) -> int:
    """As YouTube counts a video's tags: with the commas between them, and quotes around those with a space."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(len(tags) - 1, 0)


def _chosen(settings: Mapping[str, Any], name: str, default: str) -> str:
    return str(settings.get(name) or default)


def _result(video: Mapping[str, Any]) -> PublishResult:
    if not video.get("id"):
        raise OutcomeUnknown(_("YouTube's answer could not be read."))
    return PublishResult(external_id=str(video["id"]), url=f"https://www.youtube.com/watch?v={video['id']}")
