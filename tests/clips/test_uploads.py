"""Uploads by the API: in one request, and in pieces that survive broken connections and restarts."""

from __future__ import annotations

import base64
import fcntl
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.clips.models import Clip, IncomingFile
from apps.clips.services import drop_expired_uploads
from apps.lifecycle.models import Event
from tests.content.conftest import caller
from tests.factories.workspaces import WorkspaceFactory, add_person

UPLOADS = "/api/v1/clips/uploads/"
PIECE = "application/offset+octet-stream"


class Sender:
    """A program that speaks tus as that person."""

    def __init__(self, user, slug: str) -> None:
        from ninja_jwt.tokens import AccessToken

        bearer = {"Authorization": f"Bearer {AccessToken.for_user(user)}", "X-Workspace": slug}
        self.headers = {"Tus-Resumable": "1.0.0", **bearer}

    def begin(self, size: int, name: str = "beach.mp4", **headers: str):
        about = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {**self.headers, "Upload-Length": str(size), "Upload-Metadata": about, **headers}
        return Client().post(UPLOADS, headers=headers)

    def send(self, address: str, offset: int, piece: bytes, **headers: str):
        return Client().patch(
            address, piece, content_type=PIECE, headers={**self.headers, "Upload-Offset": str(offset), **headers}
        )

    def ask(self, address: str):
        return Client().head(address, headers=self.headers)


@pytest.fixture
def sender(workspace, member) -> Sender:
    cache.clear()
    return Sender(member("editor"), workspace.slug)


@pytest.fixture
def whole(film) -> bytes:
    return film("a.mp4").read_bytes()


def test_a_film_sent_in_pieces_is_the_same_film(sender, whole, in_workspace):
    begun = sender.begin(len(whole))
    assert (begun.status_code, begun["Upload-Offset"]) == (201, "0")
    address, half = begun["Location"], len(whole) // 2
    first = sender.send(address, 0, whole[:half])
    assert (first.status_code, first["Upload-Offset"], "Rundown-Clip" in first) == (204, str(half), False)
    asked = sender.ask(address)
    assert (asked.status_code, asked["Upload-Offset"], asked["Upload-Length"]) == (200, str(half), str(len(whole)))
    last = sender.send(address, half, whole[half:])
    clip = Clip.objects.get(pk=last["Rundown-Clip"])
    assert (last.status_code, clip.name, clip.origin, clip.state) == (204, "beach.mp4", "upload", "waiting")
    assert Path(clip.file.path).read_bytes() == whole
    assert clip.sha256 == hashlib.sha256(whole).hexdigest()
    assert sender.ask(address).status_code == 404
    assert IncomingFile.objects.count() == 0


def test_what_the_server_offers(sender):
    answer = Client().options(UPLOADS, headers=sender.headers)
    assert (answer.status_code, answer["Tus-Version"], answer["Tus-Extension"]) == (
        204,
        "1.0.0",
        "creation,checksum,expiration,termination",
    )


def test_after_a_crash_in_the_middle_of_a_piece_sending_goes_on_from_what_was_confirmed(sender, whole, settings):
    address = sender.begin(len(whole))["Location"]
    sender.send(address, 0, whole[:1000])
    part = next(Path(settings.INCOMING_ROOT).glob("*.part"))
    with part.open("ab") as file:
        file.write(b"half a piece that was never confirmed")
    assert sender.ask(address)["Upload-Offset"] == "1000"
    assert sender.send(address, 1000, whole[1000:])["Rundown-Clip"]
    assert Path(Clip._base_manager.get().file.path).read_bytes() == whole


def test_a_crash_between_the_last_piece_and_its_answer_makes_one_clip(sender, whole, in_workspace):
    address = sender.begin(len(whole))["Location"]
    sender.send(address, 0, whole[:-1])
    row = IncomingFile.objects.get()
    row.path.write_bytes(whole)
    IncomingFile.objects.update(offset=len(whole))  # kept, and then the server went away
    answer = sender.ask(address)
    assert (answer["Upload-Offset"], int(answer["Rundown-Clip"])) == (str(len(whole)), Clip.objects.get().pk)
    assert sender.ask(address).status_code == 404


def test_a_piece_that_does_not_follow_is_refused_with_where_to_go_on(sender, whole):
    address = sender.begin(len(whole))["Location"]
    sender.send(address, 0, whole[:1000])
    answer = sender.send(address, 0, whole[:1000])
    assert (answer.status_code, answer.json()["code"], answer.json()["offset"]) == (409, "offset_mismatch", 1000)


def test_a_piece_that_was_damaged_is_dropped(sender, whole):
    address = sender.begin(len(whole))["Location"]
    checksum = "sha1 " + base64.b64encode(hashlib.sha1(whole[:1000], usedforsecurity=False).digest()).decode()
    damaged = sender.send(address, 0, b"x" + whole[1:1000], **{"Upload-Checksum": checksum})
    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum_mismatch")
    assert sender.ask(address)["Upload-Offset"] == "0"
    assert sender.send(address, 0, whole[:1000], **{"Upload-Checksum": checksum}).status_code == 204
    assert sender.send(address, 1000, b"x", **{"Upload-Checksum": "crc 12"}).status_code == 422


def test_two_who_send_at_once_do_not_mix(sender, whole):
    address = sender.begin(len(whole))["Location"]
    sender.send(address, 0, whole[:1000])
    row = IncomingFile._base_manager.get()
    with row.path.open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        answer = sender.send(address, 1000, whole[1000:2000])
    assert (answer.status_code, answer.json()["code"]) == (423, "upload_busy")
    assert sender.send(address, 1000, whole[1000:2000]).status_code == 204


