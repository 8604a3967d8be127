"""WordPress: posts by the site's own REST API and an application password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.common.errors import AdapterError, Invalid
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

_ONLINE = ("publish", "future", "private")
_STATES = "publish,future,draft,pending,private"
_DELAYS = (
    (0, lazy("At once")),
    (15, lazy("15 minutes later, by the site's own schedule")),
    (60, lazy("An hour later, by the site's own schedule")),
    (24 * 60, lazy("A day later, by the site's own schedule")),
)
_FIELDS = {"context": "edit", "_fields": "id,link,status,content,meta"}


class WordpressPlatform(Platform):
    slug = "wordpress"
    label = "WordPress"
    capability = Capability.HANDLE
    own_title = True
    pictures_beside_video = True
    limits = Limits(
        as_of=date(2026, 11, 21), pictures=30, source="https://developer.wordpress.org/rest-api/reference/posts/"
    )
    credential_fields = (
        CredentialField(
            "site", lazy("Address of the site"), lazy("As readers see it: https://example.org."), secret=False
        ),
        CredentialField(
            "username",
            lazy("User name"),
            lazy("Only with a password below: the one you log in to the site with, not the display name."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "password",
            lazy("Application password"),
            lazy(
                "Leave this empty to log in on the site's own page, which makes one for Rundown. Or make one there,"
                " under Users, Profile, Application Passwords: give a name, press Add, copy what it shows. Not the"
                " password you log in with."
            ),
            required=False,
        ),
    )
    setting_fields = (
        SettingField(
            "status",
            lazy("New posts are"),
            "publish",
            choices=(
                ("publish", lazy("Public")),
                ("private", lazy("Private: only editors of the site see them")),
                ("draft", lazy("Drafts: somebody publishes them on the site")),
            ),
        ),
        SettingField(
            "delay",
            lazy("Public posts appear"),
            "0",
            lazy("Later: the post lies on the site as scheduled until then, where its editors can still change it."),
            tuple((str(minutes), label) for minutes, label in _DELAYS),
        ),
        SettingField(
            "categories",
            lazy("Categories"),
            help=lazy("By their names, with commas between them; those that the site lacks are made."),
        ),
    )
    oauth = True
    answers = ("user_login", "password")
    metrics = ("comments",)
    timeout = 300.0

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if not fields.get("username"):
            message = _("An application password needs the name of its user.")
            raise Invalid(message, username=[message])
        return {**fields, "site": self._address(fields)}

    def _address(self, fields: Mapping[str, Any]) -> str:
        from apps.platforms.wordpress.site import address_of

        try:
            return address_of(str(fields.get("site", "")), self.config.private_hosts)
        except AdapterError as error:
            raise Invalid(error.message, hint=error.hint, site=[error.message]) from error

    def logs_in_on_page(self, fields: Mapping[str, Any]) -> bool:
        return not fields.get("password")

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        from apps.platforms.wordpress import site

        address = self._address(fields)
        if redirect_uri.startswith("http://") and not address.startswith("http://"):
            raise AdapterError(
                _("WordPress sends people back only to an address that begins with https://."),
                permanent=True,
                hint=_("Make an application password on the site, and paste it here."),
            )
        with site.opened(self.config, {"site": address}, 30) as wordpress:
            page = wordpress.login_page()
        return Login(site.login_address(page, redirect_uri, state), {"site": address})

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        """The site has made a password and sent it along; it says of itself whose it is, so nothing is exchanged."""
        return {"site": kept["site"], "username": answer["user_login"], "password": answer["password"]}

    def compose(self, draft: Draft) -> str:
        return draft.text

    def article(self, draft: Draft) -> str:
        from apps.platforms.wordpress import content

        return content.text(draft.text)

    def validate(self, draft: Draft) -> list[Problem]:
        problems = super().validate(draft)
        if not draft.title.strip():
            problems.append(Problem("title", _("A post on a site needs a title.")))
        return problems

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        from apps.platforms.wordpress import content, library, site, terms

        key = request.post_key.hex
        with site.opened(self.config, request.credentials, request.timeout) as wordpress:
            post = _earlier(wordpress, key) or _new_draft(wordpress, request, key)
            report.handle(str(post["id"]))
            if _is_finished(post, key):
                return _result(post)
            tags = terms.numbers(wordpress, "tags", request.draft.hashtags)
            categories = terms.numbers(wordpress, "categories", terms.listed(request.settings))
            files = library.upload(wordpress, request, post["id"], report)
            source = request.canonical_url
            canonical = library.canonical_fields(post.get("meta"), source)
            card = request.draft.card
            featured = files.shared(card.picture)
            fields = {
                **_when(request.settings),
                "title": escape(request.draft.title, quote=False),
                "excerpt": escape(card.description or content.excerpt(request.draft.text), quote=False),
                "slug": content.post_slug(request.draft.title),
                "tags": tags,
                "categories": categories,
                "featured_media": featured.number if featured else 0,
                "meta": canonical | library.card_fields(post.get("meta"), card, featured),
                "content": content.body(
                    request.draft,
                    key=key,
                    video=files.video,
                    poster=files.poster,
                    captions=files.captions,
                    pictures=files.pictures,
                    source="" if canonical else source,
                ),
            }
            fields = {name: value for name, value in fields.items() if value not in ([], {}, 0)}
            return _result(wordpress.call("POST", f"posts/{post['id']}", changes=True, params=_FIELDS, json=fields))

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        """The post by its number. What it holds tells whether the last call reached it, whatever its state is now."""
        from apps.platforms.wordpress import site

        try:
            with site.opened(self.config, request.credentials, min(request.timeout, 60)) as wordpress:
                post = wordpress.call("GET", f"posts/{int(handle)}", params=_FIELDS)
        except NeedsLogin:
            raise
        except AdapterError as error:
            if error.details.get("site_code") == "rest_post_invalid_id":
                return StillUnknown(_("Somebody deleted the post on the site."))
            return StillUnknown(error.message)
        if post["status"] == "trash":
            return StillUnknown(_("Somebody put the post into the site's trash."))
        return Found(_result(post)) if _is_finished(post, request.post_key.hex) else NotFound()

    def check(self, connection: Connection) -> Identity:
        from apps.platforms.wordpress import site

        with site.opened(self.config, connection.credentials, 30) as wordpress:
            fields = "username,name,link,capabilities"
            me = wordpress.call("GET", "users/me", params={"context": "edit", "_fields": fields})
        able = me.get("capabilities") or {}
        needed = {
            "edit_posts": _("This user may not write posts on the site."),
            "upload_files": _("This user may write posts, but not upload files."),
        }
        if _wanted(connection.settings) != "draft":
            needed["publish_posts"] = _("This user may write posts, but not publish them.")
        for capability, message in needed.items():
            if not able.get(capability):
                hint = _("Give the user the role of an author or editor, or connect another user.")
                raise AdapterError(message, permanent=True, hint=hint)
        # The same name may stand on many sites.
        where = connection.credentials["site"].partition("://")[2]
        return Identity(handle=f"{me['username']}@{where}", name=me.get("name", ""), url=me.get("link", ""))

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        from apps.platforms.wordpress import site

        with site.opened(self.config, connection.credentials, 30) as wordpress:
            try:
                post = wordpress.call("GET", f"posts/{int(external_id)}", params=_FIELDS)
            except AdapterError as error:
                if error.details.get("site_code") == "rest_post_invalid_id":
                    raise Gone(_("The post is no longer on the site.")) from error
                raise
            if post["status"] == "trash":
                raise Gone(_("The post is no longer on the site."))
            counted = wordpress.response("GET", "comments", params={"post": post["id"], "per_page": 1, "_fields": "id"})
        return {"comments": int(counted.headers.get("X-WP-Total", 0))}


def _wanted(settings: Mapping[str, Any]) -> str:
    return settings.get("status") or "publish"


def _when(settings: Mapping[str, Any]) -> dict[str, str]:
    """State of the post, and for one that the site is to publish later, the time in UTC."""
    minutes = int(settings.get("delay") or 0)
    if _wanted(settings) != "publish" or not minutes:
        return {"status": _wanted(settings)}
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"status": "future", "date_gmt": at.strftime("%Y-%m-%dT%H:%M:%S")}


def _earlier(wordpress: Any, key: str) -> dict[str, Any] | None:
    """The post of an earlier try, whatever became of it, so that none is made twice."""
    from apps.platforms.wordpress.content import draft_mark, mark

    params = {**_FIELDS, "search": key, "status": _STATES}
    found = wordpress.call("GET", "posts", params=params)
    marks = (mark(key), draft_mark(key))
    return next((post for post in found if any(each in post["content"]["raw"] for each in marks)), None)


def _new_draft(wordpress: Any, request: PublishRequest, key: str) -> dict[str, Any]:
    from apps.platforms.wordpress.content import placeholder

    fields = {"status": "draft", "title": escape(request.draft.title, quote=False), "content": placeholder(key)}
    return wordpress.call("POST", "posts", params=_FIELDS, json=fields)


def _is_finished(post: Mapping[str, Any], key: str) -> bool:
    """State and text are written by one call: a post that has either got that call."""
    from apps.platforms.wordpress.content import mark

    return post["status"] in _ONLINE or mark(key) in post["content"]["raw"]


def _result(post: Mapping[str, Any]) -> PublishResult:
    try:
        return PublishResult(external_id=str(post["id"]), url=post["link"])
    except (KeyError, TypeError) as error:
        raise OutcomeUnknown(_("The site's answer could not be read.")) from error
