"""Pages read by Firecrawl, a service that also runs their scripts. Optional; wants a key."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from apps.common.deadlines import TimedTransport
from apps.common.errors import AdapterError
from apps.common.http import public_addresses
from apps.engines.research.base import Source
from apps.engines.research.extract import extract

_OFFICIAL = "https://api.firecrawl.dev"
_MOST = 5 * 1024 * 1024


class FirecrawlResearcher:
    """base_url: of the service, or of one's own installation, which needs no key.

    private_hosts: names that may have private addresses, of pages as well as of the service.
    """

    def __init__(
        self,
        *,
        api_key: str = "",
        base_url: str = "",
        private_hosts: frozenset[str] = frozenset(),
        seconds: float = 60.0,
    ) -> None:
        self._key, self._base = api_key, (base_url or _OFFICIAL).rstrip("/")
        self._private, self._seconds = private_hosts, seconds

    def read(self, url: str) -> Source:
        # An installation of one's own would reach what is private from where it stands.
        public_addresses(urlsplit(url).hostname or "", 443, self._private)
        page = _page(self._ask({"url": url, "formats": ["rawHtml"], "onlyMainContent": False}))
        about = page.get("metadata")
        about = about if isinstance(about, dict) else {}
        status = about.get("statusCode")
        if isinstance(status, int) and not 200 <= status < 400:
            said = _("The site answered with status %(status)s.") % {"status": status}
            hint = _("Leave the page out, or give another address.")
            raise AdapterError(said, permanent=status < 500 and status != 429, hint=hint)
        content, found = page.get("rawHtml"), about.get("sourceURL")
        return extract((content if isinstance(content, str) else "").encode(), url=found if _is_web(found) else url)

    def _ask(self, body: dict[str, str | list[str] | bool]) -> bytes:
        deadline = time.monotonic() + self._seconds
        transport = TimedTransport(deadline, lambda host, port: public_addresses(host, port, self._private))
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            with (
                httpx.Client(transport=transport, trust_env=False, timeout=self._seconds) as client,
                client.stream("POST", f"{self._base}/v1/scrape", json=body, headers=headers) as answer,
            ):
                _check(answer)
                return _body(answer)
        except httpx.HTTPError as error:
            raise AdapterError(_("The research service did not answer."), hint=_("Try again later.")) from error


def _check(answer: httpx.Response) -> None:
    if answer.status_code in (401, 402, 403):
        raise AdapterError(
            _("The research service refuses the key."), permanent=True, hint=_("Check the key and its credit.")
        )
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise AdapterError(_("The research service is busy."), hint=_("Try again later."), retry_after=_wait(answer))
    if answer.status_code != 200:
        raise AdapterError(_("The research service could not read the page."), permanent=True)


def _body(answer: httpx.Response) -> bytes:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > _MOST:
            raise AdapterError(_("The research service could not read the page."), permanent=True)
    return body


def _page(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AdapterError(_("The answer of the research service could not be read.")) from error
    if not isinstance(answer, dict) or answer.get("success") is False or not isinstance(answer.get("data"), dict):
        raise AdapterError(_("The research service could not read the page."), permanent=True)
    return answer["data"]


def _is_web(address: Any) -> bool:
    return isinstance(address, str) and address.startswith(("http://", "https://"))


def _wait(answer: httpx.Response) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdigit() else None