def test_more_than_was_announced_is_refused(sender):
    address = sender.begin(10)["Location"]
    assert sender.send(address, 0, b"x" * 11).status_code == 422
    assert sender.ask(address)["Upload-Offset"] == "0"


def test_a_film_that_is_too_large_is_refused_before_a_byte_is_sent(sender, settings):
    answer = sender.begin(settings.CLIPS_MAX_BYTES + 1)
    assert (answer.status_code, answer.json()["detail"]) == (422, "The file is larger than 4096 MB.")


def test_announced_uploads_count_for_the_room(sender, settings, whole):
    settings.CLIPS_QUOTA_BYTES = len(whole) + 10
    address = sender.begin(len(whole))["Location"]
    refused = sender.begin(100)
    assert (refused.status_code, "There is room for 0 MB" in refused.json()["detail"]) == (422, True)
    assert sender.send(address, 0, whole)["Rundown-Clip"]


def test_what_is_no_film_is_refused_when_it_is_whole(sender, settings):
    text = b"#EXTM3U\n/etc/passwd\n"
    address = sender.begin(len(text))["Location"]
    answer = sender.send(address, 0, text)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "This is a playlist: it names other files and holds no video itself.",
    )
    assert list(Path(settings.INCOMING_ROOT).iterdir()) == []
    assert Clip._base_manager.count() == 0


def test_the_same_film_again_names_the_clip_that_is_here(sender, whole):
    answers = []
    for _each in range(2):
        address = sender.begin(len(whole))["Location"]
        answers.append(sender.send(address, 0, whole))
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[0]["Rundown-Clip"] == answers[1]["Rundown-Clip"]
    assert [answer.get("Rundown-Duplicate") for answer in answers] == [None, "true"]


def test_an_upload_is_its_owners_alone(sender, member, workspace, whole):
    address = sender.begin(len(whole))["Location"]
    other = Sender(member("owner"), workspace.slug)
    elsewhere = WorkspaceFactory()
    stranger = Sender(add_person(elsewhere), elsewhere.slug)
    for each in (other, stranger):
        assert each.ask(address).status_code == 404
        assert each.send(address, 0, b"x").status_code == 404
        assert Client().delete(address, headers=each.headers).status_code == 404
    assert Sender(member("viewer"), workspace.slug).begin(10).status_code == 403


def test_an_upload_given_up_or_forgotten_leaves_nothing(sender, whole, settings):
    given_up, forgotten, running = (sender.begin(len(whole))["Location"] for _each in range(3))
    for address in (given_up, forgotten, running):
        sender.send(address, 0, whole[:1000])
    assert Client().delete(given_up, headers=sender.headers).status_code == 204
    past = timezone.now() - timedelta(seconds=1)
    IncomingFile._base_manager.filter(pk=forgotten.rpartition("/")[2]).update(expires_at=past)
    assert sender.send(forgotten, 1000, whole[1000:]).status_code == 404
    assert drop_expired_uploads() == 1
    told = Event._base_manager.filter(type__startswith="clip.upload").order_by("seq").values_list("type", flat=True)
    assert list(told) == [*["clip.upload"] * 3, "clip.upload_discarded", "clip.upload_expired"]
    assert [path.name for path in Path(settings.INCOMING_ROOT).iterdir()] == [
        f"{running.rpartition('/')[2].replace('-', '')}.part"
    ]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Offset": "-1"}, 422),
        ({"Upload-Offset": "١"}, 422),
        ({"Upload-Offset": "9" * 40}, 422),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(sender, headers, status):
    address = sender.begin(10)["Location"]
    try:
        answer = sender.send(address, 0, b"x", **headers)
    except UnicodeEncodeError:
        return  # no client can send such a header either
    assert answer.status_code == status


def test_a_piece_comes_as_what_it_is(sender):
    address = sender.begin(10)["Location"]
    headers = {**sender.headers, "Upload-Offset": "0"}
    answer = Client().patch(address, b"x", content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_content_type")


def test_a_name_cannot_leave_its_folder(sender, whole, settings):
    address = sender.begin(len(whole), name="../../../etc/cron.d/x\x1b[31m\n.sh")["Location"]
    clip = Clip._base_manager.get(pk=sender.send(address, 0, whole)["Rundown-Clip"])
    assert clip.name == "x[31m.sh"
    assert Path(clip.file.path).is_relative_to(settings.MEDIA_ROOT)
    assert Path(clip.file.path).suffix == ".mp4"


def test_a_small_film_comes_in_one_request(sender, whole, client, workspace, member, in_workspace):
    def send(name: str, content: bytes):
        file = SimpleUploadedFile(name, content, "video/mp4")
        return Client().post("/api/v1/clips/", {"file": file, "language": "en"}, headers=sender.headers)

    first, again, bad = send("a.mp4", whole), send("b.mp4", whole), send("c.mp4", b"<svg/>")
    assert (first.status_code, first.json()["state"], first.json()["language"]) == (201, "waiting", "en")
    assert (again.status_code, again.json()["code"], again.json()["clip"]) == (
        409,
        "duplicate_clip",
        first.json()["id"],
    )
    assert again.json()["title"] == "Conflict"  # what a problem is called, not what the film is
    assert (bad.status_code, bad.json()["errors"]["file"]) == (422, ["This is an SVG drawing, not a video."])
    assert (
        caller(client, workspace.slug, member("viewer").email)("get", "/clips/").json()["items"][0]["name"] == "a.mp4"
    )
