"""Texts become stories, and each only once."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.errors import Invalid, NotAllowed
from apps.lifecycle.models import Event
from apps.stories import queries, services
from apps.stories.models import Story
from apps.stories.services import Duplicate, Row
from apps.workspaces.models import AuditEntry
from tests.factories.stories import story_text

TEXT = story_text(901)


def add(workspace, actor, **fields):
    return services.add_story(workspace=workspace, actor=actor, **{"text": TEXT, **fields})


def test_a_pasted_text_is_measured_and_waits_in_the_queue(in_workspace, actor):
    person = actor("editor")
    story = add(in_workspace, person, title="  The  lamp\n", text="One **bold** word.\r\n\r\n\r\nTwo – three\u200b 🎉.")
    story.refresh_from_db()
    assert (story.title, story.text) == ("The lamp", "One **bold** word.\n\nTwo – three 🎉.")
    assert (story.state, story.origin, story.words, story.language) == ("new", "pasted", 5, "en")
    assert 1 < story.spoken_seconds < 5
    assert story.added_by == person.user
    event = Event.objects.filter(type="story.state").get()
    assert event.data == {"action": "add", "from": None, "to": "new", "title": "The lamp", "by": person.label}
    assert AuditEntry.objects.filter(action="story.add").get().target == f"stories.story:{story.pk}"


def test_without_a_title_the_first_line_is_the_title(in_workspace, actor):
    story = add(in_workspace, actor(), text="# My *night* shift\n\n" + TEXT)
    assert (story.title, story.text) == ("My night shift", TEXT)


def test_a_text_of_one_paragraph_keeps_all_of_it_and_gets_a_short_title(in_workspace, actor):
    story = add(in_workspace, actor(), text=TEXT)
    assert story.text == TEXT
    assert story.title.endswith("…")
    assert len(story.title) <= 80


@pytest.mark.parametrize("text", ["", "   \n ", "!!! ???", "🎉"])
def test_a_text_without_words_is_refused_with_a_sentence(in_workspace, actor, text):
    with pytest.raises(Invalid) as caught:
        add(in_workspace, actor(), text=text)
    assert caught.value.details == {"text": ["There is no text to tell."]}


def test_a_text_beyond_all_measure_is_refused(in_workspace, actor):
    with pytest.raises(Invalid, match="at most 200,000 characters"):
        add(in_workspace, actor(), text="word " * 50_000)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "javascript:alert(1)"),
        ("url", "tales.example"),
        ("url", "https://x.example/ \n"),
        ("language", "English"),
        ("language", "x" * 9),
        ("title", "x" * 301),
    ],
)
def test_what_cannot_be_kept_is_named(in_workspace, actor, field, value):
    with pytest.raises(Invalid) as caught:
        add(in_workspace, actor(), **{field: value})
    assert list(caught.value.details) == [field]


def test_invisible_junk_around_a_text_is_dropped(in_workspace, actor):
    story = add(
        in_workspace, actor(), title="A\x00 lamp", author="An\x00n", text="It\x00 was dark.", url="https://x.example/1"
    )
    story.refresh_from_db()
    assert (story.title, story.author, story.text, story.url) == (
        "A lamp",
        "Ann",
        "It was dark.",
        "https://x.example/1",
    )


def test_a_viewer_may_not_add(in_workspace, actor):
    with pytest.raises(NotAllowed):
        add(in_workspace, actor("viewer"))
    assert not Story.objects.exists()


def test_the_same_story_again_names_the_one_that_is_here(in_workspace, actor):
    person = actor()
    first = add(in_workspace, person, title="The first")
    for again in (TEXT, TEXT.upper(), TEXT.replace(" ", " and ", 1) + " Edit: thank you all!"):
        with pytest.raises(Duplicate) as caught:
            add(in_workspace, person, title="Another title", text=again)
        assert caught.value.message == "This story is here already: “The first” (new)."
        assert caught.value.details == {"story": first.pk, "title": "The first"}
    assert Story.objects.count() == 1


def test_the_same_text_in_another_workspace_is_another_story(in_workspace, actor):
    from tests.factories.workspaces import WorkspaceFactory

    other = WorkspaceFactory()
    add(in_workspace, actor())
    from apps.workspaces.actors import SYSTEM

    services.add_story(workspace=other, actor=SYSTEM, text=TEXT)
    assert [story.workspace for story in Story.objects.all()] == [in_workspace]


def test_two_short_texts_that_are_merely_alike_are_two_stories(in_workspace, actor):
    person = actor()
    add(in_workspace, person, title="a", text="My cat sat on the mat and looked at me.")
    add(in_workspace, person, title="b", text="My cat sat on the mat and looked at you.")
    assert Story.objects.count() == 2


@given(swap=st.integers(0, 250), word=st.sampled_from(["and", "SUDDENLY", "cat"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_word_does_not_make_a_new_story_and_another_text_does(swap, word):
    from apps.common.text.similar import fingerprint, near_identical

    pieces = TEXT.split()
    pieces[swap % len(pieces)] = word
    assert near_identical(fingerprint(TEXT), fingerprint(" ".join(pieces)))
    assert not near_identical(fingerprint(story_text(swap + 1)), fingerprint(LONG_OTHER))


LONG_OTHER = (
    "When my sister sold the old boat, nobody in the family spoke for days. She had painted it herself, "
    "plank by plank, and we all believed that it would stay. Then a letter came from Norway with a "
    "photograph of it under northern "
    "lights, and of four children waving from the deck. My father hung it "
    "over the stove and never mentioned money again."
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_file_is_read_in_its_own_encoding(in_workspace, actor, encoding):
    text = "Café stories\n\nShe said: “It’s naïve – but déjà vu.” " + LONG_OTHER
    story = services.import_text_file(
        workspace=in_workspace, actor=actor(), name="story.txt", content=text.encode(encoding)
    )
    assert (story.title, story.origin) == ("Café stories", "file")
    assert story.text.startswith("She said: “It’s naïve – but déjà vu.”")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "“x.txt” is no text file."),
        (b"a" * 1_000_001, "“x.txt” is larger than a story can be (1.0 MB)."),
        (b"", "There is no text to tell."),
    ],
)
def test_a_file_that_is_no_story_says_why(in_workspace, actor, content, sentence):
    with pytest.raises(Invalid) as caught:
        services.import_text_file(workspace=in_workspace, actor=actor(), name="x.txt", content=content)
    assert caught.value.message == sentence
    assert caught.value.hint


def test_the_shipped_story_has_a_title_and_the_length_of_two_parts(in_workspace, actor):
    story = add(in_workspace, actor(), text=queries.demo_story())
    assert story.title == "The umbrella that came back with letters"
    assert 320 <= story.words <= 400
    assert 90 <= story.spoken_seconds <= 150


def batch(workspace, actor, name, content, *, dry_run=False):
    return services.import_stories(workspace=workspace, actor=actor, name=name, content=content, dry_run=dry_run)


CSV = (
    "title,text,author\n"
    f'Good,"{story_text(1)}",Ann\n'
    "Empty,,Bob\n"
    f'Same,"{story_text(1)}",Cid\n'
    f'"Comma, inside","{story_text(2)}\nSecond line.",\n'
).encode()
ROWS = [
    Row(1, "Good", words=len(story_text(1).split())),
    Row(2, "Empty", problem="There is no text to tell."),
    Row(3, "Same", problem="This story is here already: “Good” (new).", duplicate=True),
    Row(4, "Comma, inside", words=len(story_text(2).split()) + 2),
]


def test_a_look_at_a_csv_finds_what_the_import_would_and_keeps_nothing(in_workspace, actor):
    person = actor("editor")
    assert batch(in_workspace, person, "s.csv", CSV, dry_run=True).rows == ROWS
    assert not Story.objects.exists()
    assert not Event.objects.filter(type="story.state").exists()
    report = batch(in_workspace, person, "s.csv", CSV)
    assert (report.imported, report.rows) == (True, ROWS)
    assert sorted(Story.objects.values_list("title", "author")) == [("Comma, inside", ""), ("Good", "Ann")]


def test_json_and_zip_go_the_same_way(in_workspace, actor):
    person = actor()
    rows = [{"title": "J", "text": story_text(3)}, "no story", {"text": story_text(4), "colour": "red"}]
    report = batch(in_workspace, person, "s.json", json.dumps(rows).encode())
    assert [row.problem for row in report.rows] == ["", "This is no story but a bare value.", "Unknown field “colour”."]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/one.txt", "The one\n\n" + story_text(5))
        archive.writestr("two.txt", b"\x00\x01binary")
        archive.writestr("__MACOSX/one.txt", "junk")
        archive.writestr("readme.md", "not a story")
    report = batch(in_workspace, person, "s.zip", file.getvalue())
    assert [(row.title, row.problem) for row in report.rows] == [
        ("The one", ""),
        ("two.txt", "“two.txt” is no text file."),
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("s.csv", b"head,line\n1,2\n", "The first line does not name the columns."),
        ("s.csv", b"title,text\n", "There is no story in the file."),
        ("s.csv", b"title,text\n\xff\xfe\xfd", "“s.csv” is not UTF-8 text."),
        ("s.json", b'{"title": "x"}', "The JSON must be a list of stories."),
        ("s.zip", b"PK\x03\x04broken", "The ZIP file is damaged."),
        ("s.docx", b"text", "“s.docx” is neither CSV, JSON nor ZIP."),
    ],
)
def test_a_file_that_is_no_import_says_why(in_workspace, actor, name, content, sentence):
    with pytest.raises(Invalid) as caught:
        batch(in_workspace, actor(), name, content)
    assert caught.value.message == sentence
    assert caught.value.hint or "damaged" in sentence


def test_a_zip_that_unpacks_to_too_much_is_stopped(in_workspace, actor):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"a " * 50_000_000)
    report = batch(in_workspace, actor(), "s.zip", file.getvalue())
    assert report.rows[0].problem == "“bomb.txt” is larger than a story can be (1.0 MB)."
