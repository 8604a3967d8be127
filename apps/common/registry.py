"""Adapters named by dotted path and imported on first use, so that one that is not used costs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.common.errors import NotFound


class Registry(Mapping[str, Any]):
    """A read-only mapping of slug to adapter class or factory.

    >>> engines = Registry("text engine", {"extractive": "apps.engines.text.extractive.ExtractiveEngine"})
    """

    def __init__(self, kind: str, paths: dict[str, str]) -> None:
        self.kind = kind
        self._paths = paths

    def __getitem__(self, slug: str) -> Any:
        if slug not in self._paths:
            known = ", ".join(sorted(self._paths))
            raise NotFound(
                _("There is no %(kind)s called “%(slug)s”.") % {"kind": self.kind, "slug": slug},
                hint=_("Choose one of: %(known)s.") % {"known": known},
            )
        return import_string(self._paths[slug])

    def __contains__(self, slug: object) -> bool:
        return slug in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
