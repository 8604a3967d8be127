"""What makes a person look at a plan's text, whatever its score and whatever the policy."""

from __future__ import annotations

import pytest

from apps.approvals.reasons import reasons_for
from apps.approvals.services import open_review
from apps.content.models import Item
from apps.content.services import Text, revise_item
from apps.content_plans.integrity import findings, new_statements, twins_of
from apps.content_plans.links import look_at
from apps.content_plans.models import ContentPlan
from apps.engines.research import Source
from apps.workspaces.actors import SYSTEM
from tests.content_plans.conftest import PARAGRAPH
from tests.factories.approvals import make_policy
from tests.factories.content import make_item
from tests.factories.plans import make_plan, make_round

SOUND = {"claims": 1, "sourced": 1, "unsourced": [], "new_links": [], "links": [], "twins": []}
DEAD = "https://gone.example/barrels"
FOUND = {
    **SOUND,
    "unsourced": ["It halves the bill."],
    "links": [{"url": DEAD, "state": "dead", "said": "The site answers with status 404."}],
    "twins": [{"item": 3, "title": "Barrels again"}],
}


def told(text: str) -> Text:
    return Text(title="Rain barrels", parts=[{"title": "", "text": text}])


def in_review(workspace, integrity: dict, text: str = f"Read {DEAD} first.") -> Item:
    """An item that a plan has made, and that no stage of the policy asks for: a film will follow its text."""
    make_policy(workspace, when="after")
    item = make_item(workspace, kind="plan", text=told(text), state="in_review")
    plan = make_plan(workspace)
    taken = make_round(plan, markdown=text, integrity=integrity)
    ContentPlan.objects.filter(pk=plan.pk).update(item=item, round=taken)
    return item


def state_after_policy(item: Item) -> str:
    open_review(item=item)
    return Item.objects.get(pk=item.pk).state


def test_links_are_looked_at_and_a_dead_one_is_told_with_its_reason(site):
    fine, gone = site("/one"), site("/missing")
    nowhere = "http://no-such-host.invalid/x"
    found = look_at([fine, gone, nowhere])
    assert [(each.url, each.state) for each in found] == [(fine, "fine"), (gone, "dead"), (nowhere, "dead")]
    assert found[1].said == "The site answers with status 404."
    assert "no-such-host.invalid" in found[2].said


def test_a_link_that_was_looked_at_is_not_asked_for_again(site):
    look_at([site("/one")])
    look_at([site("/one"), site("/two")])
    assert site.seen == ["/one", "/two"]


def test_addresses_inside_the_network_are_refused_and_told(site, settings):
    settings.PRIVATE_HOSTS = frozenset()
    [found] = look_at([site("/one?private")])
    assert (found.state, found.said, site.seen) == ("dead", "127.0.0.1 is not a public address.", [])


def test_a_sound_text_goes_by_policy_and_one_with_findings_waits(in_workspace):
    assert state_after_policy(in_review(in_workspace, SOUND)) == "approved"


@pytest.mark.parametrize("field", ["unsourced", "links", "twins", "new_links"])
def test_each_finding_alone_makes_it_wait_for_a_person(in_workspace, field):
    integrity = {**SOUND, field: FOUND.get(field) or [DEAD]}
    assert state_after_policy(in_review(in_workspace, integrity)) == "in_review"


def test_a_text_that_no_film_follows_is_reviewed_under_every_policy(in_workspace):
    item = in_review(in_workspace, SOUND)
    Item.objects.filter(pk=item.pk).update(format="text")
    assert state_after_policy(item) == "in_review"


def test_the_review_says_why_in_words(in_workspace):
    said = [(each.message, list(each.details)) for each in reasons_for(in_review(in_workspace, FOUND))]
    assert said == [
        ("Statements without a source", ["It halves the bill."]),
        ("Links that lead nowhere", [f"{DEAD} – The site answers with status 404."]),
        ("Nearly the same text is here already", ["Barrels again"]),
    ]


def test_a_link_that_an_editor_took_out_is_no_reason_any_more(in_workspace):
    item = in_review(in_workspace, {**SOUND, "links": FOUND["links"], "new_links": [DEAD]})
    assert [each.code for each in reasons_for(item)] == ["unknown", "links"]
    revise_item(item=item, actor=SYSTEM, text=told("Read the manual first."), base=1)
    assert reasons_for(Item.objects.select_related("current_revision", "workspace").get(pk=item.pk)) == []


def test_figures_that_a_rewrite_brings_need_a_source_too(in_workspace):
    plan = make_plan(in_workspace, goal="Sell 3 barrels.")
    page = Source(url="https://example.org/1", title="Barrels", description="", text="A barrel holds 200 litres.")
    before = "## Sizes\n\nIn 2024 a barrel was small."
    after = f"{before} Buy 3 of them.\n\n1. It holds 200 litres.\n2. It saves 40% of the water. It needs a lid."
    assert new_statements(plan, before, after, {1: page}) == [
        {"text": "It holds 200 litres.", "source": 1},
        {"text": "It saves 40% of the water.", "source": None},
    ]
    assert new_statements(plan, before, before, {}) == []


def test_names_and_whole_new_sentences_of_a_rewrite_need_a_source_too(in_workspace):
    plan = make_plan(in_workspace)
    page = Source(url="https://example.org/1", title="Barrels", description="", text="Skarv tested every barrel.")
    before = "A rain barrel collects the water of the roof. It needs a lid against leaves and insects."
    same = "However, a rain barrel also collects water from your roof. Its lid keeps leaves and insects out."
    name, told = "Professor Hansen says that a lid helps.", "A lid helps, as Skarv tested."
    made_up = "Doctors warn about stagnant puddles spreading malaria."

    found = new_statements(plan, before, f"{same} {name} {told} {made_up}", {1: page})

    assert found == [
        {"text": name, "source": None},
        {"text": told, "source": 1},
        {"text": made_up, "source": None},
    ]


def test_a_rewrite_in_malayalam_is_looked_at_too(in_workspace):
    plan = make_plan(in_workspace, language="ml")
    before = "മഴവെള്ളം ശേഖരിക്കാൻ ഒരു വീപ്പ മതി. വീപ്പയ്ക്ക് ഒരു മൂടി വേണം."
    made_up = "മാർപാപ്പയുടെ സന്ദർശനത്തിന് ശേഷം തിരുവനന്തപുരത്തെ കർഷകർ സമരം തുടങ്ങി."
    found = new_statements(plan, before, f"മഴവെള്ളം ശേഖരിക്കാൻ വീപ്പ മതി. {made_up}", {})
    assert found == [{"text": made_up, "source": None}]


def test_a_text_like_an_item_of_another_kind_is_told(in_workspace):
    item = make_item(in_workspace, text=told(PARAGRAPH * 2))
    plan = make_plan(in_workspace)
    assert twins_of(plan, f"{PARAGRAPH * 2} Indeed.") == [{"item": item.pk, "title": item.title}]
    assert findings({**SOUND, "twins": []}) == []
