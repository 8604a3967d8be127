"""Everything that can go wrong with a post: one table of codes, each with a sentence, the way out, and what follows.

Adapters write their own sentence where they know better; the code, and the hint where they gave none, come from here.
The pages, the admin, the API (`GET /schedule/problems`) and `docs/problems.md` show this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.errors import AdapterError, DomainError
from apps.common.redaction import mask
from apps.platforms.base import NeedsPerson
from apps.schedules.models import Post


@dataclass(frozen=True)
class Problem:
    """sentence: what happened. hint: what a person does about it. then: what Rundown does by itself."""

    code: str
    sentence: Any
    hint: Any
    then: Any


_TRIED_AGAIN = _("It is tried again after a growing wait, three times in all; then a person decides.")
_PERSON = _("The post is handed to a person at once; nothing is tried again.")
_ASKED = _("A person decides; nothing is sent again by itself.")

TABLE = (
    Problem(
        "adapter_error",
        _("The platform did not take the post."),
        _("Nothing to do yet: it is tried again by itself."),
        _TRIED_AGAIN,
    ),
    Problem(
        "gave_up",
        _("It was tried as often as it may be, and failed each time."),
        _("It is not tried again by itself. Send it again when the platform is well, or post it by hand."),
        _PERSON,
    ),
    Problem(
        "rate_limited",
        _("The platform asks to wait."),
        _("Nothing to do: the account goes on when the platform allows it. Fewer posts a day avoid it."),
        _("All posts of the account wait as long as the platform said; other accounts go on."),
    ),
    Problem(
        "needs_login",
        _("The platform no longer accepts the account's login."),
        _("Connect the account again; its posts then go out by themselves."),
        _("The account and its posts wait for the new login."),
    ),
    Problem(
        "login_renewed",
        _("The platform no longer accepted the login; Rundown has renewed it."),
        _("Nothing to do: the post goes out with the new login."),
        _("It is sent again at once, and this does not count as a failed try. A second refusal asks for a login."),
    ),
    Problem(
        "refused",
        _("The platform refused the post."),
        _("Change what the platform names, have it approved, and schedule it again; or send it again as it is."),
        _("Nothing is tried again: the same post would be refused again."),
    ),
    Problem(
        "file_missing",
        _("A file of this post is not there."),
        _("Render the item again, then send the post again."),
        _("Nothing is tried again until then."),
    ),
    Problem(
        "outcome_unknown",
        _("The platform did not say whether it published."),
        _("Nothing to do yet: Rundown asks the platform what happened."),
        _("The platform is asked, by key, handle or search; where it cannot be asked, a person decides."),
    ),
    Problem(
        "no_way_to_ask",
        _("Nobody can say whether this was published: the platform offers no way to ask."),
        _("Look at the account. Report the post as online if it is there, else send it again or post it by hand."),
        _ASKED,
    ),
    Problem(
        "key_forgotten",
        _("The answer was lost, and the platform no longer remembers the key that would make a second try harmless."),
        _("Look at the account. Report the post as online if it is there, else send it again."),
        _ASKED,
    ),
    Problem(
        "changed_meanwhile",
        _("It is not known whether this went out, and it is no longer what was approved."),
        _("Look at the account, then report the post as online or cancel it."),
        _ASKED,
    ),
    Problem(
        "no_word",
        _("The platform has not said for a day what became of the post."),
        _("Look at the account. Report the post as online if it is there, else send it again."),
        _ASKED,
    ),
    Problem(
        "not_asked",
        _("The answer was lost, and nobody could ask again: the account was paused, logged out or disconnected."),
        _("Look at the account. Report the post as online if it is there, else send it again."),
        _ASKED,
    ),
    Problem(
        "maybe_twice",
        _("This is probably online twice: a call was answered only after the post had been sent again."),
        _("Look at both, and delete one of them on the platform. Their addresses stand with the attempts."),
        _("Nothing more is sent. The post counts as published."),
    ),
    Problem(
        "not_there",
        _("The answer was lost, and the platform does not have the post."),
        _("Nothing to do yet: it is sent again by itself."),
        _TRIED_AGAIN,
    ),
    Problem(
        "captcha",
        _("The platform wants to see a person: it shows a puzzle."),
        _("Post it by hand with the text and video given here, or solve the puzzle and send it again."),
        _PERSON,
    ),
    Problem(
        "login_wall",
        _("The platform wants a new login before it takes the post."),
        _("Log the account in again, then send the post again; or post it by hand."),
        _PERSON,
    ),
    Problem(
        "changed_page",
        _("The platform's page has changed, and Rundown does not find its way on it."),
        _("Post it by hand with the text and video given here. An update of Rundown may bring the new page."),
        _PERSON,
    ),
    Problem(
        "too_fast",
        _("The platform says that the account does too much at once."),
        _("Leave the account alone for some hours, then send it again; or post it by hand."),
        _("The post is handed to a person; the account's other posts wait for an hour."),
    ),
    Problem(
        "upload_error",
        _("The platform could not take the file."),
        _("Play the video; if it is sound, post it by hand or send it again later."),
        _PERSON,
    ),
    Problem("needs_person", _("The platform wants a person now."), _("Post it by hand, or send it again."), _PERSON),
    Problem(
        "by_hand",
        _("This account is posted to by a person."),
        _("Post it with the text and video given here, then report its link."),
        _PERSON,
    ),
    Problem(
        "not_approved",
        _("The approved version is another one now."),
        _("Schedule the approved version."),
        _("The post is cancelled, and nothing was sent."),
    ),
    Problem(
        "disconnected",
        _("The account was disconnected before this was sent."),
        _("Connect the account again, then schedule the item anew."),
        _("The post is cancelled, and nothing was sent."),
    ),
    Problem(
        "restored",
        _("The database was restored from a backup, and this may have gone out since the backup was made."),
        _("Look at the account. Report the post as online if it is there, else send it again."),
        _ASKED,
    ),
    Problem(
        "missed",
        _("Its time came while nothing could go out, and the account's grace is over."),
        _("Send it now, or drop it."),
        _ASKED,
    ),
    Problem(
        "worker_lost",
        _("Workers stopped again and again while they worked on this post."),
        _("Look at the workers' log, then send the post again."),
        _ASKED,
    ),
    Problem(
        "stood_still",
        _("The machine stood still just before the call, so nothing was sent."),
        _("Nothing to do yet: it is tried again by itself."),
        _TRIED_AGAIN,
    ),
    Problem(
        "bug",
        _("Rundown made a mistake of its own while it worked on this post."),
        _(
            "Nothing to do unless the post asks for you: then look at the account, report the post as online if it is "
            "there, else send it again or post it by hand. Whoever runs this installation finds the mistake in the "
            "worker's log, under the post's number."
        ),
        _("Before the call it is tried again; after it the platform is asked what happened, or else a person."),
    ),
)
PROBLEMS = {problem.code: problem for problem in TABLE}
# What NeedsPerson calls its reasons.
_REASONS = {"login": "login_wall"}


def problem(code: str, **details: Any) -> AdapterError:
    """The error of that row of the table."""
    row = PROBLEMS[code]
    error = AdapterError(str(row.sentence), hint=str(row.hint), **details)
    error.code = code
    return error


def code_of_reason(reason: str) -> str:
    """The code for what NeedsPerson gives as its reason."""
    return _REASONS.get(reason, reason)


def code_of(error: Exception) -> str:
    if isinstance(error, NeedsPerson):
        code = code_of_reason(error.reason)
        return code if code in PROBLEMS else "needs_person"
    if isinstance(error, DomainError):
        refused = error.code == "adapter_error" and getattr(error, "permanent", False)
        return "refused" if refused else error.code
    return "bug"


def told(error: Exception) -> dict[str, Any]:
    """An error as rows and events keep it: code, sentence, way out, and what was said, without secrets."""
    code = code_of(error)
    row = PROBLEMS.get(code)
    if not isinstance(error, DomainError):
        said = f"{type(error).__name__}: {error}"[:500]
        return mask({"code": code, "message": str(row.sentence), "hint": str(row.hint), "said": said})
    hint = str(error.hint) or (str(row.hint) if row else "")
    details = {key: str(value) for key, value in error.details.items()}
    return mask({**details, "code": code, "message": str(error.message), "hint": hint})


def explain(post: Post) -> dict[str, Any]:
    """Why the post stands where it stands, for every page: code, message, hint; empty when all is well."""
    if (post.state == "missed" and not post.maybe_online) or (post.needs_person and not post.error):
        row = PROBLEMS["missed" if post.state == "missed" else "needs_person"]
        return {"code": row.code, "message": str(row.sentence), "hint": str(row.hint)}
    return post.error or {}


def doubt(code: str) -> dict[str, Any]:
    """What a post says whose call may have published."""
    return {**told(problem(code)), "maybe_online": True}


def as_markdown() -> str:
    lines = ["| code | what happened | what to do | what Rundown does |", "|---|---|---|---|"]
    lines += [f"| `{row.code}` | {row.sentence} | {row.hint} | {row.then} |" for row in TABLE]
    return "\n".join(lines) + "\n"
