"""The catalogues of translated text: collected from the source, and compiled for Django.

Babel does both, so that neither running Rundown nor translating it needs GNU gettext on the machine.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PLACES = ("apps", "config", "templates")
TEMPLATES = {".html", ".txt"}
KEYWORDS = {
    "_": None,
    "_t": None,
    "_now": None,
    "_lazy": None,
    "lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def catalogues(folder: Path) -> list[Path]:
    """Every catalogue that people edit, below a `locale/` folder."""
    return sorted(folder.glob("*/LC_MESSAGES/django.po"))


def language_of(path: Path) -> str:
    return path.parent.parent.name


def load(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language_of(path))


def collect(root: Path) -> Catalog:
    """Every text below `root` that is marked as translatable, with the files it is in."""
    catalog = Catalog(charset="utf-8")
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        for _line, texts, _comments, context in extract("python", BytesIO(_as_python(path)), KEYWORDS):
            catalog.add(texts, locations=[(name, 0)], context=context)
    for path in sorted(root.glob("apps/*/builtin/*.toml")):
        for about in _told(tomllib.loads(path.read_text(encoding="utf-8"))):
            catalog.add(about, locations=[(path.relative_to(root).as_posix(), 0)])
    return catalog


def _told(data: Mapping[str, Any]) -> Iterator[str]:
    """What shipped data says about itself to people: every `about` that is a text."""
    for name, value in data.items():
        if name == "about" and isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _told(value)


def refresh(path: Path, collected: Catalog) -> Catalog:
    """Bring a catalogue up to the source: new texts come in empty, vanished ones go, nothing is guessed.

    The header, everything before the first empty line, stays as its editors wrote it.
    """
    catalog = load(path)
    catalog.update(collected, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    save(path, catalog)
    return catalog


def save(path: Path, catalog: Catalog) -> None:
    header = path.read_text(encoding="utf-8").split("\n\n", 1)[0].strip()
    texts = BytesIO()
    write_po(texts, catalog, width=120, omit_header=True, sort_output=True, include_lineno=False)
    path.write_bytes(f"{header}\n\n".encode() + texts.getvalue())


def untranslated(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id and not all(_strings(message))]


def compile_catalogues(folder: Path) -> list[Path]:
    """Compile what is newer than its compiled form; safe while others read or compile. Returns what was written."""
    written = []
    for path in catalogues(folder):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".mo.tmp")
        with os.fdopen(handle, "wb") as file:
            write_mo(file, load(path))
        os.chmod(name, 0o644)
        os.replace(name, target)
        written.append(target)
    return written


def _strings(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _sources(root: Path) -> Iterator[Path]:
    for place in PLACES:
        for path in sorted((root / place).rglob("*")):
            if path.suffix in {".py", *TEMPLATES} and "migrations" not in path.parts:
                yield path


def _as_python(path: Path) -> bytes:
    """The file as Python: a template becomes the gettext calls of its tags."""
    source = path.read_text(encoding="utf-8")
    if path.suffix in TEMPLATES:
        # Django blanks out everything but the calls; the indentation that is left would not parse.
        source = "\n".join(line.strip() for line in templatize(source, origin=str(path)).splitlines())
    return source.encode()
