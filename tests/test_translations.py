"""The web pages speak every language of the settings, and nothing falls out of the catalogues unnoticed."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from gettext import GNUTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils.translation import override

from apps.common.errors import DomainError
from apps.common.translations import (
    KEYWORDS,
    catalogues,
    collect,
    compile_catalogues,
    language_of,
    load,
    refresh,
    untranslated,
)

ROOT = Path(settings.BASE_DIR)
PATHS = catalogues(ROOT / "locale")
# Texts that may wait for a translator, by app; everything else is translated with the change that brings it.
BUDGET: dict[str, int] = {}
SPARE = 5
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]\b|\{\{?\w*\}\}?|<code>\w+</code>")
# Names, which are the same everywhere.
NAMES = {"Rundown", "English", "JSON Feed"}
WEB = sorted(path for place in ("apps", "templates") for path in (ROOT / place).rglob("*.html"))


def texts(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple) else [message.id]


def translations(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple) else [message.string]


def app_of(message: Message) -> str:
    return "/".join(message.locations[0][0].split("/")[:2])


@pytest.fixture(params=PATHS, ids=language_of)
def path(request) -> Path:
    return request.param


def test_there_is_a_catalogue_for_every_language_but_english():
    assert {language_of(path) for path in PATHS} == {code for code, _name in settings.LANGUAGES} - {"en"}


def test_a_catalogue_is_compiled_once_until_it_changes(path, tmp_path):
    copy = tmp_path / path.relative_to(path.parents[2])
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())
    assert compile_catalogues(tmp_path) == [copy.with_suffix(".mo")]
    assert compile_catalogues(tmp_path) == []
    with copy.with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    assert compiled.gettext("Dashboard") == {"ml": "ഡാഷ്‌ബോർഡ്"}[language_of(path)]


def test_every_text_of_the_source_is_in_the_catalogue(path):
    known = {(message.context, texts(message)[0]) for message in load(path)}
    missing = Counter(
        app_of(message) for message in collect(ROOT) if message.id and (message.context, texts(message)[0]) not in known
    )
    too_many = {app: count for app, count in missing.items() if count > BUDGET.get(app, 0)}
    assert sum(too_many.values()) <= SPARE, f"Run `make messages` and translate; not collected: {too_many}"


def test_untranslated_texts_stay_within_the_budget(path):
    waiting = untranslated(load(path))
    counts = Counter(app_of(message) for message in waiting)
    over = {app: count for app, count in counts.items() if count > BUDGET.get(app, 0)}
    listed = "\n".join(f"{app_of(message)}: {texts(message)[0]}" for message in waiting if app_of(message) in over)
    assert sum(over.values()) <= SPARE, f"To translate: {over}\n{listed}"


def test_every_placeholder_is_in_the_translation(path):
    wrong = []
    for message in load(path):
        forms = [set(PLACEHOLDER.findall(text)) for text in texts(message)]
        for translation in filter(None, translations(message) if message.id else []):
            # The singular may say "an hour" where the plural has a number.
            if not set.intersection(*forms) <= set(PLACEHOLDER.findall(translation)) <= set.union(*forms):
                wrong.append(translation)
    assert wrong == []


def test_every_plural_is_there(path):
    catalog = load(path)
    plurals = [message for message in catalog if isinstance(message.id, tuple) and any(translations(message))]
    assert [message.id[0] for message in plurals if len(message.string) != catalog.num_plurals] == []


def test_nothing_is_guessed_and_nothing_obsolete_is_kept(path):
    catalog = load(path)
    assert [message.id for message in catalog if message.id and message.fuzzy] == []
    assert list(catalog.obsolete) == []


def test_collecting_again_changes_nothing(path, tmp_path):
    copy = tmp_path / path.relative_to(path.parents[2])
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())
    collected = collect(ROOT)
    refresh(copy, collected)
    first = copy.read_bytes()
    refresh(copy, collected)
    assert copy.read_bytes() == first


def test_a_person_who_chose_malayalam_reads_it(client, workspace, member):
    client.force_login(member("editor", language="ml"))
    page = client.get(f"/w/{workspace.slug}/").content.decode()
    assert re.search(r"<h1[^>]*>(.*?)</h1>", page).group(1) == "ഡാഷ്‌ബോർഡ്"
    assert '<html lang="ml"' in page


def test_what_shipped_prompts_say_of_their_variables_is_collected():
    collected = {texts(message)[0] for message in collect(ROOT) if message.id and app_of(message) == "apps/templates"}
    assert {"What people search for", "The brand voice"} <= collected


def test_the_browser_s_language_is_used_before_signing_in(client, db):
    page = client.get("/accounts/login/", headers={"Accept-Language": "ml-IN,ml;q=0.9"}).content.decode()
    assert re.search(r"<h1[^>]*>(.*?)</h1>", page).group(1) == "പ്രവേശിക്കുക"


def test_roles_and_states_are_translated():
    from apps.content.machine import ITEM_MACHINE
    from apps.workspaces.roles import Role

    with override("ml"):
        assert str(Role.OWNER.label) == "ഉടമ"
        assert [str(state.label) for state in ITEM_MACHINE.states if str(state.label).isascii()] == []


class Bare(HTMLParser):
    """Collects the words that a template shows without a translate tag."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag, attrs):
        self.silent += tag in {"script", "style"}
        for name, value in attrs:
            if name in {"placeholder", "title", "aria-label", "alt", "data-confirm"}:
                self.handle_data(value or "")

    def handle_endtag(self, tag):
        self.silent -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self.silent:
            self.found += [
                text for text in re.findall(r"\b(?:[A-Z]{2,} )?[A-Z][a-z]{2,}[\w ]*", data) if text.strip() not in NAMES
            ]


