"""Words for one platform, written by a model or put together from the text: offered, never saved by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from apps.content.images import KeptImage, NewImage, describe_first, images_of
from apps.content.models import Item, Revision, Variant
from apps.content.provenance import alt_of
from apps.content.services import revise_item, text_of
from apps.content.voice import change_brand_voice
from apps.content.writing import Source, link_of, suggest, write_for
from apps.platforms.registry import adapter
from apps.templates.models import Generation
from tests.content.test_images import picture
from tests.content.test_platforms import account, fresh
from tests.factories.content import make_item, make_text

LINK = "https://harbour.org/lamp"
BODY = "# The lamp\n\nThe **old lamp** burned for eleven years. " + "Nobody knew who lit it. " * 30


def article(workspace, body: str) -> Item:
    text = replace(make_text(), parts=[{"title": "", "text": body}])
    return make_item(workspace, kind="plan", format="text", text=text)


def offered(client, member, item: Item, role: str = "editor", **more):
    client.force_login(member(role))
    text = text_of(item.current_revision)
    form = {"title": text.title, "part_title": "", "part_text": text.parts[0]["text"], "platform": "bluesky", **more}
    return client.post(reverse("desk:item-write", args=[item.workspace.slug, item.pk]), form)


def test_words_come_into_the_form_and_nothing_is_saved(client, in_workspace, member):
    account(in_workspace, "bluesky")
    item = article(in_workspace, BODY)
    html = offered(client, member, item, own="bluesky", **{"text-bluesky-1": "Mine."}).content.decode()
    assert "No model is connected" in html
    assert "It is in the fields below and not saved yet." in html
    assert 'value="bluesky" checked' in html
    assert "The old lamp burned for eleven years. Nobody knew who lit it." in html
    assert "Mine." in html
    assert "<b>" in html
    assert " over" not in html
    assert (Variant.objects.count(), Revision.objects.filter(item=item).count()) == (0, 1)
    assert Generation.objects.get(kind="variant").subject == f"content.item:{item.pk}"


def test_another_one_is_asked_for_anew(client, in_workspace, member):
    account(in_workspace, "bluesky")
    item = article(in_workspace, BODY)
    offered(client, member, item)
    offered(client, member, item)
    offered(client, member, item, fresh="1")
    reused = list(Generation.objects.order_by("pk").values_list("reused", flat=True))
    assert [each is None for each in reused] == [True, False, True]


def test_what_cannot_be_written_says_why_and_keeps_what_stood_there(client, in_workspace, member):
    account(in_workspace, "bluesky")
    item = article(in_workspace, BODY)
    response = offered(client, member, item, part_text=" ", own="bluesky", **{"text-bluesky-1": "Mine."})
    html = response.content.decode()
    assert 'class="note note-bad" role="alert"' in html
    assert ">\nMine.</textarea>" in html


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("approver", 403), ("editor", 200)])
def test_only_those_who_write_have_words_written(client, in_workspace, member, role, status):
    account(in_workspace, "bluesky")
    assert offered(client, member, article(in_workspace, BODY), role).status_code == status


def test_link_counts_and_stays_when_the_text_is_too_long():
    asked = []

    def ask(kind, variables):
        asked.append(variables)
        return {
            "title": "",
            "text": f"{'One lamp burned. ' * 40}\n\n{LINK}",
            "hashtags": ["lamp"],
            "alt_text": " A lamp ",
        }

    plug = adapter("bluesky")
    made = write_for(plug, Source("The lamp", "Text.", (), "en", link=LINK), ask)
    assert [each["link"] for each in asked] == [LINK, LINK]
    assert asked[1]["limit"] < asked[0]["limit"] == 300
    assert made.text.endswith(f"One lamp burned.\n\n{LINK}")
    assert 250 < len(made.text) <= 300
    assert (made.title, made.alt) == ("The lamp", "A lamp")


def test_piece_with_a_source_is_linked_to(in_workspace, actor):
    item = make_item(in_workspace, text=make_text())
    assert link_of(item) == ""
    item.source_url = LINK
    assert link_of(item) == LINK
    found = suggest(item=item, text=text_of(item.current_revision), plug=adapter("x"), actor=actor("editor"))
    assert found.prepared.text.endswith(LINK)


def test_models_words_describe_an_image_that_has_none_and_replace_nobodys(in_workspace, actor):
    item = article(in_workspace, BODY)
    answer = {"title": "", "text": "A lamp.", "hashtags": [], "alt_text": "An old lamp on a cliff"}
    made = suggest(item=item, text=text_of(item.current_revision), plug=adapter("x"), actor=actor("editor"))
    Generation._base_manager.filter(pk=made.generation.pk).update(data=answer)
    assert alt_of(item) == "An old lamp on a cliff"
    revise_item(item=item, actor=actor("editor"), base=1, images=[NewImage(picture())])
    item = fresh(item)
    (image,) = images_of(item.current_revision_id)
    assert image.alt == "An old lamp on a cliff"
    mine = [KeptImage(image.pk, "Grandfather's lamp")]
    revision = revise_item(item=item, actor=actor("editor"), base=2, images=mine)
    describe_first(revision, "A lamp")
    assert [each.alt for each in images_of(revision.pk)] == ["Grandfather's lamp"]


def test_article_is_shown_as_it_reads_with_banned_phrases_marked(client, in_workspace, member, actor):
    change_brand_voice(workspace=in_workspace, actor=actor("owner"), banned=["old lamp"])
    body = "# Top\n\nAn *old lamp* & <script>alert(1)</script>\n\n![A wharf](https://x.example/w.png)\n\n- one\n- two"
    item = article(in_workspace, body)
    client.force_login(member("viewer"))
    html = client.get(reverse("desk:item", args=[in_workspace.slug, item.pk])).content.decode()
    assert "<h3>Top</h3>" in html
    assert (
        '<em><mark class="banned" title="A banned phrase: old lamp">old lamp</mark></em> &amp; &lt;script&gt;' in html
    )
    assert "x.example" not in html.split('id="platforms"')[0]
    assert "[Picture: A wharf]" in html
    assert "<li>one</li>" in html
