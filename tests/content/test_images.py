"""Images of an item: what may be one, what is left of it, and how it passes from version to version."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from apps.common.errors import Conflict, Invalid
from apps.content.images import MOST, KeptImage, NewImage, clean_image, images_of
from apps.content.models import Item
from apps.content.queries import diff_to_previous
from apps.content.services import revise_item, text_of
from apps.workspaces.actors import SYSTEM
from tests.factories.content import make_item, make_text
from tests.factories.workspaces import PASSWORD


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), colour: str = "teal", **options) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind, **options)
    return target.getvalue()


def with_place() -> bytes:
    """A photo taken on its side, that says where and when."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=exif)


def moving() -> bytes:
    target = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(target, "WEBP", save_all=True, append_images=frames[1:])
    return target.getvalue()


@pytest.fixture
def item(in_workspace) -> Item:
    return make_item(in_workspace, text=make_text("The lamp"), format=Item.Format.TEXT)


def alts(item: Item) -> list[str]:
    item.refresh_from_db()
    return [image.alt for image in images_of(item.current_revision_id)]


# --- What may be an image ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_a_picture_stays_what_it_is(kind, suffix):
    clean = clean_image(picture(kind))
    with Image.open(io.BytesIO(clean.content)) as kept:
        assert (kept.format, kept.size, clean.suffix, clean.width, clean.height) == (kind, (40, 30), suffix, 40, 30)


def test_where_a_photo_was_taken_is_not_kept_and_it_stands_upright():
    before = with_place()
    assert b"SECRET-CAMERA" in before
    clean = clean_image(before)
    assert b"SECRET-CAMERA" not in clean.content
    assert (clean.width, clean.height) == (30, 40)
    with Image.open(io.BytesIO(clean.content)) as kept:
        assert dict(kept.getexif()) == {}


def test_what_hides_behind_a_picture_does_not_come_along():
    assert b"<script>" not in clean_image(picture("PNG") + b"<script>alert(1)</script>").content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a JPEG, PNG or WebP"),
        (b"", "not a JPEG, PNG or WebP"),
        (b"GIF89a" + b"\0" * 40, "not a JPEG, PNG or WebP"),
        (picture("PNG")[:60], "not a JPEG, PNG or WebP"),
        (b"%PDF-1.7", "not a JPEG, PNG or WebP"),
        (moving(), "moves"),
        (b"\xff" * (20 * 1024 * 1024 + 1), "more than 20 MB"),
        (picture("PNG", (8000, 5001)), "more than 40 megapixels"),
    ],
    ids=["svg", "empty", "gif", "cut", "pdf", "moving", "large", "pixels"],
)
def test_what_is_no_still_picture_is_refused_with_the_reason(content, said):
    with pytest.raises(Invalid, match=said) as caught:
        clean_image(content)
    assert list(caught.value.details) == ["images"]


# --- Versions ---------------------------------------------------------------------------------------------------------
def test_images_make_a_version_and_the_next_one_has_them_too(item):
    first = item.current_revision
    revise_item(item=item, actor=SYSTEM, base=1, images=[NewImage(picture(), "A lamp"), NewImage(picture("JPEG"), "")])
    assert alts(item) == ["A lamp", ""]
    assert images_of(first.pk) == []
    assert text_of(item.current_revision) == text_of(first)
    revise_item(item=item, actor=SYSTEM, base=2, text=make_text("The other lamp"))
    assert alts(item) == ["A lamp", ""]
    two, three = ([image.file.name for image in images_of(each.pk)] for each in item.revisions.order_by("-number")[:2])
    assert two == three
    assert [default_storage.exists(name) for name in two] == [True, True]


def test_order_words_and_removal_are_edits(item):
    new = [NewImage(picture(colour=colour), colour) for colour in ("red", "green", "blue")]
    revise_item(item=item, actor=SYSTEM, base=1, images=new)
    item.refresh_from_db()
    red, _green, blue = images_of(item.current_revision_id)
    images = [KeptImage(blue.pk, "A blue door"), KeptImage(red.pk, "red"), NewImage(picture("WEBP"), "new")]
    revise_item(item=item, actor=SYSTEM, base=2, images=images)
    assert alts(item) == ["A blue door", "red", "new"]
    assert [label for label, _changes in diff_to_previous(item.current_revision)] == ["Images"]


def test_an_approved_item_is_reviewed_again_when_its_images_change(in_workspace, actor):
    item = make_item(in_workspace, state="ready", format=Item.Format.TEXT)
    revise_item(item=item, actor=actor("editor"), base=1, images=[NewImage(picture())])
    item.refresh_from_db()
    assert (item.state, item.approved_revision, item.current_revision.number) == ("in_review", None, 2)


def test_nothing_is_written_when_one_image_cannot_be_used(item, actor):
    with pytest.raises(Invalid):
        revise_item(item=item, actor=actor("editor"), base=1, images=[NewImage(picture()), NewImage(b"no")])
    with pytest.raises(Conflict, match="Somebody saved version 1"):
        revise_item(item=item, actor=actor("editor"), base=7, images=[NewImage(picture())])
    with pytest.raises(Invalid, match="At most 10 images"):
        revise_item(item=item, actor=actor("editor"), base=1, images=[NewImage(picture())] * (MOST + 1))
    item.refresh_from_db()
    assert item.current_revision.number == 1