@pytest.mark.parametrize("template", WEB, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_show_no_text_outside_translate_tags(template):
    source = template.read_text()
    source = re.sub(r"{%\s*blocktrans(late)?\b.*?{%\s*endblocktrans(late)?\s*%}", "", source, flags=re.DOTALL)
    source = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    parser = Bare()
    parser.feed(source)
    assert parser.found == []


# What is said to whoever runs commands on the machine, before or beside the site; tools speak English there.
FOR_THE_SHELL = {"management", "migrations", "processes"}
PYTHON = sorted(path for path in (ROOT / "apps").rglob("*.py") if not FOR_THE_SHELL & set(path.parts))


def errors_of_the_domain(kind: type[DomainError] = DomainError) -> Iterator[str]:
    yield kind.__name__
    for below in kind.__subclasses__():
        yield from errors_of_the_domain(below)


def raw_sentences(tree: ast.AST, errors: set[str]) -> Iterator[tuple[int, str]]:
    """Messages and hints of errors that are written as they are, where a translation should be asked for."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", getattr(call.func, "attr", "")) not in errors:
            continue
        said = [*call.args[:1], *(each.value for each in call.keywords if each.arg in {"message", "hint"})]
        for value in said:
            literal = value.left if isinstance(value, ast.BinOp) else value
            pieces = literal.values if isinstance(literal, ast.JoinedStr) else [literal]
            text = "".join(str(piece.value) for piece in pieces if isinstance(piece, ast.Constant))
            if re.search(r"[A-Za-z]{2} [a-z]", text):
                yield call.lineno, text


def test_every_error_is_said_in_the_reader_s_language():
    errors = {*errors_of_the_domain(), "refusal"}
    raw = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in PYTHON
        for line, text in raw_sentences(ast.parse(path.read_text()), errors)
    ]
    assert raw == []


def test_an_error_that_nobody_translates_is_noticed():
    source = 'AdapterError(f"{host} took too long.", hint="Try again."); Invalid(_("All is well."), hint=_("Go on."))'
    assert list(raw_sentences(ast.parse(source), {"AdapterError", "Invalid"})) == [
        (1, " took too long."),
        (1, "Try again."),
    ]


def test_every_name_that_translates_is_one_that_is_collected():
    uncollected = {
        f"{path.relative_to(ROOT)}: {name.name} as {name.asname}"
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if re.fullmatch(r"n?p?gettext\w*", name.name) and (name.asname or name.name) not in KEYWORDS
    }
    assert uncollected == set()
