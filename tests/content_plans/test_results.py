"""What became of a plan: on its page, over the API and in the admin, with the buttons that lead there."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from apps.content.models import Item
from apps.content_plans.models import ContentPlan, Round
from apps.schedules.models import Post
from tests.content.conftest import call  # noqa: F401  a fixture
from tests.content_plans.test_pages import address, enter  # noqa: F401  a fixture
from tests.factories.analytics import make_published, make_reading
from tests.factories.content import make_item
from tests.factories.plans import make_plan, make_round
from tests.factories.schedules import ready_item


def published_plan(workspace) -> tuple[ContentPlan, Post]:
    """A plan with a post that is three hours old and was read after one."""
    post = make_published(workspace, hours=3)
    plan = make_plan(workspace, state="ready", item=post.item)
    Post.objects.filter(pk=post.pk).update(url="https://feed.example/rain")
    make_reading(post, counts={"views": 1234}, read_at=timezone.now() - timedelta(hours=2))
    return plan, post


def test_the_page_shows_the_post_with_its_numbers_and_their_age(in_workspace, enter):  # noqa: F811
    plan, post = published_plan(in_workspace)
    html = enter("viewer").get(address(in_workspace, "plan", plan.pk)).content.decode()
    for shown in (post.account.name, "<strong>1,234</strong> views", "after 1 hour", "https://feed.example/rain"):
        assert shown in html


def test_a_post_that_did_not_go_out_is_what_comes_next(in_workspace, enter):  # noqa: F811
    plan, post = published_plan(in_workspace)
    Item.objects.filter(pk=post.item_id).update(state="scheduled")
    client, page = enter(), address(in_workspace, "plan", plan.pk)
    assert "On the schedule." in client.get(page).content.decode()
    Post.objects.filter(pk=post.pk).update(state="rejected")
    html = client.get(page).content.decode()
    assert ("1 post did not go out." in html, "On the schedule." in html) == (True, False)


def test_a_program_reads_the_results(in_workspace, call):  # noqa: F811
    plan, post = published_plan(in_workspace)
    [found] = call()("get", f"/plans/{plan.pk}/results").json()
    assert (found["post"], found["platform"], found["state"], found["url"]) == (
        post.pk, "feed", "published", "https://feed.example/rain",
    )  # fmt: skip
    [reading] = found["readings"]
    assert (reading["hours"], reading["counts"], reading["gone"]) == (1, {"views": 1234}, False)
    assert round(reading["age_seconds"] / 3600) == 1


def test_posts_of_an_earlier_item_stay_on_the_plan(in_workspace, enter):  # noqa: F811
    plan, post = published_plan(in_workspace)
    make_round(plan, item=post.item)
    ContentPlan.objects.filter(pk=plan.pk).update(item=make_item(in_workspace))
    assert post.account.name in enter().get(address(in_workspace, "plan", plan.pk)).content.decode()


def test_what_is_approved_leads_to_the_schedule_with_the_item_chosen(in_workspace, enter):  # noqa: F811
    item, other = ready_item(in_workspace, title="Barrels"), ready_item(in_workspace, title="Tubs")
    account = published_plan(in_workspace)[1].account
    plan = make_plan(in_workspace, state="ready", item=item, accounts=(account.pk,))
    client = enter("owner")
    link = f"{reverse('desk:schedule', args=[in_workspace.slug])}?item={item.pk}&amp;on={account.pk}#add"
    assert link in client.get(address(in_workspace, "plan", plan.pk)).content.decode()
    html = client.get(link.replace("&amp;", "&")).content.decode()
    assert f'name="item" value="{item.pk}" checked' in html
    assert f'name="item" value="{other.pk}" checked' not in html
    assert f'<option value="{account.pk}" selected>' in html


def test_a_sound_text_is_approved_on_the_plan_and_one_with_findings_is_sent_to_its_review(in_workspace, enter):  # noqa: F811
    item = make_item(in_workspace, kind="plan", format="text", state="in_review")
    plan = make_plan(in_workspace, state="ready", item=item)
    taken = make_round(plan, markdown=item.current_revision.body)
    ContentPlan.objects.filter(pk=plan.pk).update(round=taken)
    client, page = enter("approver"), address(in_workspace, "plan", plan.pk)
    assert 'value="approve"' in client.get(page).content.decode()
    Round.objects.filter(pk=taken.pk).update(integrity={**taken.integrity, "unsourced": ["It is cheap."]})
    html = client.get(page).content.decode()
    assert ('value="approve"' in html, "1 finding wants a look" in html) == (False, True)
    Round.objects.filter(pk=taken.pk).update(integrity=taken.integrity)
    form = {"revision": "1", "verdict": "approve", "next": page}
    answer = client.post(reverse("desk:item-decide", args=[in_workspace.slug, item.pk]), form)
    item.refresh_from_db()
    assert (answer.url, item.state) == (page, "approved")
    assert f'href="{page}"' in client.get(reverse("desk:item", args=[in_workspace.slug, item.pk])).content.decode()


def test_the_plan_says_who_wants_what_changed(in_workspace, enter):  # noqa: F811
    plan = make_plan(in_workspace, state="ready", item=make_item(in_workspace, kind="plan", state="in_review"))
    client, page = enter("approver"), address(in_workspace, "plan", plan.pk)
    form = {"revision": "1", "verdict": "request_changes", "comment": "Name the <b>river</b>."}
    client.post(reverse("desk:item-decide", args=[in_workspace.slug, plan.item_id]), form)
    assert "“Name the &lt;b&gt;river&lt;/b&gt;.”" in client.get(page).content.decode()
