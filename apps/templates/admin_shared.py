"""What the AI pages of the admin share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.forms import Script
from django.http import HttpRequest

from apps.common.errors import DomainError, NotAllowed


class AiPages:
    """What the parts that the AI pages share with the admin need to look right."""

    class Media:
        css = {"all": ("rundown/ai.css", "rundown/admin-ai.css")}
        js = (Script("rundown/ai.js", defer=True),)


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """A step that is refused says why on the page that it came from; what is not allowed at all is a 403."""
    try:
        yield
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, str(error))
