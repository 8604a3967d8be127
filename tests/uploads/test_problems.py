"""The one table of everything that can go wrong, and what errors look like when they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, NeedsPerson, OutcomeUnknown, RateLimited
from apps.uploads.problems import PROBLEMS, TABLE, as_markdown, problem, told


def test_every_problem_says_what_happened_what_to_do_and_what_follows():
    assert len(PROBLEMS) == len(TABLE)
    with override("en"):
        for row in TABLE:
            for sentence in (row.sentence, row.hint, row.then):
                assert str(sentence).endswith("."), row.code
                assert str(sentence)[0].isupper(), row.code


def test_the_documentation_shows_the_table_as_it_is():
    with override("en"):
        assert as_markdown() in (Path(settings.BASE_DIR) / "docs" / "problems.md").read_text(), (
            "Run “manage.py problems” and commit docs/problems.md."
        )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AdapterError("Busy."), "adapter_error"),
        (AdapterError("No.", permanent=True), "refused"),
        (RateLimited("Slowly.", retry_after=9), "rate_limited"),
        (NeedsLogin("Who?"), "needs_login"),
        (OutcomeUnknown("Silence."), "outcome_unknown"),
        (NeedsPerson("A puzzle.", reason="captcha"), "captcha"),
        (NeedsPerson("A wall.", reason="login"), "login_wall"),
        (NeedsPerson("Something else."), "needs_person"),
        (problem("no_word"), "no_word"),
        (ValueError("oops"), "bug"),
    ],
)
def test_every_error_is_kept_under_a_code_of_the_table_with_a_way_out(error, code):
    kept = told(error)
    assert (kept["code"], code in PROBLEMS) == (code, True)
    assert kept["message"]
    assert kept["hint"] == str(PROBLEMS[code].hint)


def test_the_words_of_an_adapter_go_before_those_of_the_table():
    kept = told(AdapterError("The sound is not yours.", permanent=True, hint="Choose another.", status_code=422))
    assert kept == {
        "code": "refused",
        "message": "The sound is not yours.",
        "hint": "Choose another.",
        "status_code": "422",
    }


def test_what_is_kept_holds_no_secret():
    kept = told(ValueError("GET https://user:hunter2@example.org with Bearer abcdefgh"))
    assert "hunter2" not in str(kept)
    assert "abcdefgh" not in str(kept)
    assert kept["message"] == "Rundown made a mistake of its own while it worked on this post."
