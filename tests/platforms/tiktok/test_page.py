"""The description of the page: the one that ships is whole, and an operator's mending of it is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import PlatformConfig
from apps.platforms.tiktok import page
from apps.platforms.tiktok.adapter import TiktokPlatform


def mended(folder: Path, text: str) -> Path:
    path = folder / "tiktok.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_element_that_matters_has_a_fallback():
    shipped = page.load()
    alone = [name for name, selectors in shipped.elements.items() if len(selectors) < 2]
    assert alone == []
    assert shipped.source


def test_a_file_of_the_operator_replaces_only_what_it_names(tmp_path):
    shipped = page.load()
    path = mended(tmp_path, 'as_of = 2027-01-01\n[elements]\npost_button = ["#send"]\n')
    repaired = page.load(path)
    assert repaired.elements["post_button"] == ("#send",)
    assert repaired.as_of.isoformat() == "2027-01-01"
    assert {**repaired.elements, "post_button": 0} == {**shipped.elements, "post_button": 0}
    assert (repaired.addresses, repaired.dialogs) == (shipped.addresses, shipped.dialogs)
    assert page.load(tmp_path / "nothing.toml") == shipped


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[elements", "tiktok.toml is not TOML"),
        ('[elements]\npost_buton = ["#x"]', "elements.post_buton is not known; did you mean elements.post_button?"),
        ('[element]\npost_button = ["#x"]', "element is not known; did you mean elements?"),
        ("[elements]\npost_button = []", "elements.post_button must be a list with at least one text."),
        ('[elements]\npost_button = ["#x", 3]', "elements.post_button must hold texts of 1 to 500 characters."),
        ('[patterns]\nlogin = "("', "patterns.login is not a regular expression"),
        ("[patterns]\npost = '/video/(?P<id>x)'", "patterns.post must have the groups"),
        (
            '[addresses]\nupload = "https://tiktok.example/"',
            "addresses.upload must be a web address on one of network.hosts",
        ),
        ('[addresses]\nupload = "file:///etc/passwd"', "addresses.upload must be a web address"),
        ('[network]\nhosts = ["*"]', "must be a name such as tiktok.com"),
        ('[network]\nhosts = ["a.example, EXCLUDE *"]', "must be a name such as tiktok.com"),
        ("[waits]\nelement = -1", "waits.element must be a number of seconds from 0 to 600."),
        ('as_of = "today"', "as_of must be the day"),
        ("elements = 3", "elements must look as it does in page.toml."),
        (
            '[[dialogs]]\nname = "x"\nwhen = "now"\nshows = ["a"]\npress = ["b"]',
            "dialogs, entry 1: when must be one of",
        ),
        ('[[dialogs]]\nname = "x"', "dialogs, entry 1: needs name, when, shows and press"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, said):
    with pytest.raises(page.PageFileError) as refused:
        page.load(mended(tmp_path, text))
    assert said in str(refused.value)
    assert "tiktok.toml" in str(refused.value)


def test_a_description_that_cannot_be_used_stops_the_account_with_a_way_out(tmp_path):
    mended(tmp_path, "[elements")
    with pytest.raises(AdapterError) as refused:
        TiktokPlatform(PlatformConfig(overrides=tmp_path)).keep({"session": "x"})
    assert "cannot be used: tiktok.toml is not TOML" in refused.value.message
    assert (refused.value.permanent, refused.value.hint) == (True, "Correct tiktok.toml, or remove it.")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://www.tiktok.com/upload", True),
        ("https://tiktok.com", True),
        ("https://p16-sign.tiktokcdn.com/x", True),
        ("https://nottiktok.com", False),
        ("https://tiktok.com.evil.example", False),
        ("https://tiktok.com@evil.example/", False),
        ("http://169.254.169.254/", False),
        ("nonsense", False),
    ],
)
def test_only_tiktoks_hosts_are_allowed(url, allowed):
    assert page.load().allows(url) is allowed
