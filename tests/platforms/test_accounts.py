"""Connecting accounts by form, changing them, and taking them away: pages, API and what stays secret."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from apps.common.errors import AdapterError, Conflict, Invalid, NotAllowed
from apps.content.models import Item
from apps.content.services import Text, create_item
from apps.lifecycle.models import Event
from apps.platforms.feed.links import feed_url
from apps.platforms.models import Account
from apps.platforms.services import change_account, connect_account, disconnect_account, pause_account, resume_account
from apps.schedules.evergreen import fill_pools
from apps.schedules.models import Post, Slot
from apps.schedules.recurring import fill_recurrences, set_active
from apps.schedules.reservations import reserve
from apps.schedules.services import post_now, restore_post, send_again
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import AuditEntry
from tests.content.conftest import caller
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import make_pool, make_recurrence, posts_for, ready_item

pytestmark = pytest.mark.django_db
CANARY = "canary-5d1f0c"


@pytest.fixture
def enter(client, member):
    def sign_in(role: str = "owner"):
        client.force_login(member(role))
        return client

    return sign_in


@pytest.fixture
def at(in_workspace):
    return lambda path="": f"/w/{in_workspace.slug}/accounts/{path}"


def fields(provider, token: str = "", **more) -> dict[str, str]:
    """What a browser sends from the connect form."""
    token = token or provider.grant()["access_token"]
    return {"credential_server": provider.url, "credential_access_token": token, "setting_audience": "all", **more}


# --- Connecting -------------------------------------------------------------------------------------------------------
def test_the_platform_says_whose_account_it_is(by_form, in_workspace):
    account = by_form()
    assert (account.handle, account.name, account.page_url) == ("asha", "Asha", "https://loop.example/@asha")
    assert (account.state, account.health, account.daily_limit) == ("active", "good", 5)
    assert account.checked_at is not None
    assert Slot.objects.filter(account=account).exists()
    assert account.credentials["access_token"].startswith("access-")


def test_wrong_credentials_are_refused_with_a_sentence_and_nothing_is_kept(workspace, provider):
    credentials = {"server": provider.url, "access_token": CANARY}
    with pytest.raises(Invalid, match="refused the account's credentials") as caught:
        connect_account(workspace=workspace, actor=SYSTEM, platform="fake_form", credentials=credentials)
    assert CANARY not in f"{caught.value} {caught.value.details}"
    assert caught.value.hint == "Check what you entered."  # not to connect again what never was
    assert not Account._base_manager.exists()
    assert not AuditEntry._base_manager.filter(action="account.connect").exists()


def test_a_platform_that_does_not_answer_is_not_a_wrong_password(workspace, provider):
    provider.broken = 503
    credentials = {"server": provider.url, "access_token": "x"}
    with pytest.raises(AdapterError, match="did not answer") as caught:
        connect_account(workspace=workspace, actor=SYSTEM, platform="fake_form", credentials=credentials)
    assert caught.value.permanent is False
    assert not Account._base_manager.exists()


def test_what_is_missing_is_named(workspace, provider):
    with pytest.raises(Invalid) as caught:
        connect_account(workspace=workspace, actor=SYSTEM, platform="fake_form", credentials={"server": " "})
    assert list(caught.value.details) == ["access_token"]
    with pytest.raises(Invalid) as caught:
        connect_account(workspace=workspace, actor=SYSTEM, platform="feed", handle=" ")
    assert list(caught.value.details) == ["handle"]


def test_an_identity_is_connected_once_in_a_workspace(by_form, provider):
    by_form()
    with pytest.raises(Conflict, match="“asha” is connected already"):
        by_form()
    provider.handle = "bina"
    assert by_form().handle == "bina"


def test_only_who_manages_accounts_connects_one(by_form, actor):
    with pytest.raises(NotAllowed):
        by_form(actor=actor("editor"))


# --- Pages ------------------------------------------------------------------------------------------------------------
def test_an_account_is_connected_on_a_page(in_workspace, enter, at, provider):
    client = enter("admin")
    page = client.get(at("connect/fake_form/")).content.decode()
    assert 'type="password" name="credential_access_token"' in page
    token = provider.grant()["access_token"]
    answer = client.post(at("connect/fake_form/"), fields(provider, token, name="Night"))
    account = Account.objects.get()
    assert answer["Location"] == at(f"{account.pk}/")
    assert (account.name, account.settings) == ("Night", {"audience": "all"})
    shown = client.get(answer["Location"]).content.decode() + client.get(at()).content.decode()
    assert "Night" in shown
    assert token not in shown


def test_errors_stand_beside_their_fields_and_a_typed_secret_does_not_come_back(enter, at, provider):
    client = enter()
    answer = client.post(at("connect/fake_form/"), fields(provider, CANARY))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The platform refused the account&#x27;s credentials." in page
    assert provider.url in page
    assert CANARY not in page
    missing = client.post(
        at("connect/fake_form/"), {"credential_server": "x", "setting_audience": "all"}, headers={"HX-Request": "true"}
    )
    assert missing.status_code == 200
    parts = re.findall(
        r'id="(errors-[a-z_]+)" hx-swap-oob="true"[^>]*>(.*?)</div>', missing.content.decode(), re.DOTALL
    )
    assert [name for name, content in parts if content.strip()] == ["errors-credential_access_token"]
    assert "<form" not in missing.content.decode()


def test_with_htmx_the_page_goes_on_by_itself(in_workspace, enter, at, provider):
    answer = enter().post(at("connect/fake_form/"), fields(provider), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == at(f"{Account.objects.get().pk}/")


def test_a_risk_must_be_accepted(in_workspace, enter, at, provider):
    client = enter()
    page = client.get(at("connect/fake_oauth/")).content.decode()
    assert "It may be closed at any time." in page
    answer = client.post(at("connect/fake_oauth/"), {"credential_server": provider.url, "setting_audience": "all"})
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()


def test_the_gallery_says_what_each_platform_can_do(enter, at, provider):
    page = enter().get(at()).content.decode()
    for said in (
        "Feed",
        "Text up to 500 characters",
        "5 posts a day",
        "a person decides",
        "with a risk",
        "No account yet",
    ):
        assert said in page
    assert 'href="#connect"' not in enter("viewer").get(at()).content.decode()
    assert enter("viewer").get(at("connect/feed/")).status_code == 403
    assert enter().get(at("connect/nothing/")).status_code == 404


@pytest.mark.parametrize("which", ["list", "account"])
def test_page_costs_the_same_however_much_there_is(in_workspace, enter, at, by_form, provider, which):
    client = enter()

    def fill(handle: str) -> Account:
        provider.handle = handle
        account = by_form()
        for n in range(2):
            [post] = posts_for(account, title=f"{handle} {n}")
            Post._base_manager.filter(pk=post.pk).update(state="published", published_at=timezone.now())
        posts_for(account, title=f"{handle} next")
        return account

    account = fill("one")
    path = at() if which == "list" else at(f"{account.pk}/")
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    fill("two")
    provider.handle = "one"
    for n in range(4):
        posts_for(account, title=f"More {n}")
    with CaptureQueriesContext(connection) as many:
        assert client.get(path).status_code == 200
    assert len(many) == len(few)


def test_an_account_shows_its_limits_and_posts(in_workspace, enter, at, by_form):
    account = by_form()
    [out] = posts_for(account, title="Out already")
    Post._base_manager.filter(pk=out.pk).update(
        state="published", published_at=timezone.now(), url="https://x.example/1"
    )
    posts_for(account, title="Still to come")
    page = enter().get(at(f"{account.pk}/")).content.decode()
    for said in (
        "1 of 5 posts",
        "Out already",
        "https://x.example/1",
        "Still to come",
        "1 scheduled post is cancelled",
    ):
        assert said in page


def test_settings_and_limits_are_changed_on_the_page(in_workspace, enter, at, by_form):
    account = by_form()
    form = {"name": "Day", "intake": "by_hand", "timezone": "Asia/Kolkata", "daily_limit": 2, "minimum_gap": 30}
    form |= {"catch_up": 60, "quiet_from": "22:00", "quiet_until": "07:00", "setting_audience": "few"}
    assert enter().post(at(f"{account.pk}/"), form).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.intake, str(account.timezone)) == ("Day", "by_hand", "Asia/Kolkata")
    assert (account.daily_limit, account.settings) == (2, {"audience": "few"})
    refused = enter().post(at(f"{account.pk}/"), form | {"quiet_until": "", "setting_audience": "nobody"})
    assert refused.status_code == 422
    assert "Quiet hours need both times." in refused.content.decode()
    account.refresh_from_db()
    assert account.settings == {"audience": "few"}


def test_pause_and_resume_with_a_reason(in_workspace, enter, at, by_form):
    account = by_form()
    client = enter("editor")
    client.post(at(f"{account.pk}/do/pause/"), {"reason": "Holidays"})
    assert "Holidays" in client.get(at(f"{account.pk}/")).content.decode()
    client.post(at(f"{account.pk}/do/resume/"))
    account.refresh_from_db()
    assert (account.state, account.state_reason) == ("active", "")


# --- Logging in again -------------------------------------------------------------------------------------------------
def test_logging_in_again_keeps_posts_and_slots(in_workspace, enter, at, by_form, provider):
    account = by_form()
    [post] = posts_for(account)
    Account._base_manager.filter(pk=account.pk).update(state="needs_login", state_reason="gone")
    fresh = provider.grant()["access_token"]
    client = enter()
    assert f'value="{provider.url}"' in client.get(at(f"{account.pk}/")).content.decode()  # no secret, so it is shown
    client.post(at(f"{account.pk}/login/"), fields(provider, fresh))
    account = Account.objects.get()
    assert (account.state, account.credentials["access_token"]) == ("active", fresh)
    assert Post.objects.get(pk=post.pk).account_id == account.pk


def test_somebody_elses_login_does_not_take_an_account_over(in_workspace, enter, at, by_form, provider):
    account = by_form()
    before = dict(account.credentials)
    provider.handle = "mallory"
    answer = enter().post(at(f"{account.pk}/login/"), fields(provider))
    assert answer.status_code == 422
    assert "This login belongs to “mallory”, and the account is “asha”." in answer.content.decode()
    account.refresh_from_db()
    assert account.credentials == before


# --- Taking away ------------------------------------------------------------------------------------------------------
def test_disconnecting_forgets_the_credentials_and_cancels_what_is_scheduled(in_workspace, enter, at, by_form):
    account = by_form()
    [post] = posts_for(account)
    client = enter()
    assert client.post(at(f"{account.pk}/do/disconnect/"))["Location"] == at()
    account.refresh_from_db()
    post.refresh_from_db()
    assert (account.state, account.credentials, post.state) == ("disconnected", {}, "cancelled")
    assert client.get(at(f"{account.pk}/")).status_code == 404
    assert AuditEntry.objects.filter(action="account.disconnect").count() == 1


def test_what_would_schedule_more_stops_and_says_why(in_workspace, enter, at, by_form):
    account = by_form()
    rule = make_recurrence(account)
    pool = make_pool(account, ready_item(in_workspace))
    item = create_item(
        workspace=in_workspace,
        actor=SYSTEM,
        kind=Item.Kind.STORY,
        format=Item.Format.TEXT,
        text=Text("Not ready", [{"title": "Not ready", "text": "Not ready."}]),
    )
    reserved = reserve(item=item, account=account, at=timezone.now() + timedelta(days=2), actor=SYSTEM)
    posts_for(account, at=timezone.now() + timedelta(days=1))
    assert fill_recurrences() == 7
    slots = account.slots.count()
    told = [
        "8 scheduled posts are cancelled.",
        "1 recurring post stops.",
        "The evergreen pool with 1 item stops.",
        "1 time reserved for an item that is not ready is not used.",
        f"{slots} slots rest until the account is connected again.",
    ]
    client = enter()
    page = client.get(at(f"{account.pk}/")).content.decode()
    assert [sentence for sentence in told if page.count(sentence) != 2] == []  # beside the button and in the question
    asked = client.post(
        reverse("admin:platforms_account_changelist"), {"action": "disconnect", "_selected_action": account.pk}
    ).content.decode()
    assert [sentence for sentence in told if sentence not in asked] == []

    after = client.post(at(f"{account.pk}/do/disconnect/"), follow=True).content.decode()
    assert [sentence for sentence in told if sentence not in after] == []
    for row in (rule, pool, reserved):
        row.refresh_from_db()
    why = f"It stopped when “{account.name}” was disconnected."
    assert (rule.active, rule.problem) == (False, why)
    assert (pool.active, pool.problem) == (False, why)
    assert (reserved.settled_at, reserved.problem) == (None, why)
    assert set(Post._base_manager.filter(account=account).values_list("state", flat=True)) == {"cancelled"}
    assert account.slots.count() == slots
    assert (fill_recurrences(), fill_pools()) == (0, 0)
    with pytest.raises(Conflict, match="is disconnected"):
        set_active(recurrence=rule, active=True, actor=SYSTEM)
    repeats = client.get(reverse("desk:schedule-repeats", args=[in_workspace.slug])).content.decode()
    assert why in unescape(repeats)


def test_after_connecting_again_a_recurrence_can_go_on(in_workspace, by_form):
    account = by_form()
    rule = make_recurrence(account)
    disconnect_account(account=account, actor=SYSTEM)
    by_form()
    rule.refresh_from_db()
    set_active(recurrence=rule, active=True, actor=SYSTEM)
    assert (rule.problem, fill_recurrences()) == ("", 7)


def test_an_account_with_a_post_under_way_stays(in_workspace, by_form):
    account = by_form()
    [post] = posts_for(account)
    held = {"state": "submitting", "lease_until": timezone.now() + timedelta(minutes=1)}
    Post._base_manager.filter(pk=post.pk).update(**held)
    with pytest.raises(Conflict, match="is being published"):
        disconnect_account(account=account, actor=SYSTEM)
    account.refresh_from_db()
    assert (account.state, bool(account.credentials)) == ("active", True)


@pytest.mark.parametrize("state", ["missed", "needs_human", "rejected", "cancelled"])
def test_nothing_is_sent_again_on_a_disconnected_account(in_workspace, by_form, call, state):
    account = by_form()
    [post] = posts_for(account, at=timezone.now() + timedelta(hours=1))
    Post._base_manager.filter(pk=post.pk).update(state=state, wake_at=None)
    disconnect_account(account=account, actor=SYSTEM)
    post = Post.objects.get(pk=post.pk)
    send = call()
    for again in (send_again, restore_post) if state == "cancelled" else (send_again, post_now):
        with pytest.raises(Conflict) as refused:
            again(post=post, actor=SYSTEM)
        assert (refused.value.message, refused.value.hint) == ("“Asha” is disconnected.", "Connect it again.")
    path = {"cancelled": f"/schedule/posts/{post.pk}/restore"}.get(state, f"/dead-letters/{post.pk}/replay")
    answer = send("post", path, {})
    assert (answer.status_code, answer.json()["detail"]) == (409, "“Asha” is disconnected."), answer.json()
    post.refresh_from_db()
    assert post.state == state


def test_connecting_again_brings_the_history_back(in_workspace, by_form):
    account = by_form()
    [post] = posts_for(account)
    disconnect_account(account=account, actor=SYSTEM)
    with pytest.raises(Conflict, match="is disconnected"):
        posts_for(account, title="Another")
    again = by_form(name="Back")
    assert (again.pk, again.state, again.name) == (account.pk, "active", "Back")
    assert Post.objects.get(pk=post.pk).account.is_connected


def test_a_feed_keeps_its_page_and_gets_a_new_key(in_workspace):
    account = AccountFactory(workspace=in_workspace, handle="night")
    key = account.credentials["key"]
    assert account.page_url == feed_url(account.feed)
    disconnect_account(account=account, actor=SYSTEM)
    again = AccountFactory(workspace=in_workspace, handle="night")
    assert again.pk == account.pk
    assert again.credentials["key"] != key
    assert again.feed.handle == "night"


# --- API --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def call(client, workspace, member):
    return lambda role="admin": caller(client, workspace.slug, member(role).email)


def test_the_api_connects_changes_pauses_checks_and_disconnects(in_workspace, call, provider):
    send, token = call(), provider.grant()["access_token"]
    platform = {row["slug"]: row for row in send("get", "/accounts/platforms").json()}["fake_form"]
    assert [each["name"] for each in platform["credentials"]] == ["server", "access_token", "cookies_end"]
    assert [each["secret"] for each in platform["credentials"]] == [False, True, False]
    assert platform["settings"][0]["choices"] == [
        {"value": "all", "label": "Everybody"},
        {"value": "few", "label": "Friends"},
    ]
    body = {"platform": "fake_form", "credentials": {"server": provider.url, "access_token": token}, "daily_limit": 9}
    made = send("post", "/accounts/", body)
    assert (made.status_code, made.json()["handle"], made.json()["daily_limit"]) == (201, "asha", 9)
    path = f"/accounts/{made.json()['id']}"
    changed = send("patch", path, {"settings": {"audience": "few"}, "timezone": "Asia/Kolkata", "minimum_gap": 5})
    assert (changed.json()["settings"], changed.json()["timezone"]) == ({"audience": "few"}, "Asia/Kolkata")
    assert send("patch", path, {"settings": {"colour": "red"}}).json()["errors"] == {
        "colour": ["This platform has no such setting."]
    }
    assert send("patch", path, {"quiet_from": "22:00:00"}).status_code == 422
    used = send("get", f"{path}/usage").json()
    assert (used["today"], used["of"], used["scheduled"], used["quiet_until"]) == (0, 9, 0, None)
    assert send("post", f"{path}/pause", {"reason": "Holidays"}).json()["state_reason"] == "Holidays"
    assert send("post", f"{path}/resume").json()["state"] == "active"
    provider.revoke()
    assert send("post", f"{path}/check").json()["health"] == "refused"
    fresh = {"credentials": {"server": provider.url, "access_token": provider.grant()["access_token"]}}
    assert send("put", f"{path}/credentials", fresh).json()["state"] == "active"
    assert token not in send("get", "/accounts/").content.decode() + made.content.decode()
    posts_for(Account.objects.get(), parts=2, at=timezone.now() + timedelta(days=1))
    gone = send("delete", path).json()
    assert (gone["state"], gone["stopped"][0], [each["what"] for each in gone["stopped"]]) == (
        "disconnected",
        {"what": "posts", "count": 2, "said": "2 scheduled posts are cancelled."},
        ["posts", "slots"],
    )
    assert send("get", path).status_code == 404
    noted = AuditEntry.objects.get(action="account.disconnect").data["stopped"]
    assert noted == {each["what"]: each["count"] for each in gone["stopped"]}


def test_the_api_says_what_is_wrong_with_a_login(call, provider):
    body = {"platform": "fake_form", "credentials": {"server": provider.url, "access_token": CANARY}}
    answer = call()("post", "/accounts/", body)
    assert (answer.status_code, answer.json()["detail"]) == (422, "The platform refused the account's credentials.")
    assert CANARY not in answer.content.decode()
    assert call()("post", "/accounts/", {"platform": "nothing"}).status_code == 422
    browser = call()("post", "/accounts/", {"platform": "fake_oauth", "accepted": True})
    assert (browser.status_code, browser.json()["detail"]) == (409, "Loop is connected on its own page.")
    unread = call()("post", "/accounts/", {"platform": "fake_oauth"})
    assert (unread.status_code, unread.json()["errors"]) == (422, {"accepted": ["This must be accepted."]})


# --- Traces -----------------------------------------------------------------------------------------------------------
def test_everything_is_audited_and_told_and_no_secret_is(in_workspace, by_form, actor):
    person = actor("admin")
    account = by_form(actor=person)
    token = account.credentials["access_token"]
    change_account(account=account, actor=person, name="Day")
    pause_account(account=account, actor=person, reason="Holidays")
    resume_account(account=account, actor=person)
    disconnect_account(account=account, actor=person)
    actions = list(AuditEntry.objects.filter(target=f"platforms.account:{account.pk}").values_list("action", flat=True))
    assert sorted(actions) == [
        "account.change",
        "account.connect",
        "account.disconnect",
        "account.state",
        "account.state",
    ]
    told = list(Event.objects.filter(subject=f"platforms.account:{account.pk}").values_list("type", flat=True))
    assert sorted(told) == ["account.changed", "account.connected"] + ["account.state"] * 3
    with scope(workspace=in_workspace):
        kept = str(list(AuditEntry.objects.values())) + str(list(Event.objects.values()))
    assert token not in kept


def test_admin_form_says_platform_and_state_in_words(enter, in_workspace):
    account = AccountFactory(workspace=in_workspace)
    page = enter().get(reverse("admin:platforms_account_change", args=[account.pk])).content.decode()
    shown = re.findall(r'<div class="readonly[^>]*>\s*(.*?)\s*</div>', page, re.S)
    assert {"Feed", "Active"} <= set(shown)