def test_another_items_image_cannot_be_taken_by_its_number(item, in_workspace):
    other = make_item(in_workspace, format=Item.Format.TEXT)
    revise_item(item=other, actor=SYSTEM, base=1, images=[NewImage(picture())])
    other.refresh_from_db()
    [theirs] = images_of(other.current_revision_id)
    with pytest.raises(Invalid, match="not in this version any more"):
        revise_item(item=item, actor=SYSTEM, base=1, images=[KeptImage(theirs.pk)])


# --- API and page -----------------------------------------------------------------------------------------------------
def upload(client: Client, item: Item, email: str, **data):
    keys = {"email": email, "password": PASSWORD}
    access = client.post("/api/v1/auth/token", keys, content_type="application/json").json()["access"]
    headers = {"Authorization": f"Bearer {access}", "X-Workspace": item.workspace.slug}
    return client.post(f"/api/v1/items/{item.pk}/images", data, headers=headers)


def test_an_image_is_added_over_the_api(client, item, member):
    email = member("editor").email
    file = SimpleUploadedFile("lamp.svg", picture("JPEG"), "image/svg+xml")  # what it is called does not matter
    answer = upload(client, item, email, file=file, base=1, alt="A lamp")
    assert answer.status_code == 201, answer.content
    [image] = answer.json()["assets"]
    assert (image["kind"], image["alt"], image["position"]) == ("image", "A lamp", 0)
    assert image["bytes"] == images_of(item.revisions.first().pk)[0].bytes
    refused = upload(client, item, email, file=SimpleUploadedFile("x.png", b"<svg/>"), base=2)
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        {"images": ["This is not a JPEG, PNG or WebP picture."]},
    )


def test_images_are_ordered_and_described_over_the_api(item, call):
    revise_item(item=item, actor=SYSTEM, base=1, images=[NewImage(picture()), NewImage(picture("JPEG"))])
    item.refresh_from_db()
    one, two = images_of(item.current_revision_id)
    body = {"base": 2, "images": [{"id": two.pk, "alt": "Second"}, {"id": one.pk, "alt": "First"}]}
    answer = call()("put", f"/items/{item.pk}/images", body)
    assert [each["alt"] for each in answer.json()["assets"]] == ["Second", "First"]
    assert call()("put", f"/items/{item.pk}/images", body).status_code == 409


def test_images_are_edited_on_a_page(client, item, member):
    client.force_login(member("editor"))
    address = f"/w/{item.workspace.slug}/items/{item.pk}/images/"
    files = [SimpleUploadedFile(f"{n}.png", picture(colour=colour)) for n, colour in enumerate(("red", "blue"))]
    client.post(address, {"base": 1, "file": files})
    item.refresh_from_db()
    red, blue = images_of(item.current_revision_id)
    changed = {"base": 2, f"alt-{red.pk}": "Red", f"place-{red.pk}": 2, f"alt-{blue.pk}": "Blue", f"place-{blue.pk}": 1}
    assert client.post(address, changed)["Location"] == f"/w/{item.workspace.slug}/items/{item.pk}/"
    assert alts(item) == ["Blue", "Red"]
    page = client.get(f"/w/{item.workspace.slug}/items/{item.pk}/").content.decode()
    assert page.index('alt="Blue"') < page.index('alt="Red"')
    [blue, red] = images_of(item.current_revision_id)
    client.post(address, {"base": 3, "remove": [blue.pk], f"alt-{red.pk}": "Red"})
    assert alts(item) == ["Red"]
    refused = client.post(address, {"base": 4, "file": SimpleUploadedFile("x.png", b"no")})
    assert refused.status_code == 422
    assert "not a JPEG, PNG or WebP picture" in refused.content.decode()
    assert alts(item) == ["Red"]


def test_images_are_edited_in_the_admin(client, item, member):
    client.force_login(member("editor"))
    client.get(f"/w/{item.workspace.slug}/")  # the admin works in the workspace last visited
    at = f"/admin/content/item/{item.pk}/"
    assert f'href="{at}images/"' in client.get(f"{at}change/").content.decode()
    file = SimpleUploadedFile("waves.png", picture(), "image/png")
    client.post(f"{at}images/", {"base": "1", "file": file, "alt": "Waves at dusk"})
    assert alts(item) == ["Waves at dusk"]
    (image,) = images_of(item.current_revision_id)
    page = client.get(f"{at}images/").content.decode()
    assert "Waves at dusk</textarea>" in page
    stale = client.post(f"{at}images/", {"base": "1", f"alt-{image.pk}": "Late"})
    assert (stale.status_code, alts(item)) == (409, ["Waves at dusk"])
    client.post(f"{at}images/", {"base": "2", f"alt-{image.pk}": "Waves"})
    assert alts(item) == ["Waves"]
    (image,) = images_of(item.current_revision_id)
    client.post(f"{at}images/", {"base": "3", "remove": image.pk})
    assert (alts(item), item.current_revision.number) == ([], 4)


def test_who_only_reads_changes_no_images_in_the_admin(client, item, member):
    client.force_login(member("analyst"))
    client.get(f"/w/{item.workspace.slug}/")
    file = SimpleUploadedFile("waves.png", picture(), "image/png")
    answer = client.post(f"/admin/content/item/{item.pk}/images/", {"base": "1", "file": file, "alt": "Waves"})
    assert (answer.status_code, alts(item)) == (403, [])
