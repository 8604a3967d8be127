"""What an editor is told about a page."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.text.slugs import slug
from apps.engines.seo import Page, judge
from apps.engines.seo.passive import is_passive
from apps.engines.seo.pixels import title_pixels

SENTENCES = (
    "It was dark for years. We went there on a cold morning. Nobody had the key. "
    "My uncle knew a way in. However, he would not say how he found it. So we waited by the wall. "
)
PAGE = Page(
    html=f"""
    <p>This is the story of a harbour lamp. {SENTENCES}</p>
    <h2>Who lit the harbour lamp</h2><p>{SENTENCES * 2}</p>
    <h2>What we found</h2><p>{SENTENCES * 2}</p>
    <p><img src="lamp.jpg" alt="The harbour lamp at night"> {SENTENCES}</p>
    <h2>After the storm</h2><p>{SENTENCES * 2} <a href="https://example.org/lamps">A history of lamps</a> and
    <a href="/boats">our boats</a>.</p>
    """,
    keyphrase="harbour lamp",
    title="Harbour lamp: who lit it?",
    description="The harbour lamp had been dark for eleven years when somebody lit it again. "
    "We went to see who it was, and found more than we had asked for.",
    slug="harbour-lamp",
    site="mysite.org",
)

ENGLISH_ONLY = ("sentence_beginnings", "passive_voice", "transition_words")


def verdicts(page: Page) -> dict[str, str]:
    return {check.id: check.verdict for check in judge(page).checks}


def test_a_page_that_keeps_every_rule_is_good_everywhere():
    report = judge(PAGE)
    assert report.to_do == []
    assert (report.score, report.readability, report.skipped) == (99, 90, ())


@pytest.mark.parametrize(
    ("change", "check", "verdict"),
    [
        ({"title": "Who lit it?"}, "title_keyphrase", "bad"),
        ({"title": "Who lit the harbour lamp?"}, "title_keyphrase", "ok"),
        ({"title": ""}, "title_width", "bad"),
        ({"description": "The harbour lamp."}, "description_length", "ok"),
        ({"slug": "night"}, "slug_keyphrase", "ok"),
        ({"html": "<p>The harbour lamp.</p>"}, "text_length", "bad"),
        ({"html": PAGE.html.replace("This is the story of a harbour lamp.", "")},
         "introduction", "bad"),
        ({"html": PAGE.html.replace("A history of lamps", "harbour lamp")}, "competing_links", "bad"),
        ({"html": PAGE.html.replace("<h2>", "<h1>").replace("</h2>", "</h1>")}, "single_title", "bad"),
        ({"html": PAGE.html.replace("https://example.org/lamps", "mailto:me@example.org")}, "outbound_links", "bad"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(change, check, verdict):
    found = judge(dataclasses.replace(PAGE, **change))[check]
    assert (found.verdict, bool(found.hint)) == (verdict, True)


def test_a_targeted_fix_changes_no_other_verdict():
    worse = dataclasses.replace(PAGE, title="Who lit it?")
    before, after = verdicts(worse), verdicts(PAGE)
    assert {name for name in after if after[name] != before[name]} == {"title_keyphrase"}


def test_stuffing_the_keyphrase_lowers_the_score():
    stuffed = dataclasses.replace(PAGE, html=PAGE.html + "<p>" + "A harbour lamp is a harbour lamp. " * 20 + "</p>")
    assert judge(stuffed)["density"].verdict == "bad"
    assert judge(stuffed).score < judge(PAGE).score


def test_evidence_points_at_the_words_in_the_text():
    found = judge(PAGE)["introduction"].evidence
    assert [PAGE.blocks[span.block].text[span.start : span.end] for span in found] == ["harbour", "lamp"]


def test_long_sentences_are_shown():
    long = "One " + "more " * 30 + "end."
    page = Page(html=f"<p>Short one. {long}</p>", keyphrase="end")
    (span,) = judge(page)["sentence_length"].evidence
    assert page.blocks[0].text[span.start : span.end] == long


def test_malayalam_finds_the_keyphrase_with_its_endings_and_says_which_checks_it_left_out():
    text = "കേരളത്തിലെ വിളക്കുമാടം പഴയതാണ്. വിളക്കുമാടത്തിന്റെ കഥ ഇതാണ്."
    report = judge(Page(html=f"<p>{text}</p>", keyphrase="വിളക്കുമാട", title="വിളക്കുമാടം", language="ml"))
    assert report["introduction"].verdict == "good"
    assert report["density"].value == 2
    assert report.skipped == ENGLISH_ONLY


@pytest.mark.parametrize(
    ("text", "passive"),
    [
        ("The door was opened by my uncle.", True),
        ("The letter had been written long ago.", True),
        ("He got hurt.", True),
        ("My uncle opened the door.", False),
        ("It was a broken promise.", False),
        ("They were happy and opened the door.", False),
        ("She is speaking to the assembled crowd.", False),
        ("The news was broadcast daily.", True),
        ("Was the door locked?", True),
        ("The house was (as ever) painted white.", False),
        ("The village is located between two hills.", False),
        ("He is concerned about unpublished letters.", False),
        ("She is here, covered with snow.", False),
    ],
)
def test_passive_voice_is_told_from_adjectives(text, passive):
    (sentence,) = Page(html=f"<p>{text}</p>").sentences
    assert is_passive(sentence) is passive


@pytest.mark.parametrize(
    ("keyphrase", "text", "times"),
    [
        ("crème brûlée", "Creme brulee is sweet, and crème brûlée is French.", 2),
        ("Łódź", "In Lodz we met.", 1),
        ("city council", "The city council's budget is here.", 0),
        ("long-term care", "Long term care is dear.", 1),
        ('"night train"', "A night-train, a train at night, the Night Train.", 1),
    ],
)
def test_a_keyphrase_is_found_as_people_type_it(keyphrase, text, times):
    assert judge(Page(html=f"<p>{text}</p>", keyphrase=keyphrase))["density"].value == times


@pytest.mark.parametrize(
    ("keyphrase", "title", "verdict"),
    [
        ("long-term care", "Long-term care: what it costs", "good"),
        ("long-term care", "Long term care: what it costs", "ok"),
        ("teachers' strike", "The teachers’ strike", "good"),
        ("city council", "City council's budget", "bad"),
    ],
)
def test_a_title_begins_with_the_keyphrase_as_it_is_written(keyphrase, title, verdict):
    assert judge(Page(html="<p>x</p>", keyphrase=keyphrase, title=title))["title_keyphrase"].verdict == verdict


@pytest.mark.parametrize("keyphrase", ["Grandma's kitchen", "Grandma’s kitchen", "teachers' strike", "crème brûlée"])
def test_our_own_address_of_a_keyphrase_has_the_keyphrase(keyphrase):
    page = Page(html="<p>x</p>", keyphrase=keyphrase, slug=slug(keyphrase))
    assert judge(page)["slug_keyphrase"].verdict == "good"


def test_a_subheading_is_about_the_keyphrase_when_it_has_more_than_half_of_it():
    html = "<p>x</p><h2>Why a night bus?</h2>"
    assert judge(Page(html=html, keyphrase="night train"))["subheadings"].verdict == "bad"
    assert judge(Page(html=html, keyphrase="night bus"))["subheadings"].verdict == "good"


@pytest.mark.parametrize(
    ("html", "verdict"),
    [
        ("<p>The bus waits. The bus stops. The bus sings.</p>", "bad"),
        ("<p>It's late. It’s dark. It's cold.</p>", "bad"),
        ("<ul><li>The bus waits.</li><li><p>The bus stops.</p></li><li>The bus sings.</li></ul>", "good"),
        ("<table><tr><td>The bus waits.</td><td>The bus stops.</td><td>The bus sings.</td></tr></table>", "good"),
        ("<p>The bus waits.</p><h2>A stop</h2><p>The bus stops. The bus sings.</p>", "good"),
    ],
)
def test_sentences_that_begin_alike_are_told_where_they_follow_each_other(html, verdict):
    assert judge(Page(html=html))["sentence_beginnings"].verdict == verdict


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=300), st.text(max_size=40)
)
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_the_checks_and_no_evidence_lies_outside_it(text, keyphrase):
    page = Page(html=text, keyphrase=keyphrase, title=text[:50], description=text[:100], slug="a")
    report = judge(page)
    assert 0 <= report.score <= 100
    for check in report.checks:
        for span in check.evidence:
            assert 0 <= span.start <= span.end <= len(page.blocks[span.block].text)


def test_a_title_is_as_wide_as_search_results_set_it():
    assert title_pixels("Hamburgefonts") == 137
    assert title_pixels("") == 0


THAI = "ประภาคารเก่าแก่อยู่บนหน้าผา ชายชราดูแลตะเกียงทุกคืน "


def test_thai_finds_the_keyphrase_inside_a_run_and_counts_about_the_words():
    page = Page(html=f"<p>{THAI * 40}</p>", keyphrase="ตะเกียง", title="ตะเกียงของชายชรา", language="th")
    report = judge(page)
    assert [report[name].verdict for name in ("introduction", "title_keyphrase", "text_length")] == ["good"] * 3
    assert report["density"].value == 40
    assert 400 < report["text_length"].value < 900
    (first, *_others) = report["density"].evidence
    assert page.blocks[0].text[first.start : first.end] == "ตะเกียง"
    assert report.skipped == ("keyphrase_length", "sentence_length", *ENGLISH_ONLY)


@pytest.mark.parametrize(("language", "text"), [("zh", "京都大学的灯塔很旧。"), ("ja", "古い灯塔の話です。")])
def test_chinese_and_japanese_say_which_checks_need_words_and_why(language, text):
    report = judge(Page(html=f"<p>{text * 9}</p>", keyphrase="灯塔", title="灯塔", language=language))
    assert (report["introduction"].verdict, report["title_keyphrase"].verdict) == ("good", "good")
    words = ("keyphrase_length", "density", "text_length")
    readability = ("subheading_distribution", "paragraph_length", "sentence_length")
    assert report.skipped == (*words, *readability, *ENGLISH_ONLY)
    assert [len(labels) for _reason, labels in report.left_out] == [6, 3]


def test_characters_in_another_order_are_not_the_keyphrase():
    report = judge(Page(html="<p>学大都京。</p>", keyphrase="京都大学", language="zh"))
    assert report["introduction"].verdict == "bad"
