"""What a text is about, and what a draft leaves out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engines.research import Source, keywords, term_gap
from apps.engines.research.extract import extract
from tests.engines.research.conftest import ARTICLE

MALAYALAM = (
    "കേരളത്തിലെ വിളക്കുമാടങ്ങൾ പഴയതാണ്. വിളക്കുമാടത്തിന്റെ കാവൽക്കാരൻ കടലിനെ സ്നേഹിക്കുന്നു. "
    "ഓരോ വിളക്കുമാടവും ഒരു കുടുംബം നോക്കുന്നു. മഴക്കാലത്ത് വിളക്കുമാടം അണയില്ല."
)


def source_of(html: str, url: str = "https://example.org/a") -> Source:
    return extract(html.encode(), url=url)


def test_an_article_is_about_what_it_says_most_and_first():
    source = source_of(ARTICLE)
    found = keywords(source.text, title=source.title, most=8)
    assert found[0].text in ("lamp", "lamps", "harbour lamp", "harbour lamps")
    assert {"keeper", "keepers"} & {keyword.text for keyword in found}
    assert [keyword.score for keyword in found] == sorted((keyword.score for keyword in found), reverse=True)


def test_forms_of_a_malayalam_word_count_together():
    best = keywords(MALAYALAM, language="ml")[0]
    assert best.text.startswith("വിളക്കുമാട")
    assert best.count == 4


def test_what_a_long_malayalam_page_is_about_is_no_joining_word():
    said = "മഴവെള്ള സംഭരണി ഒരു വീടിന്റെ വെള്ളം ശേഖരിക്കുന്നു. മഴവെള്ള സംഭരണിയുടെ അടപ്പ് ഒരു ഇല അകറ്റുന്നു. മഴയിൽ ഒരു മരം. "
    assert keywords(said * 5, language="ml", title="മഴവെള്ള സംഭരണി")[0].text == "മഴവെള്ള സംഭരണി"
    assert not any("ഒരു" in keyword.text.split() for keyword in keywords(said * 5, language="ml", most=40))


def test_joining_words_are_no_keywords():
    found = {keyword.text for keyword in keywords("It was there and it was the one that they had. " * 5)}
    assert found == set()


@given(st.text(max_size=400), st.sampled_from(["en", "ml", "hi", "ar", "th", "zh"]))
@settings(max_examples=60, deadline=None)
def test_keywords_of_any_text_are_whole_words_of_it(text, language):
    found = keywords(text, language=language, most=5)
    assert len(found) <= 5
    assert all(keyword.count >= 1 and keyword.text for keyword in found)


def test_the_gap_names_what_several_competitors_treat_and_the_draft_does_not():
    other = ARTICLE.replace("whale oil", "petrol").replace("coal and flour", "money")
    sources = [source_of(ARTICLE), source_of(other, "https://example.net/b")]
    gaps = term_gap("A harbour lamp burns at night.", sources)
    terms = {gap.term: gap for gap in gaps}
    keeper = next(gap for term, gap in terms.items() if term.startswith("keeper"))
    assert (keeper.sources, keeper.ours, keeper.missing) == (2, 0, True)
    lamp = next(gap for gap in gaps if gap.term in ("harbour lamp", "harbour lamps", "lamp", "lamps"))
    assert lamp.ours == 1
    assert not any("whale" in gap.term for gap in gaps)
    assert [gap.missing for gap in gaps] == sorted((gap.missing for gap in gaps), reverse=True)
