"""What is written without a model stands in what was given."""

from __future__ import annotations

import pytest

from apps.common.text.lengths import measure
from apps.engines.text.base import TextRequest
from apps.engines.text.extractive import ExtractiveEngine
from apps.templates.builtin_templates import read

TEXT = (
    "The harbour lamp burned every night for ninety years. Its keeper trimmed the wick every four hours. "
    "When the harbour office sold the lamp, nobody asked the keeper. He lit it once more, and eleven boats came home."
)
SOURCES = [
    f"[1] Lamps of the coast\n{TEXT}",
    "[2] Keepers\nKeepers were paid in coal and flour. Why did anybody stay in winter? A keeper who slept was fined.",
]
RESEARCH = "Keepers were paid in coal and flour. [2]\nThe harbour lamp burned every night for ninety years. [1]"


def write(kind: str, **variables):
    request = TextRequest(kind=kind, instructions="", prompt="", schema=read(kind)["schema"], variables=variables)
    result = ExtractiveEngine().generate(request)
    assert (result.outcome, result.model, result.cost) == ("parsed", "", None)
    return result.data


def test_a_summary_quotes_each_source_with_its_number():
    found = write("research_summary", title="Lamps", sources=SOURCES, language="en")
    assert {point["source"] for point in found["points"]} == {1, 2}
    assert all(point["text"] in " ".join(SOURCES) for point in found["points"])
    assert found["angles"] == ["Why did anybody stay in winter?"]
    assert found["summary"].startswith("The harbour lamp burned every night for ninety years. [1]")


def test_a_source_in_another_language_is_not_quoted():
    foreign = "[3, de] Lampen\nDie Lampe brannte jede Nacht im Hafen von Kiel."
    found = write("research_summary", title="Lamps", sources=[*SOURCES, foreign], language="en")
    assert {point["source"] for point in found["points"]} == {1, 2}


def test_headings_of_a_page_are_not_taken_for_what_it_says():
    page = "[1] How to keep a lamp burning\nHow to keep a lamp burning\nOil was carried up twice every day."
    found = write("research_summary", title="Lamps", sources=[page], language="en")
    assert found["points"] == [{"text": "Oil was carried up twice every day.", "source": 1}]


def test_an_outline_has_sections_made_of_the_research():
    found = write("outline", title="Lamps", keyphrase="harbour lamp", research=RESEARCH, language="en")
    assert found["sections"][0]["heading"] == "Harbour lamp"
    assert all(point in RESEARCH for section in found["sections"] for point in section["points"])


def test_a_section_quotes_the_research_and_names_its_sources():
    section = "Who was paid in coal"
    found = write(
        "blog_draft",
        title="Lamps",
        outline=[section],
        section=section,
        research=RESEARCH,
        target_words=50,
        language="en",
    )
    assert found["claims"] == [{"text": "Keepers were paid in coal and flour.", "source": 2}]
    assert found["markdown"].startswith("Keepers were paid in coal and flour. [2]")


def test_a_section_without_research_is_a_list_of_what_to_write():
    found = write(
        "blog_draft", title="Lamps", outline=["A"], section="Pay\n- coal\n- flour", target_words=50, language="en"
    )
    assert (found["markdown"], found["claims"]) == ("- coal\n- flour", [])


@pytest.mark.parametrize(("limit", "unit"), [(300, "graphemes"), (120, "weighted"), (60, "utf16"), (20, "code_points")])
def test_a_variant_fits_with_its_hashtags_and_link(limit, unit):
    tags, link = ["lamps", "sea"], "https://example.org/a"
    limit = max(limit, 50)
    found = write(
        "variant",
        platform="x",
        limit=limit,
        unit=unit,
        title="Lamps",
        text=TEXT,
        hashtags=tags,
        link=link,
        language="en",
    )
    posted = "\n\n".join(piece for piece in (found["text"], " ".join(f"#{tag}" for tag in found["hashtags"])) if piece)
    assert measure(posted, unit) <= limit
    assert link in found["text"]


def test_a_rewrite_divides_long_paragraphs_and_changes_no_word():
    long = " ".join([TEXT] * 6)
    found = write("seo_rewrite", text=f"## A heading\n\n{long}", problems=["Paragraph length"], language="en")
    paragraphs = found["markdown"].split("\n\n")
    assert paragraphs[0] == "## A heading"
    assert len(paragraphs) > 2
    assert " ".join(paragraphs[1:]) == long


@pytest.mark.parametrize("kind", ["hook", "caption", "hashtags", "metadata"])
def test_small_texts_come_from_the_text(kind):
    found = write(
        kind,
        title="Lamps",
        text=TEXT,
        language="en",
        **{"caption": {"limit": 120}, "hashtags": {"count": 3}}.get(kind, {}),
    )
    for name, value in found.items():
        if name in ("hook", "caption", "description", "excerpt"):
            assert value.rstrip("…") in TEXT
