"""Which languages a model may be asked for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.text.words import word_set

# Whisper was trained on these; how well differs greatly, and for some, such as Malayalam, it is poor.
LANGUAGES = word_set(
    """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is
    it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk
    sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh
    """
)


class CannotHear(AdapterError):
    """The model does not know the language."""

    code = "cannot_hear"


def check_language(language: str, *, english_only: bool) -> None:
    """Raises CannotHear; "" asks for nothing in particular."""
    if english_only and language not in ("", "en"):
        raise CannotHear(
            _("The speech model on this machine hears English only, not “%(language)s”.") % {"language": language},
            permanent=True,
            hint=_("Set SPEECH_MODEL to a multilingual Whisper model."),
        )
    if language and language not in LANGUAGES:
        raise CannotHear(
            _("Whisper does not know the language “%(language)s”.") % {"language": language}, permanent=True
        )
