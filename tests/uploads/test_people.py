"""What a platform leaves to people: who is asked, what they see, and what their word does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import travel

from apps.common.errors import Invalid
from apps.content.models import Asset, Variant
from apps.lifecycle.models import Event
from apps.platforms.models import Account
from apps.schedules.dispatcher import Dispatcher
from apps.schedules.models import Post, Waiting
from apps.schedules.services import cancel_post
from apps.uploads import by_hand, dead_letters, queries
from apps.uploads.models import Attempt, Evidence
from apps.uploads.problems import explain
from apps.uploads.services import publish_post, report_published
from apps.workspaces.actors import Actor
from tests.factories.schedules import posts_for
from tests.factories.workspaces import add_person
from tests.uploads.studio import StudioPlatform

ONLINE = "https://studio.example/v/99"
WORDS = "Rain all night.\n\n#storytime"


def fresh(post: Post) -> Post:
    return Post._base_manager.select_related("workspace", "account", "item", "variant").get(pk=post.pk)


def editor(post: Post) -> Actor:
    return Actor.of(add_person(post.workspace, "editor"))


def signed_in(workspace, role: str = "editor") -> Client:
    client = Client()
    client.force_login(add_person(workspace, role, is_staff=True))
    return client


# --- When a person is asked -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("captcha", "captcha"),
        ("login", "login_wall"),
        ("changed_page", "changed_page"),
        ("too_fast", "too_fast"),
        ("upload_error", "upload_error"),
        ("whatever", "needs_person"),
    ],
)
def test_a_platform_that_wants_a_person_gets_one_at_once(studio_account, reason, code):
    account = studio_account(does=reason)
    [post] = posts_for(account, title="Wall")
    assert publish_post(post_id=post.pk) == "needs_human"
    post, account = fresh(post), Account.objects.get(pk=account.pk)
    assert (post.error["code"], post.error["message"], post.tries) == (code, "The platform shows a puzzle.", 0)
    assert post.error["hint"]
    assert not post.maybe_online
    assert StudioPlatform.calls == ["check", "Wall"]
    assert account.state == ("needs_login" if reason == "login" else "active")
    assert (account.hold_until is not None) == (reason in ("captcha", "too_fast"))


def test_after_a_puzzle_the_other_posts_of_the_account_stay_away_for_an_hour(puzzled):
    [other] = posts_for(puzzled.account, title="Other")
    assert publish_post(post_id=other.pk) == "scheduled"
    other = fresh(other)
    assert other.waiting_for == Waiting.PLATFORM
    assert timedelta(minutes=59) < other.wake_at - timezone.now() < timedelta(minutes=61)


def test_an_account_that_a_person_posts_to_is_never_called(studio_account):
    [post] = posts_for(studio_account(by_hand=True), title="Mine")
    assert publish_post(post_id=post.pk) == "needs_human"
    assert (fresh(post).error["code"], StudioPlatform.calls) == ("by_hand", [])
    assert [attempt.intent_at for attempt in Attempt.objects.filter(post=post)] == [None]


def test_a_person_who_posts_by_hand_needs_no_login_of_ours(studio_account):
    account = studio_account(by_hand=True)
    [post] = posts_for(account, title="Mine")
    Account.objects.filter(pk=account.pk).update(state="needs_login")
    handed: list[tuple[int, int]] = []
    Dispatcher(handed.extend).turn()
    assert handed == [(post.workspace_id, post.pk)]
    assert publish_post(post_id=post.pk) == "needs_human"
    assert (fresh(post).error["code"], StudioPlatform.calls) == ("by_hand", [])


def test_a_login_that_is_gone_is_noticed_before_anything_is_sent(studio_account):
    account = studio_account()
    Account.objects.filter(pk=account.pk).update(settings={"login": "gone"})
    [post] = posts_for(account, title="Late login")
    assert publish_post(post_id=post.pk) == "scheduled"
    post = fresh(post)
    assert (post.waiting_for, post.error["code"]) == (Waiting.PAUSE, "needs_login")
    page = signed_in(post.workspace).get(f"/w/{post.workspace.slug}/posts/{post.pk}/").content.decode()
    assert ("The post waits until the account goes on" in page, "Publishing is paused" in page) == (True, False)
    assert StudioPlatform.calls == ["check"]
    assert Account.objects.get(pk=account.pk).state == "needs_login"
    assert [attempt.intent_at for attempt in Attempt.objects.filter(post=post)] == [None]


def test_what_may_be_online_says_so(studio_account):
    [post] = posts_for(studio_account(does="lose"), title="Lost")
    assert publish_post(post_id=post.pk) == "unknown"
    Post.objects.filter(pk=post.pk).update(wake_at=timezone.now())
    assert publish_post(post_id=post.pk) == "needs_human"
    post = fresh(post)
    assert (explain(post)["code"], post.maybe_online) == ("no_way_to_ask", True)
    page = signed_in(post.workspace).get(f"/w/{post.workspace.slug}/by-hand/{post.pk}/").content.decode()
    assert "Is it online?" in page
    assert "Look at the account" in page


def test_a_post_that_a_timeout_brought_to_rest_wakes_nobody_again(puzzled):
    Post.objects.filter(pk=puzzled.pk).update(wake_at=timezone.now())
    assert publish_post(post_id=puzzled.pk) == "needs_human"
    assert fresh(puzzled).wake_at is None


def test_who_has_solved_the_puzzle_sends_it_again_without_waiting(puzzled):
    Account.objects.filter(pk=puzzled.account_id).update(settings={})
    dead_letters.replay(post=puzzled, actor=editor(puzzled))
    assert publish_post(post_id=puzzled.pk) == "published"


def test_a_wait_that_the_platform_asked_for_holds_for_what_is_sent_again_too(puzzled):
    later = timezone.now() + timedelta(hours=3)
    Account.objects.filter(pk=puzzled.account_id).update(settings={}, hold_until=later)
    dead_letters.replay(post=puzzled, actor=editor(puzzled))
    Post.objects.filter(pk=puzzled.pk).update(wake_at=timezone.now())
    assert publish_post(post_id=puzzled.pk) == "scheduled"
    assert fresh(puzzled).wake_at == later


def test_a_bug_in_a_login_check_is_tried_again_and_then_shown(studio_account, monkeypatch):
    account = studio_account()
    monkeypatch.setattr(StudioPlatform, "check", lambda self, connection: {}["nothing"])
    post = fail(account, "Bug")
    assert (post.state, post.error["code"], post.error["said"]) == ("needs_human", "bug", "KeyError: 'nothing'")
    assert [attempt.intent_at for attempt in Attempt.objects.filter(post=post)] == [None] * 3


# --- What is kept of it -----------------------------------------------------------------------------------------------
def test_a_screenshot_is_kept_for_those_who_may_publish(puzzled):
    picture, text = Evidence.objects.order_by("pk")
    assert (picture.name, picture.content_type, picture.bytes) == ("The page as it was", "image/png", 72)
    with text.file.open() as file:
        assert file.read() == "Bearer ••• and more".encode()
    address = f"/w/{puzzled.workspace.slug}/evidence/{picture.pk}/"
    answer = signed_in(puzzled.workspace).get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert signed_in(puzzled.workspace, "viewer").get(address).status_code == 403
    for path in ("posts", "by-hand"):
        page = f"/w/{puzzled.workspace.slug}/{path}/{puzzled.pk}/"
        assert address in signed_in(puzzled.workspace).get(page).content.decode()
        assert address not in signed_in(puzzled.workspace, "viewer").get(page).content.decode()


def test_old_evidence_goes_with_its_file(puzzled, django_capture_on_commit_callbacks):
    from apps.uploads import retention

    file = Evidence.objects.first().file
    assert retention.clean() == {"evidence": 0, "notices": 0}
    Evidence.objects.update(created_at=timezone.now() - retention.EVIDENCE_KEPT - timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.clean() == {"evidence": 2, "notices": 0}
    assert not file.storage.exists(file.name)


def test_progress_is_told_now_and_then_and_stands_on_the_attempt(studio_account):
    [post] = posts_for(studio_account(), title="Long")
    assert publish_post(post_id=post.pk) == "published"
    told = Event.objects.filter(type="upload.progress", subject=f"schedules.post:{post.pk}").order_by("seq")
    percents = [event.data["percent"] for event in told]
    assert percents == sorted(percents)
    assert (percents[-1], 10 <= len(percents) <= 21) == (100, True)
    assert Attempt.objects.get(post=post).percent == 100


# --- What a person does -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "web address"),
        ("studio.example/v/9", "web address"),
        ("javascript:alert(1)", "web address"),
        ("https://elsewhere.example/v/9", "studio.example"),
        ("https://notstudio.example/v/9", "studio.example"),
        ("https://studio.example/" + "x" * 1000, "too long"),
    ],
)
def test_a_link_that_cannot_be_the_post_is_refused(puzzled, url, reason):
    with pytest.raises(Invalid) as refused:
        by_hand.report_posted(post=puzzled, actor=editor(puzzled), url=url)
    assert reason in refused.value.details["url"][0]
    assert fresh(puzzled).state == "needs_human"


def test_the_word_of_a_person_publishes_it_once_and_for_all(puzzled):
    person = editor(puzzled)
    by_hand.report_posted(post=puzzled, actor=person, url=f" {ONLINE} ")
    by_hand.report_posted(post=fresh(puzzled), actor=person, url=ONLINE)
    post = fresh(puzzled)
    assert (post.state, post.url, post.item.state) == ("published", ONLINE, "published")
    reports = Event.objects.filter(type="post.state", data__action="report_published")
    assert [event.data["url"] for event in reports] == [ONLINE]


def test_the_page_gives_the_words_and_takes_the_link(puzzled):
    client, address = signed_in(puzzled.workspace), f"/w/{puzzled.workspace.slug}/by-hand/{puzzled.pk}/"
    page = client.get(address).content.decode()
    for words in ("Puzzle", "The platform shows a puzzle.", "https://studio.example/upload", 'data-copy="#kit-text"'):
        assert words in page
    # The studio has a caption and no title beside it.
    assert "kit-title" not in page
    wrong = client.post(address, {"url": "https://elsewhere.example/1"})
    assert (wrong.status_code, "https://elsewhere.example/1" in wrong.content.decode()) == (422, True)
    right = client.post(address, {"url": ONLINE})
    assert right["Location"] == f"/w/{puzzled.workspace.slug}/posts/{puzzled.pk}/"
    assert fresh(puzzled).state == "published"
    assert client.get(address).status_code == 302


def test_the_api_lists_reads_and_takes_the_link(puzzled):
    client = signed_in(puzzled.workspace)
    [shown] = client.get("/api/v1/manual-uploads/").json()["items"]
    assert (shown["id"], shown["problem"]["code"], shown["maybe_online"]) == (puzzled.pk, "captcha", False)
    kit = client.get(f"/api/v1/manual-uploads/{puzzled.pk}").json()
    assert (kit["text"], kit["upload_page"], kit["files"]) == (WORDS, "https://studio.example/upload", [])
    send = {"data": {"url": ONLINE}, "content_type": "application/json", "headers": {"Idempotency-Key": "once"}}
    answers = [client.post(f"/api/v1/manual-uploads/{puzzled.pk}", **send).json() for _ in range(2)]
    assert [(each["state"], each["url"]) for each in answers] == [("published", ONLINE)] * 2
    bad = client.post(
        f"/api/v1/manual-uploads/{puzzled.pk}", {"url": "https://x.example/"}, content_type="application/json"
    )
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid")
    [attempt] = client.get(f"/api/v1/schedule/posts/{puzzled.pk}/attempts").json()
    assert (attempt["outcome"], attempt["percent"], attempt["error"]["code"]) == ("failed", 100, "captcha")
    assert [each["name"] for each in attempt["evidence"]] == ["The page as it was", "Its text"]
    assert attempt["seconds"] >= 0


# --- What failed for good ---------------------------------------------------------------------------------------------
def fail(account: Account, title: str, **more) -> Post:
    [post] = posts_for(account, title=title, **more)
    while publish_post(post_id=post.pk) == "scheduled":
        Post.objects.filter(pk=post.pk).update(wake_at=timezone.now(), not_before=timezone.now())
    return fresh(post)


def test_what_failed_for_good_is_listed_by_cause(studio_account):
    refused = fail(studio_account(does="refuse"), "Refused")
    tired = fail(studio_account(does="pass"), "Tired")
    puzzle = fail(studio_account(does="captcha"), "Puzzle")
    client = signed_in(refused.workspace)
    listed = client.get("/api/v1/dead-letters/").json()["items"]
    assert [(each["title"], each["problem"]["code"]) for each in listed] == [
        ("Tired", "adapter_error"),
        ("Refused", "refused"),
    ]
    assert [each["id"] for each in client.get("/api/v1/dead-letters/?cause=refused").json()["items"]] == [refused.pk]
    assert "not tried again by itself" in tired.error["hint"]
    assert (tired.state, tired.tries, Attempt.objects.filter(post=tired).count()) == ("needs_human", 3, 3)
    assert [post.pk for post in queries.by_hand()] == [tired.pk, puzzle.pk]
    page = client.get(f"/w/{refused.workspace.slug}/attention/?list=failed").content.decode()
    Post.objects.filter(pk__in=[tired.pk, puzzle.pk]).update(state="published", wake_at=None)
    opened = client.get(f"/w/{refused.workspace.slug}/attention/")
    assert opened.context["list"] == "failed", "the first list with anything in it"
    assert ("Refused" in page, "The sound is not allowed here." in page) == (True, True)
    codes = [each["code"] for each in client.get("/api/v1/schedule/problems").json()]
    assert {"refused", "captcha", "adapter_error"} <= set(codes)


def test_a_replay_keeps_the_history_and_counts_anew(studio_account):
    account = studio_account(does="pass")
    post = fail(account, "Tired")
    client = signed_in(post.workspace)
    assert client.post(f"/api/v1/dead-letters/{post.pk}/replay").json()["tries"] == 0
    while publish_post(post_id=post.pk) == "scheduled":
        Post.objects.filter(pk=post.pk).update(wake_at=timezone.now(), not_before=timezone.now())
    assert [attempt.number for attempt in Attempt.objects.filter(post=post).order_by("number")] == [1, 2, 3, 4, 5, 6]
    Account.objects.filter(pk=account.pk).update(settings={})
    dead_letters.replay(post=fresh(post), actor=editor(post))
    assert publish_post(post_id=post.pk) == "published"
    assert Attempt.objects.filter(post=post).count() == 7
    assert client.post(f"/api/v1/dead-letters/{post.pk}/replay").status_code == 404


def test_even_after_very_many_attempts_a_person_can_send_it_again(studio_account):
    account = studio_account(does="pass")
    post = fail(account, "Old")
    for number in range(4, 30):
        Attempt.objects.create(
            workspace=post.workspace, post=post, number=number, token=post.key, started_at=timezone.now()
        )
    with travel(timezone.now() + timedelta(seconds=1), tick=True):
        dead_letters.replay(post=post, actor=editor(post))
        assert publish_post(post_id=post.pk) == "scheduled"


def test_several_are_sent_again_or_dropped_at_once(studio_account):
    account = studio_account(does="refuse")
    posts = [fail(account, f"Refused {n}") for n in range(3)]
    client = signed_in(account.workspace)
    ids = [post.pk for post in posts]
    send = {"content_type": "application/json"}
    answer = client.post("/api/v1/dead-letters/replay", {"posts": [*ids[:1], 10**6]}, **send).json()
    said = "There is no post of this number that waits for a person."
    assert answer == {"done": ids[:1], "refused": [{"post": 10**6, "code": "not_found", "message": said}]}
    answer = client.post("/api/v1/dead-letters/drop", {"cause": "refused"}, **send).json()
    assert (sorted(answer["done"]), [fresh(post).state for post in posts[1:]]) == (ids[1:], ["cancelled"] * 2)
    again = fail(account, "Once more")
    client.post(f"/w/{account.workspace.slug}/attention/", {"post": [again.pk], "action": "replay"})
    assert fresh(again).state == "scheduled"
    assert (
        signed_in(account.workspace, "viewer")
        .post(f"/w/{account.workspace.slug}/attention/", {"post": [again.pk], "action": "drop"})
        .status_code
        == 403
    )


def test_what_may_be_online_is_not_sent_again_in_bulk(studio_account):
    [post] = posts_for(studio_account(does="lose"), title="Lost")
    publish_post(post_id=post.pk)
    Post.objects.filter(pk=post.pk).update(wake_at=timezone.now())
    assert publish_post(post_id=post.pk) == "needs_human"
    settled = dead_letters.replay_all(posts=[fresh(post)], actor=editor(post))
    assert (settled.done, [error.code for _post, error in settled.refused]) == ([], ["conflict"])
    assert fresh(post).state == "needs_human"
    client = signed_in(post.workspace)
    client.post(f"/w/{post.workspace.slug}/posts/{post.pk}/settle/replay/")
    assert fresh(post).state == "scheduled"


def test_the_admin_sends_dead_letters_again(studio_account):
    post = fail(studio_account(does="refuse"), "Refused")
    client, address = signed_in(post.workspace), "/admin/uploads/deadletter/"
    assert "Refused" in client.get(address).content.decode()
    assert client.get(f"{address}?cause=refused").status_code == 200
    client.post(address, {"action": "replay", "_selected_action": [post.pk]})
    assert fresh(post).state == "scheduled"


# --- Parts ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("decision", ["drop", "cancel", "report"])
def test_a_decision_about_a_part_lets_the_next_go_however_long_it_took(studio_account, decision):
    account = studio_account(does="captcha", catch_up=10)
    one, two = posts_for(account, title="Saga", parts=2)
    assert (publish_post(post_id=one.pk), publish_post(post_id=two.pk)) == ("needs_human", "scheduled")
    page = signed_in(one.workspace).get(f"/w/{one.workspace.slug}/posts/{two.pk}/").content.decode()
    assert "Part 1 goes first." in page
    Account.objects.filter(pk=account.pk).update(settings={}, hold_until=None)
    with travel(timezone.now() + timedelta(days=2), tick=True):
        Post.objects.filter(pk=two.pk).update(wake_at=timezone.now())
        assert publish_post(post_id=two.pk) == "scheduled"
        if decision == "drop":
            dead_letters.drop(post=fresh(one), actor=editor(one))
        elif decision == "cancel":
            cancel_post(post=fresh(one), actor=editor(one))
        else:
            report_published(post=fresh(one), actor=editor(one), url=ONLINE)
        assert publish_post(post_id=two.pk) == "published"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The bridge (2/3): “why?”", "The bridge (2-3) “why ”.mp4"),
        ("../../etc/passwd\n", "etc-passwd.mp4"),
        ("വിളക്കുമാടം", "വിളക്കുമാടം.mp4"),
        ("???", "post.mp4"),
    ],
)
def test_a_file_is_called_as_the_post_wherever_it_is_saved(title, name):
    post, asset = Post(variant=Variant(title=title)), Asset(file="w1/items/1/part1-video-abc.mp4")
    assert by_hand.file_name(asset, post) == name
