"""What the API refuses before any code of ours sees it: text that no database can hold, numbers that are none."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from apps.common.errors import Invalid


class StrictParser(Parser):
    """JSON as the standard has it, without NaN; in bodies and queries, text without NUL or half surrogates."""

    def parse_body(self, request: HttpRequest) -> Any:
        data = json.loads(request.body, parse_constant=_refuse_constant)
        if not _is_storable(data):
            raise Invalid(
                _("The body holds a character that cannot be stored."), hint=_("Leave out NUL and lone surrogates.")
            )
        return data

    def parse_querydict(self, data: MultiValueDict, list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        bad = {
            key: [_("Holds a character that cannot be stored.")] for key in data if not _is_storable(data.getlist(key))
        }
        if bad:
            raise Invalid(_("Some of the values cannot be used."), **bad)
        return super().parse_querydict(data, list_fields, request)


def _refuse_constant(name: str) -> None:
    raise Invalid(_("%(name)s is not a value of JSON.") % {"name": name})


def _is_storable(data: Any) -> bool:
    if isinstance(data, str):
        return "\x00" not in data and not any("\ud800" <= letter <= "\udfff" for letter in data)
    if isinstance(data, dict):
        return all(_is_storable(key) and _is_storable(value) for key, value in data.items())
    if isinstance(data, list):
        return all(_is_storable(each) for each in data)
    return True
