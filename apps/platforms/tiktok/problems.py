"""How a job ended, as the errors that the rest of the product knows, each in a sentence that a person can act on."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, NeedsPerson, OutcomeUnknown
from apps.platforms.tiktok.driver import Ended


def error_of(ended: Ended) -> AdapterError:
    """The error for a job that was not done. Once Post may have been pressed, only a clear refusal means “no”."""
    details = {name: text for name, text in ended.details.items() if text}
    if ended.pressed_post and ended.code not in ("too_fast", "refused"):
        return _unknown(ended.code, details)
    make = _ERRORS.get(ended.code, _broken)
    return make(details)


def _unknown(code: str, details: dict[str, str]) -> AdapterError:
    messages = {
        "captcha": _(
            "TikTok asked for a puzzle after Post was pressed, and did not say whether it published the video."
        ),
        "login": _("TikTok asked for a login after Post was pressed, and did not say whether it published the video."),
    }
    return OutcomeUnknown(
        messages.get(details.get("cause", ""), _("TikTok did not say whether it published the video.")),
        hint=_("Look at the account's posts, then report it as online or send it again."),
        **{"cause": code, **details},
    )


def login_needed(details: dict[str, str]) -> AdapterError:
    return NeedsLogin(
        _("TikTok shows its login page: the session has ended."),
        hint=_("Log in again and give the account the new session."),
        **details,
    )


def _other_account(details: dict[str, str]) -> AdapterError:
    return NeedsLogin(
        _("This session belongs to @%(found)s, not to this account.") % details,
        hint=_("Log in as this account and give it that session."),
        **details,
    )


def _captcha(details: dict[str, str]) -> AdapterError:
    return NeedsPerson(
        _("TikTok asks to prove that a person is there."),
        hint=_("Open TikTok in your browser, solve the puzzle, then send the post again or upload it by hand."),
        reason="captcha",
        **details,
    )


def _changed(details: dict[str, str]) -> AdapterError:
    return NeedsPerson(
        _("TikTok's page has changed: “%(element)s” was not found.") % {"element": details.get("element", "?")},
        hint=_("Upload this video by hand. The runbook tells how to mend the description of the page."),
        reason="changed_page",
        **details,
    )


def _too_fast(details: dict[str, str]) -> AdapterError:
    return NeedsPerson(
        _("TikTok says that the account posts too fast."),
        hint=_("Wait a day, and lower the account's posts a day; then send the post again or upload it by hand."),
        reason="too_fast",
        **details,
    )


def _upload_failed(details: dict[str, str]) -> AdapterError:
    return NeedsPerson(
        _("TikTok did not take the video."),
        hint=_("Look at the picture of the page; send the post again or upload it by hand."),
        reason="upload_error",
        **details,
    )


def _refused(details: dict[str, str]) -> AdapterError:
    return NeedsPerson(
        _("TikTok refused the post: %(said)s") % {"said": details.get("said") or _("it gave no reason")},
        hint=_("Look at the account on TikTok for a warning."),
        reason="upload_error",
        **details,
    )


def _unreachable(details: dict[str, str]) -> AdapterError:
    return AdapterError(_("TikTok could not be reached."), hint=_("It is tried again by itself."), **details)


def _too_slow(details: dict[str, str]) -> AdapterError:
    return AdapterError(
        _("The upload took too long, and was given up before anything was posted."),
        hint=_("It is tried again by itself."),
        **details,
    )


def _broken(details: dict[str, str]) -> AdapterError:
    return AdapterError(
        _("The browser ended before anything was posted."),
        hint=_("It is tried again by itself. Should it happen often, see that the machine has memory to spare."),
        **details,
    )


_ERRORS = {
    "login": login_needed,
    "other_account": _other_account,
    "captcha": _captcha,
    "changed_page": _changed,
    "too_fast": _too_fast,
    "upload_failed": _upload_failed,
    "refused": _refused,
    "unreachable": _unreachable,
    "too_slow": _too_slow,
    "timeout": _too_slow,
}
