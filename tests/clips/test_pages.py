"""The pages and the API of clips, as people and programs meet them."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.clips.models import Clip, ClipSettings, InboxFile
from apps.lifecycle.models import Run
from apps.templates.models import PromptVersion
from tests.clips.conftest import fresh
from tests.content.conftest import caller
from tests.factories.clips import make_clip, make_upload, make_used_clip


@pytest.fixture
def enter(client, member):
    """enter("editor") is a browser in which a member with that role is signed in."""

    def sign_in(role: str = "editor"):
        cache.clear()
        client.force_login(member(role))
        return client

    return sign_in


def address(workspace, name: str = "clips", *args) -> str:
    return reverse(f"clips:{name}", args=[workspace.slug, *args])


def test_the_list_shows_clips_their_work_and_what_became_of_files(in_workspace, enter, settings, tmp_path):
    settings.INBOX_ROOT = tmp_path
    used, refused = make_used_clip(in_workspace, title="The fox and the key"), make_clip(in_workspace, state="refused")
    Clip.objects.filter(pk=refused.pk).update(problem={"message": "This is a playlist.", "hint": ""})
    waiting = make_clip(in_workspace)
    Run.objects.create(
        workspace=in_workspace, kind="clip", subject=f"clips.clip:{waiting.pk}", state="running", percent=40
    )
    InboxFile.objects.create(workspace=in_workspace, path="b.mp4", size=1, mtime_ns=1, outcome="duplicate", clip=used)
    InboxFile.objects.create(workspace=in_workspace, path="c.m3u8", size=1, mtime_ns=1, outcome="taken", clip=refused)
    InboxFile.objects.create(workspace=in_workspace, path="d.mp4", size=0, mtime_ns=1)
    html = enter().get(address(in_workspace)).content.decode()
    # What came of a taken file is said there too.
    assert (html.count("This is a playlist."), ">Taken<" in html) == (2, False)
    for text in (
        "It is empty so far.",
        "The fox and the key",
        "In review",
        "This is a playlist.",
        "Preparing the clip",
        "40%",
        "Known already",
    ):
        assert text in html
    assert str(tmp_path / in_workspace.slug) in html
    assert "The fox and the key" not in enter().get(address(in_workspace) + "?show=refused").content.decode()


@pytest.mark.parametrize("path", ["page", "api"])
def test_a_longer_list_costs_no_more_queries(in_workspace, enter, path, member):
    client = enter("owner")
    url = address(in_workspace) if path == "page" else "/api/v1/clips/"
    headers = {"X-Workspace": in_workspace.slug}

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(url, headers=headers).status_code == 200
        return len(captured)

    make_used_clip(in_workspace)
    queries()
    one = queries()
    for _each in range(2):
        make_used_clip(in_workspace)
    assert queries() == one


def test_the_page_of_a_clip_shows_what_was_heard_and_lets_it_be_corrected(in_workspace, enter):
    clip = make_used_clip(in_workspace, heard=[["Hello", 0.1, 0.5, 0.9], ["quay.", 0.5, 0.9, 0.2]])
    client = enter()
    html = client.get(address(in_workspace, "clip", clip.pk)).content.decode()
    assert '<span data-start="0.50" data-end="0.90" class="unsure">quay.</span>' in html
    answer = client.post(address(in_workspace, "transcript", clip.pk), {"text": "Hello key.", "base": "1"})
    assert answer.status_code == 302
    assert (fresh(clip).item.current_revision.body, fresh(clip).transcript) == ("Hello key.", "Hello quay.")
    late = client.post(address(in_workspace, "transcript", clip.pk), {"text": "My own words.", "base": "1"})
    assert (late.status_code, "My own words." in late.content.decode()) == (409, True)


def test_title_and_tags_are_edited_and_written_anew_with_a_chosen_template(in_workspace, enter, carry):
    clip, client = make_used_clip(in_workspace, name="IMG_1.mp4"), enter()
    form = {"title": "A title", "description": "One.\r\nTwo.", "hashtags": "#sea, sun", "base": "1"}
    assert client.post(address(in_workspace, "metadata", clip.pk), form).status_code == 302
    revision = fresh(clip).item.current_revision
    assert (revision.title, revision.description, revision.hashtags) == ("A title", "One.\nTwo.", ["sea", "sun"])
    version = PromptVersion._base_manager.get(template__kind="metadata", template__workspace=None)
    client.post(address(in_workspace, "describe", clip.pk), {"template": str(version.pk)})
    run = Run.objects.get(kind="clip_metadata")
    assert run.args == {"version": version.pk, "base": 2}
    assert carry("clip_metadata", clip).state == "succeeded"
    revision = fresh(clip).item.current_revision
    assert (revision.number, revision.title, revision.body) == (3, "Hello there", "Hello there.")
    assert revision.note == f"Written anew by {version}"


def test_the_files_of_a_clip_are_for_members_and_seekable(in_workspace, enter, client):
    clip = make_clip(in_workspace, content=b"0123456789")
    answer = enter("viewer").get(address(in_workspace, "original", clip.pk), headers={"Range": "bytes=2-4"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"234")
    assert answer["Cache-Control"] == "private, max-age=3600"
    assert enter("viewer").get(address(in_workspace, "still", clip.pk)).status_code == 404


def test_settings_are_saved_and_wrong_ones_explained(in_workspace, enter):
    client, url = enter("admin"), address(in_workspace, "options")
    assert client.post(url, {"captions_on": "on", "caption_preset": "clean", "language": "ML"}).status_code == 302
    saved = ClipSettings.objects.get()
    assert (saved.folder_on, saved.captions_on, saved.caption_preset, saved.language) == (False, True, "clean", "ml")
    wrong = client.post(url, {"language": "klingon"})
    assert (wrong.status_code, "Give a language" in wrong.content.decode()) == (422, True)


def test_without_scripts_a_small_film_is_uploaded_by_the_form(in_workspace, enter, film):
    client = enter()
    with film("a.mp4").open("rb") as file:
        answer = client.post(address(in_workspace), {"file": file})
    assert (answer.status_code, Clip.objects.get().name) == (302, "a.mp4")
    assert client.post(address(in_workspace)).status_code == 422


def test_programs_read_correct_and_retry_clips(in_workspace, member, client):
    cache.clear()
    send = caller(client, in_workspace.slug, member("admin").email)
    clip, failed = make_used_clip(in_workspace), make_clip(in_workspace, state="failed")
    seen = send("get", f"/clips/{clip.pk}").json()
    assert seen["words"][0] == {"text": "Hello", "start": 0.1, "end": 0.5, "sure": 0.9}
    assert (seen["transcript"], seen["revision"], seen["item"]) == ("Hello there.", 1, clip.item_id)
    answer = send("put", f"/clips/{clip.pk}/transcript", {"text": "Hello, there!", "revision": 1})
    assert answer.json() == {"item": clip.item_id, "revision": 2}
    assert send("put", f"/clips/{clip.pk}/transcript", {"text": "Late.", "revision": 1}).status_code == 409
    assert send("post", f"/clips/{failed.pk}/retry").json()["state"] == "waiting"
    assert send("post", f"/clips/{clip.pk}/metadata", {}).status_code == 202
    assert send("delete", f"/clips/{clip.pk}").status_code == 409
    wanted = {
        "folder_on": False, "captions_on": True, "caption_preset": "", "language": "", "template": None, "accounts": [],
    }  # fmt: skip
    assert send("put", "/clips/settings", wanted).json() == wanted
    assert send("get", "/clips/settings").json() == wanted


def test_the_admin_lists_clips_and_tries_again(in_workspace, enter):
    clip = make_clip(in_workspace, state="failed", problem={"message": "The disk was full.", "hint": ""})
    make_upload(in_workspace)
    client, base = enter("owner"), "admin:clips_clip"
    assert "The disk was full." in client.get(reverse(f"{base}_changelist")).content.decode()
    assert client.get(reverse(f"{base}_change", args=[clip.pk])).status_code == 200
    client.post(reverse(f"{base}_changelist"), {"action": "retry_selected", "_selected_action": [clip.pk]})
    assert fresh(clip).state == "waiting"
