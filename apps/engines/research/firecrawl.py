"""Pages read by Firecrawl, a service that also runs their scripts. Optional; wants a key."""

from __future__ import annotations

import json
import time

import httpx
from django.utils.translation import gettext as _

from apps.common.deadlines import TimedTransport
from apps.common.errors import AdapterError
from apps.common.http import public_addresses
from apps.engines.research.base import Source
from apps.engines.research.extract import extract

_MOST = 5 * 1024 * 1024


class FirecrawlResearcher:
    """base_url: of the service, or of one's own installation."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "https://api.firecrawl.dev",
        private_hosts: frozenset[str] = frozenset(),
        seconds: float = 60.0,
    ) -> None:
        self._key, self._base, self._private, self._seconds = api_key, base_url.rstrip("/"), private_hosts, seconds

    def read(self, url: str) -> Source:
        answer = self._ask({"url": url, "formats": ["rawHtml"], "onlyMainContent": False})
        page = answer.get("data") or {}
        content = page.get("rawHtml") or page.get("html") or ""
        found = (page.get("metadata") or {}).get("sourceURL") or url
        return extract(content.encode(), url=found)

    def _ask(self, body: dict) -> dict:
        transport = TimedTransport(
            time.monotonic() + self._seconds, lambda host, port: public_addresses(host, port, self._private)
        )
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            with httpx.Client(transport=transport, trust_env=False, timeout=self._seconds) as client:
                answer = client.post(f"{self._base}/v1/scrape", json=body, headers=headers)
        except httpx.HTTPError as error:
            raise AdapterError(_("The research service did not answer."), hint=_("Try again later.")) from error
        if answer.status_code in (401, 402, 403):
            raise AdapterError(
                _("The research service refuses the key."), permanent=True, hint=_("Check the key and its credit.")
            )
        if answer.status_code == 429 or answer.status_code >= 500:
            raise AdapterError(
                _("The research service is busy."), hint=_("Try again later."), retry_after=_wait(answer)
            )
        if answer.status_code != 200 or len(answer.content) > _MOST:
            raise AdapterError(_("The research service could not read the page."), permanent=True)
        try:
            return answer.json()
        except json.JSONDecodeError as error:
            raise AdapterError(_("The answer of the research service could not be read.")) from error


def _wait(answer: httpx.Response) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdigit() else None
