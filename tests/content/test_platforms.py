"""An item on its platforms: counted as the server counts, shown as people see it, with words of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.common.errors import Invalid
from apps.content.images import NewImage
from apps.content.likeness import closest
from apps.content.models import Item, Variant
from apps.content.previews import Piece, pieces_of, previews_of
from apps.content.queries import diff_to_previous
from apps.content.services import make_variants, revise_item, text_of
from apps.content.variants import NewVariant, own_variants
from apps.platforms.base import Draft
from apps.platforms.counting import counts_of
from apps.platforms.models import Account
from apps.platforms.registry import adapter, platforms
from apps.schedules.drafts import draft_of
from apps.workspaces.actors import SYSTEM
from tests.content.test_images import picture
from tests.factories.content import make_item, make_text
from tests.factories.templates import make_provider

LIGHT = "Nine days without power. One oil lamp. "
LINK = "https://harbour.org/a/very/long/address/that/counts/for/less"


def account(workspace, platform: str, **settings: str) -> Account:
    row = Account(workspace=workspace, platform=platform, name="Harbour", handle="harbour", credentials={})
    row.settings = settings
    row.save()
    return row


def fresh(item: Item) -> Item:
    return Item._base_manager.select_related("workspace", "current_revision", "approved_revision").get(pk=item.pk)


def seen(item: Item, own: list[NewVariant] | None = None) -> dict:
    item = fresh(item)
    text = text_of(item.current_revision)
    return {
        each.platform: each
        for each in previews_of(item, text, own_variants(item.current_revision) if own is None else own)
    }


def article(workspace, **fields) -> Item:
    return make_item(workspace, kind="plan", format="text", text=make_text(**fields))


DRAFTS = [
    Draft(text=f"{LIGHT}{LINK}", hashtags=("lighthouse",)),
    Draft(text="ക്ഷ്മി 👨‍👩‍👧‍👦 " * 30, hashtags=("മലയാളം",)),
    Draft(text="é" * 5000, title="T" * 301, hashtags=tuple(f"tag{n}" for n in range(70))),
    Draft(text="x" * 1025, pictures=("alt",) * 3),
]


@pytest.mark.parametrize("slug", sorted(platforms()))
@pytest.mark.parametrize("draft", DRAFTS, ids=["link", "clusters", "long", "pictures"])
def test_counter_says_too_long_exactly_where_the_platform_refuses(slug, draft):
    plug = adapter(slug)
    counts = counts_of(plug, draft)
    refused = " ".join(str(problem.message) for problem in plug.validate(draft))
    for count in counts:
        assert (str(count.length) in refused) >= count.over, (count, refused)
    if not any(count.over for count in counts):
        assert {problem.field for problem in plug.validate(draft)} <= {"video", "title", "pictures"}


def test_accounts_own_rule_counts(in_workspace):
    account(in_workspace, "mastodon", characters="100")
    item = article(in_workspace, description=LIGHT * 3, hashtags=[])
    assert [(each.length, each.most, each.over) for each in seen(item)["mastodon"].counts] == [(117, 100, True)]
    assert [problem.field for problem in seen(item)["mastodon"].problems] == ["text"]


def test_item_shows_each_platform_that_it_may_go_to(in_workspace):
    for platform in ("bluesky", "wordpress", "tiktok"):
        account(in_workspace, platform)
    item = article(in_workspace, description="Read it: https://harbour.org #light")
    shown = seen(item)
    assert sorted(shown) == ["bluesky", "wordpress"]  # a text for reading cannot go where only films go
    assert Piece("link", "https://harbour.org") in shown["bluesky"].pieces
    assert Piece("hashtag", "#light") in shown["bluesky"].pieces
    assert "Night 1 began." in shown["wordpress"].html  # a site takes the article, not its description
    assert sorted(seen(make_item(in_workspace))) == ["bluesky", "tiktok", "wordpress"]


def test_images_that_will_not_be_in_the_post_are_not_shown_in_it(client, in_workspace, member):
    account(in_workspace, "bluesky")
    account(in_workspace, "telegram")
    item = make_item(in_workspace)
    revise_item(item=item, actor=SYSTEM, base=1, images=[NewImage(picture(), f"Wave {n}") for n in range(5)])
    shown = seen(item)
    assert [str(each.message) for each in shown["bluesky"].left_out] == [
        "Bluesky shows no images beside a video: 5 images are left out."
    ]
    assert (len(shown["bluesky"].pictures), len(shown["telegram"].pictures)) == (0, 5)
    client.force_login(member("editor"))
    page = client.get(reverse("desk:item", args=[in_workspace.slug, item.pk])).content.decode()
    assert ("5 images are left out." in page, "and 1 more image" in page) == (True, True)
    assert page.count('alt="Wave') == 5 + 4  # the version has them all


def test_platform_folds_long_texts_where_people_press_more(in_workspace):
    account(in_workspace, "tiktok")
    shown = seen(make_item(in_workspace, text=make_text(description=LIGHT * 5)))["tiktok"]
    assert shown.folded
    assert len("".join(piece.text for piece in shown.pieces)) <= adapter("tiktok").fold
    assert shown.said.startswith("".join(piece.text for piece in shown.pieces))


@pytest.mark.parametrize("text", ["", LIGHT, f"#a {LINK} @b.c #മലയാളം", "harbour.org and a@b.org"])
def test_pieces_of_a_text_are_the_text(text):
    for bare in (False, True):
        assert "".join(piece.text for piece in pieces_of(text, bare_links=bare)) == text


def test_own_words_stay_with_the_next_version_and_the_others_follow_it(in_workspace, actor):
    writer = actor("editor")
    item = make_item(in_workspace, text=make_text(description="First."))
    make_variants(revision=item.current_revision, platform="bluesky")
    revise_item(item=item, actor=writer, base=1, variants=[NewVariant("feed", "Only here.", ["one"])])
    text = make_text(description="Second.")
    second = revise_item(item=fresh(item), actor=writer, base=2, text=text)
    assert own_variants(second) == [NewVariant("feed", "Only here.", ["one"], "", 1)]
    assert [each.text for each in make_variants(revision=second, platform="bluesky")] == ["Second."]
    third = revise_item(item=fresh(item), actor=writer, base=3, variants=[])
    assert Variant._base_manager.filter(revision=third).count() == 0
    assert [label for label, _changes in diff_to_previous(third)] == ["Feed"]


def test_words_for_a_platform_that_is_none_are_refused(in_workspace, actor):
    item = make_item(in_workspace)
    with pytest.raises(Invalid) as refusal:
        revise_item(item=item, actor=actor("editor"), base=1, variants=[NewVariant("myspace", "Hello.")])
    assert list(refusal.value.details) == ["variants"]


def test_shared_link_travels_with_the_version_to_the_platform(in_workspace, actor):
    item = article(in_workspace, card={"title": "Nine nights", "description": "", "picture": None})
    assert item.current_revision.card == {"title": "Nine nights"}
    second = revise_item(item=item, actor=actor("editor"), base=1, text=make_text(description="New."))
    assert second.card == {"title": "Nine nights"}  # a text without one keeps it
    variant = make_variants(revision=second, platform="feed")[0]
    assert draft_of(variant, language="en", video=None).card.title == "Nine nights"


def test_editor_counts_and_shows_what_is_typed_without_saving_it(client, in_workspace, member):
    account(in_workspace, "x")
    item = article(in_workspace)
    client.force_login(member("editor"))
    address = reverse("desk:item-check", args=[in_workspace.slug, item.pk])
    typed = {
        "title": "T",
        "part_text": "Body.",
        "part_title": "",
        "description": f"{'a' * 250} {LINK}",
        "hashtags": "#ab",
    }
    page = client.post(address, typed).content.decode()
    assert (
        '<span class="pv-count close" data-count="text"><b>279</b> / 280' in page
    )  # a link counts 23, whatever its length
    page = client.post(address, {**typed, "own": "x", "text-x-1": "b" * 281, "tags-x-1": ""}).content.decode()
    assert '<span class="pv-count over" data-count="text"><b>281</b> / 280' in page
    assert fresh(item).current_revision.number == 1


def test_editor_saves_words_and_shared_link(client, in_workspace, member):
    account(in_workspace, "bluesky")
    item = article(in_workspace)
    client.force_login(member("editor"))
    address = reverse("desk:item-edit", args=[in_workspace.slug, item.pk])
    assert "Write it differently for Bluesky" in client.get(address).content.decode()
    typed = {
        "base": "1",
        "title": "The light",
        "part_title": "",
        "part_text": "Body.",
        "description": "For all.",
        "hashtags": "#all",
        "card_title": "Shared",
        "card_description": "",
        "own": "bluesky",
        "text-bluesky-1": "Only blue.",
        "tags-bluesky-1": "#blue",
        "title-bluesky-1": "",
    }
    assert client.post(address, typed).status_code == 302
    revision = fresh(item).current_revision
    assert own_variants(revision) == [NewVariant("bluesky", "Only blue.", ["blue"], "", 1)]
    assert (revision.description, revision.card) == ("For all.", {"title": "Shared"})


def test_closest_items_are_named_with_the_share_of_the_wording(in_workspace):
    old = make_item(
        in_workspace, text=make_text("Old", description=f"{LIGHT * 2}The boat came home past the rocks at night.")
    )
    make_item(in_workspace, text=make_text("Other", hook="", description="Forty letters in a shop of flowers."))
    near = closest(in_workspace, f"{LIGHT * 2}The boat came home past the rocks at night. Nobody knew.")
    assert [(each.item, each.is_alarming) for each in near] == [(old.pk, True)]
    assert closest(in_workspace, old.current_revision.told, ignore=old.pk) == []
    assert closest(in_workspace, "Too short to tell.") == []


def test_item_page_takes_the_same_number_of_queries_for_any_number_of_platforms(client, in_workspace, member):
    item = article(in_workspace)
    client.force_login(member("editor"))
    address = reverse("desk:item", args=[in_workspace.slug, item.pk])
    client.get(address)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    account(in_workspace, "bluesky")
    one = queries()
    for platform in ("mastodon", "x", "telegram", "discord", "wordpress", "webhook"):
        account(in_workspace, platform)
    assert queries() == one


def test_api_tells_what_fits_and_takes_words_for_platforms(call, in_workspace):
    account(in_workspace, "x")
    item = article(in_workspace, description="b" * 300)
    found = call("editor")("get", f"/items/{item.pk}").json()
    assert [(each["platform"], each["own"], each["counts"][0]) for each in found["platforms"]] == [
        ("x", False, {"name": "text", "length": 310, "most": 280})
    ]
    body = {
        "base": 1,
        "title": "T",
        "parts": [{"text": "Body."}],
        "card": {"title": "Shared"},
        "variants": [{"platform": "x", "text": "Short.", "hashtags": ["light"]}],
    }
    saved = call("editor")("post", f"/items/{item.pk}/revisions", body)
    assert saved.status_code == 201
    assert saved.json()["current"]["variants"] == [
        {"platform": "x", "part": 1, "title": "T", "text": "Short.", "hashtags": ["light"]}
    ]
    assert (saved.json()["current"]["card"]["title"], saved.json()["platforms"][0]["problems"]) == ("Shared", [])


def two_parts(workspace) -> Item:
    text = make_text(description="For both.", hashtags=[])
    parts = [{"title": "Light, 1 of 2", "text": "Night one."}, {"title": "Light, 2 of 2", "text": "Night two."}]
    return make_item(workspace, text=replace(text, parts=parts))


def test_each_part_has_words_and_counts_of_its_own(client, in_workspace, member):
    account(in_workspace, "bluesky")
    item = two_parts(in_workspace)
    client.force_login(member("editor"))
    address = reverse("desk:item-edit", args=[in_workspace.slug, item.pk])
    html = client.get(address).content.decode()
    assert 'name="text-bluesky-1"' in html
    assert 'name="text-bluesky-2"' in html
    assert "part 2 of 2" in html
    typed = {
        "base": "1", "title": "The light", "description": "For both.", "hashtags": "",
        "part_title": ["Light, 1 of 2", "Light, 2 of 2"], "part_text": ["Night one.", "Night two."],
        "own": "bluesky", "text-bluesky-1": "For both.", "text-bluesky-2": "Only the second.",
    }  # fmt: skip
    assert client.post(address, typed).status_code == 302
    assert own_variants(fresh(item).current_revision) == [NewVariant("bluesky", "Only the second.", [], "", 2)]
    seen_now = seen(item)["bluesky"]
    assert [each.said for each in seen_now.parts] == ["For both.", "Only the second."]
    assert (seen_now.is_own, seen_now.own, seen_now.rest[0].own.part) == (True, None, 2)
    page = client.get(reverse("desk:item", args=[in_workspace.slug, item.pk])).content.decode()
    assert "Only the second." in page


def test_api_tells_of_each_part_and_has_words_for_one_written(call, in_workspace):
    account(in_workspace, "x")
    item = two_parts(in_workspace)
    found = call("editor")("get", f"/items/{item.pk}").json()["platforms"][0]
    assert [(each["part"], each["text"], each["own"]) for each in found["parts"]] == [
        (1, "For both.", False),
        (2, "For both.", False),
    ]
    made = call("editor")("post", f"/items/{item.pk}/suggestions", {"platform": "x", "part": 2})
    assert made.status_code == 200
    assert (made.json()["text"], made.json()["engine"], made.json()["title"]) == (
        "Night two.", "extractive", "Light, 2 of 2"
    )  # fmt: skip
    assert fresh(item).current_revision.number == 1
    for wrong in ({"platform": "x", "part": 3}, {"platform": "myspace"}):
        assert call("editor")("post", f"/items/{item.pk}/suggestions", wrong).status_code == 404
    assert call("viewer")("post", f"/items/{item.pk}/suggestions", {"platform": "x"}).status_code == 403
    make_provider(in_workspace, base_url="http://127.0.0.1:9/v1", model="gpt-5-mini")
    silent = call("editor")("post", f"/items/{item.pk}/suggestions", {"platform": "x"})
    assert (silent.status_code, silent.json()["detail"]) == (409, "127.0.0.1 is not a public address.")


def test_system_keeps_what_people_wrote_for_a_platform(in_workspace):
    item = make_item(in_workspace)
    revise_item(item=item, actor=SYSTEM, base=1, variants=[NewVariant("feed", "Mine.")])
    revision = fresh(item).current_revision
    assert [each.text for each in make_variants(revision=revision, platform="feed")] == ["Mine."]
