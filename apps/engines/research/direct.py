"""The default researcher: fetches pages itself, through the guarded client, as robots.txt allows."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.common import http
from apps.common.errors import AdapterError
from apps.engines.research.base import Source
from apps.engines.research.extract import extract
from apps.engines.research.robots import Robots

AGENT = "RundownBot/0.1"
_MOST = 3 * 1024 * 1024
_HTML = ("text/html", "application/xhtml+xml")


class DirectResearcher:
    """private_hosts: names that may have private addresses. seconds: for one page, redirects included."""

    def __init__(self, *, private_hosts: frozenset[str] = frozenset(), seconds: float = 20.0) -> None:
        self._private, self._seconds = private_hosts, seconds
        self._robots = Robots(self._get, AGENT)

    def read(self, url: str) -> Source:
        self._robots.require(url)
        answer = self._get(url)
        if answer.url != url:
            self._robots.require(answer.url)
        _check(answer)
        return extract(answer.content, url=answer.url)

    def _get(self, url: str) -> http.Response:
        headers = {"User-Agent": AGENT, "Accept": "text/html,application/xhtml+xml;q=0.9,text/plain;q=0.5"}
        return http.get(url, headers=headers, private_hosts=self._private, seconds=self._seconds, most=_MOST)


def _check(answer: http.Response) -> None:
    status = answer.status_code
    if status == 429 or status >= 500:
        raise AdapterError(
            _("The site is not answering now (status %(status)s).") % {"status": status}, hint=_("Try again later.")
        )
    if not 200 <= status < 300:
        reasons = {
            401: _("The site asks for a login."),
            403: _("The site refuses programs."),
            404: _("The site has no such page."),
            410: _("The site has removed the page."),
        }
        raise AdapterError(
            reasons.get(status) or _("The site answered with status %(status)s.") % {"status": status},
            permanent=True,
            hint=_("Leave the page out, or give another address."),
        )
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if kind not in _HTML:
        raise AdapterError(
            _("This is no web page (%(kind)s).") % {"kind": kind}, permanent=True, hint=_("Give the address of a page.")
        )
