"""Languages by name: people choose “Malayalam”, rows keep "ml"."""

from __future__ import annotations

from functools import cache

from django.conf.locale import LANG_INFO
from django.utils.translation import get_language, gettext, override


def language_name(code: str) -> str:
    """In the reader's language; a code that nobody has named stays as it is."""
    info = LANG_INFO.get(code.lower())
    return gettext(info["name"]) if info and "name" in info else code


def language_names() -> list[str]:
    """Every language that has a name, by its name, in the reader's language."""
    return sorted(name for name in map(language_name, _codes()))


def language_code(said: str) -> str:
    """The code of a name in the reader's language, in English or in the language itself; else what was said."""
    said = said.strip()
    return _named(get_language() or "en").get(said.casefold(), said.lower())


def _codes() -> list[str]:
    return [code for code, info in LANG_INFO.items() if "name" in info]


@cache
def _named(reader: str) -> dict[str, str]:
    named = {}
    for code in _codes():
        with override(reader):
            names = (LANG_INFO[code]["name"], LANG_INFO[code]["name_local"], language_name(code))
        named |= {name.casefold(): code for name in names}
    return named
