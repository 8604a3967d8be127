from __future__ import annotations

import pytest

from apps.common.errors import Invalid
from apps.common.numbers import required, whole


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("042", 42), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None), ("", None), ("-1", None)]
    + [(text, None) for text in ("²", "٣", "൩", "1.0", " 1", "1e3", "x", "\x00")],
)
def test_a_number_is_what_every_database_can_look_up(text, number):
    assert whole(text) == number


def test_a_form_without_its_number_is_not_complete():
    assert required({"base": "3"}, "base") == 3
    for said in ({}, {"base": "²"}, {"base": "1" * 10}):
        with pytest.raises(Invalid, match="The form is not complete") as refused:
            required(said, "base")
        assert refused.value.details == {"base": [said.get("base", "")]}
