"""What sites ask of programs that read them (RFC 9309)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.http import Response

_MOST = 512 * 1024


class Robots:
    """The rules of the sites of one research; each site is asked once."""

    def __init__(self, fetch: Callable[[str], Response], agent: str) -> None:
        self._fetch, self._agent = fetch, agent
        self._rules: dict[str, RobotFileParser | AdapterError | None] = {}

    def require(self, url: str) -> None:
        """Raises AdapterError when the site does not want the address to be read, or could not be asked."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = self._ask(origin)
        rules = self._rules[origin]
        if isinstance(rules, AdapterError):
            raise rules
        if rules is not None and not rules.can_fetch(self._agent, url):
            raise AdapterError(
                _("%(host)s does not want this page to be read by programs (robots.txt).") % {"host": parts.hostname},
                permanent=True,
                hint=_("Leave it out, or read it yourself and paste what matters into the brief."),
            )

    def _ask(self, origin: str) -> RobotFileParser | AdapterError | None:
        """None where everything is allowed. A site that fails to answer allows nothing, as the standard has it; why it
        failed is the reason that a person is told.
        """
        try:
            answer = self._fetch(f"{origin}/robots.txt")
        except AdapterError as error:
            return error
        if 400 <= answer.status_code < 500:
            return None
        if answer.status_code >= 500:
            message = _("%(host)s could not say what programs may read: robots.txt answered with status %(status)s.")
            return AdapterError(
                message % {"host": urlsplit(origin).hostname, "status": answer.status_code}, hint=_("Try again later.")
            )
        rules = RobotFileParser()
        rules.parse(answer.content[:_MOST].decode("utf-8", "replace").splitlines())
        return rules
