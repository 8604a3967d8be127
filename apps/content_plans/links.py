"""Whether the links of a text lead anywhere: looked at through the guarded client, and remembered for a while."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256

import regex
import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.common import http
from apps.common.errors import AdapterError

log = structlog.get_logger(__name__)

_URL = regex.compile(r"https?://[^\s<>\"'`)\]]+")
_GONE = (404, 410)
# A page that was there is asked again the next day, one that was not within the hour.
_KEPT = {"fine": 24 * 3600, "dead": 3600, "unsure": 600}  # seconds
_MOST, _AT_ONCE, _ONE_SECONDS, _ALL_SECONDS = 30, 8, 6.0, 20.0


@dataclass(frozen=True)
class Link:
    """state: "fine", "dead", or "unsure" where the site would not say. said: why it is not fine."""

    url: str
    state: str
    said: str = ""


def links_of(text: str) -> list[str]:
    """The web addresses of a text, each once."""
    return list(dict.fromkeys(url.rstrip(".,;:!?*_") for url in _URL.findall(text)))


def look_at(urls: list[str]) -> list[Link]:
    """What stands behind the first thirty, in their order and within about twenty seconds; it never fails."""
    urls = urls[:_MOST]
    known = {url: Link(**kept) for url in urls if (kept := cache.get(_key(url)))}
    until = time.monotonic() + _ALL_SECONDS
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        fresh = list(pool.map(lambda url: _look(url, until), [url for url in urls if url not in known]))
    for link in fresh:
        cache.set(_key(link.url), asdict(link), _KEPT[link.state])
        known[link.url] = link
    return [known[url] for url in urls]


def _key(url: str) -> str:
    return f"plans.link.{sha256(url.encode()).hexdigest()}"


def _look(url: str, until: float) -> Link:
    seconds = min(_ONE_SECONDS, until - time.monotonic())
    if seconds <= 0:
        return Link(url, "unsure", _("There was no time left to look."))
    try:
        status = http.get(url, private_hosts=settings.PRIVATE_HOSTS, seconds=seconds, most=0).status_code
    except AdapterError as error:
        return Link(url, "dead", error.message)
    except Exception:
        log.warning("link_not_checked", url=url, exc_info=True)
        return Link(url, "unsure", _("The address could not be checked."))
    if 200 <= status < 300:
        return Link(url, "fine")
    said = _("The site answers with status %(status)d.") % {"status": status}
    return Link(url, "dead" if status in _GONE else "unsure", said)
