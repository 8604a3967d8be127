"""Finding stories, plans and items: on the page, over the API, in the admin and in the lists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope

from apps.content.models import SearchEntry
from apps.content.search import matching, rebuild_if_empty, search
from apps.content.services import revise_item
from apps.content_plans.services import delete_plan, draft_of, edit_plan
from apps.workspaces.actors import SYSTEM
from tests.factories.content import make_item, make_text
from tests.factories.plans import make_plan
from tests.factories.stories import make_story
from tests.factories.workspaces import WorkspaceFactory

pytestmark = pytest.mark.django_db


def titles(typed: str, workspace, **options) -> list[tuple[str, str]]:
    return [
        (group.kind, "".join(piece.text for piece in hit.title))
        for group in search(typed, workspace=workspace, **options)
        for hit in group.hits
    ]


def test_stories_plans_and_items_are_found_together(in_workspace) -> None:
    make_story(in_workspace, title="The harbour at night", text="Nothing happened.")
    make_plan(in_workspace, title="A piece about harbours")
    make_item(in_workspace, text=make_text("Lights", hook="In the harbour."))
    make_story(in_workspace, title="Elsewhere", text="Inland.")
    assert titles("harbour", in_workspace) == [
        ("item", "Lights"),
        ("story", "The harbour at night"),
        ("plan", "A piece about harbours"),
    ]
    assert titles("harbour night", in_workspace, kinds=["story"]) == [("story", "The harbour at night")]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("വാര്\u200dത്ത", "കേരളത്തിലെ വാർത്തകൾ"),
        ("കേരളം", "കേരളത്തിലെ വാർത്തകൾ"),
        ("ക്ഷേ", "ക്ഷേത്രം"),
        ("हिंदी", "हिन्दी समाचार"),
        ("كتاب", "الكِتابُ الجديد"),
        ("ไทย", "ผมเรียนภาษาไทยทุกวัน"),
        ("大学", "我在京都大学学习"),
        ("CAFE", "Un café"),
    ],
)
def test_every_script_is_found_as_people_type_it(in_workspace, typed: str, title: str) -> None:
    make_item(in_workspace, text=make_text(title))
    make_item(in_workspace, text=make_text("Something else"))
    assert titles(typed, in_workspace) == [("item", title)]


def test_hits_in_titles_come_first_then_the_newest(in_workspace) -> None:
    for title, hook in (("Harbour one", ""), ("Quiet", "By the harbour."), ("Harbour two", "")):
        make_item(in_workspace, text=make_text(title, hook=hook))
    assert [title for _kind, title in titles("harb", in_workspace)] == ["Harbour two", "Harbour one", "Quiet"]
    assert [title for _kind, title in titles("harb", in_workspace, most=1)] == ["Harbour two"]
    assert search("harb", workspace=in_workspace, most=1)[0].total == 3


def test_a_change_is_found_at_once_and_what_it_replaced_no_more(in_workspace) -> None:
    item, plan = (
        make_item(in_workspace, text=make_text("Umbrella")),
        make_plan(in_workspace, title="Barrels", keyphrase=""),
    )
    revise_item(item=item, actor=SYSTEM, text=make_text("Parasol"), base=1)
    edit_plan(plan=plan, actor=SYSTEM, draft=replace(draft_of(plan), title="Tubs"))
    assert titles("umbrella", in_workspace) == titles("barrels", in_workspace) == []
    assert titles("parasol", in_workspace) == [("item", "Parasol")]
    assert titles("tubs", in_workspace) == [("plan", "Tubs")]
    delete_plan(plan=plan, actor=SYSTEM)
    assert titles("tubs", in_workspace) == []


def test_another_workspace_finds_nothing_of_it(in_workspace) -> None:
    make_item(in_workspace, text=make_text("Secret harbour"))
    other = WorkspaceFactory()
    with scope(workspace=other):
        assert search("harbour", workspace=other) == []
        assert list(matching("item", "harbour")) == []


def test_the_number_of_queries_does_not_grow(in_workspace) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            search("rain", workspace=in_workspace)
        return len(queries)

    for make in (make_plan, make_plan):
        make(in_workspace)
    make_item(in_workspace, text=make_text("Rain"))
    make_story(in_workspace, title="Rain")
    few = counted()
    for _n in range(4):
        make_plan(in_workspace)
        make_item(in_workspace, text=make_text("Rain"))
        make_story(in_workspace, title="Rain")
    assert counted() == few == 7


def test_what_was_there_before_the_search_is_found_too(in_workspace, capsys) -> None:
    make_item(in_workspace, text=make_text("Harbour"))
    make_story(in_workspace, title="Harbour story")
    SearchEntry._base_manager.all().delete()
    assert titles("harbour", in_workspace) == []
    rebuild_if_empty()
    assert titles("harbour", in_workspace) == [("item", "Harbour"), ("story", "Harbour story")]
    SearchEntry._base_manager.create(workspace=in_workspace, kind="item", object_id=999999, title="gone", words="gone")
    call_command("rebuild_search")
    assert capsys.readouterr().out.split("\n")[:3] == ["item: 1", "story: 1", "plan: 0"]
    assert not SearchEntry._base_manager.filter(object_id=999999).exists()


def test_a_very_long_text_is_found_by_what_it_begins_with(in_workspace) -> None:
    text = "".join(chr(0x4E00 + (number * 7919) % 20000) for number in range(60_000))
    make_item(in_workspace, text=make_text("Long", parts=1, hook=text))
    assert titles(text[:5], in_workspace) == [("item", "Long")]


def test_the_page_shows_hits_by_kind_and_marks_them(client, member, workspace) -> None:
    client.force_login(member("viewer"))
    with scope(workspace=workspace):
        item = make_item(workspace, text=make_text("<b>Harbour</b> വാർത്ത", hook="A long harbour night."))
        story = make_story(workspace, title="Another വാർത്ത")
    address = reverse("desk:search", args=[workspace.slug])
    page = client.get(address, {"q": "വാര്‍ത്ത"}).content.decode()
    assert f'href="/w/{workspace.slug}/items/{item.pk}/"' in page
    assert f'href="/w/{workspace.slug}/stories/?story={story.pk}"' in page
    assert "<mark>വാർത്ത</mark>" in page
    assert "<b>Harbour</b>" not in page
    assert 'data-search placeholder="Search"' in page
    part = client.get(address, {"q": "harb"}, headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
    assert "<html" not in part
    assert "<mark>harbour</mark>" in part
    assert "Nothing found" in client.get(address, {"q": "zebra"}).content.decode()
    story_page = client.get(reverse("desk:stories", args=[workspace.slug]), {"story": story.pk}).content.decode()
    assert "Another വാർത്ത" in story_page


def test_lists_find_by_the_same_words(client, member, workspace) -> None:
    client.force_login(member("owner"))
    with scope(workspace=workspace):
        make_item(workspace, text=make_text("Quiet", hook="വാർത്ത"))
        make_plan(workspace, title="Barrels", goal="വാർത്ത")
    for name in ("desk:items", "plans:plans"):
        found = client.get(reverse(name, args=[workspace.slug]), {"q": "വാര്‍ത്ത"}).content.decode()
        missed = client.get(reverse(name, args=[workspace.slug]), {"q": "zebra"}).content.decode()
        wanted = "Quiet" if name == "desk:items" else "Barrels"
        assert (wanted in found, wanted in missed) == (True, False), name


def test_editors_find_by_the_same_words_in_the_admin(client, member, workspace) -> None:
    client.force_login(member("owner"))
    with scope(workspace=workspace):
        make_item(workspace, text=make_text("Quiet", hook="വാർത്ത"))
        make_story(workspace, title="Loud", text="വാർത്ത വന്നു")
        make_plan(workspace, title="Barrels", goal="വാർത്ത")
    for model, wanted in (
        ("content_item", "Quiet"),
        ("stories_story", "Loud"),
        ("content_plans_contentplan", "Barrels"),
    ):
        address = reverse(f"admin:{model}_changelist")
        assert wanted in client.get(address, {"q": "വാര്‍ത്ത"}).content.decode(), model
        assert wanted not in client.get(address, {"q": "zebra"}).content.decode(), model


def test_programs_find_the_same(call, workspace) -> None:
    with scope(workspace=workspace):
        item = make_item(workspace, text=make_text("The harbour light", hook=""))
        make_plan(workspace, title="Harbours")
    ask = call("viewer")
    answer = ask("get", "/search?q=harb&kind=item").json()
    assert answer["groups"][0] == {
        "kind": "item",
        "total": 1,
        "hits": [
            {
                "id": item.pk,
                "title": "The harbour light",
                "state": "draft",
                "address": f"/w/{workspace.slug}/items/{item.pk}/",
                "title_pieces": [
                    {"text": "The ", "found": False},
                    {"text": "harbour", "found": True},
                    {"text": " light", "found": False},
                ],
                "excerpt": answer["groups"][0]["hits"][0]["excerpt"],
            }
        ],
    }
    assert [group["kind"] for group in ask("get", "/search?q=harb").json()["groups"]] == ["item", "plan"]
    assert ask("get", "/search?q=%F0%9F%98%82").json() == {"groups": []}
    assert ask("get", "/search").json() == {"groups": []}
    assert [row["id"] for row in ask("get", "/items/?search=harb").json()["items"]] == [item.pk]
