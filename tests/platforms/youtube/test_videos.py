"""What is on the channel afterwards, and what is said before anything is sent."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.common.errors import AdapterError
from apps.common.errors import NotFound as Gone
from apps.platforms.base import Connection, Identity, NeedsLogin, Problem, PublishRequest, PublishResult
from apps.platforms.shape import shape_of
from apps.platforms.youtube.adapter import YoutubePlatform, tags_length
from tests.conformance.platform import Heard
from tests.platforms.posts import file_of, image, mp4
from tests.servers.youtube_server import YouTube, error

APost = Callable[..., PublishRequest]
CAPTIONS = b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves.\n"


def test_a_video_arrives_whole_with_all_that_belongs_to_it(platform, a_post: APost, youtube: YouTube) -> None:
    thumbnail = image()
    request = a_post(
        title="തിരമാലകൾ & wind",
        text="A day at sea.\n\nhttps://example.org/a?b=1",
        hashtags=("sea", "Night"),
        language="ml",
        thumbnail=thumbnail,
        captions=file_of(CAPTIONS, "text/vtt"),
        settings={
            "privacy": "unlisted",
            "category": "17",
            "made_for_kids": "yes",
            "notify": "no",
            "synthetic": "yes",
            "playlist": " PL1 ",
        },
    )
    heard = Heard()
    assert platform.publish(request, heard) == PublishResult(
        "video000001", "https://www.youtube.com/watch?v=video000001"
    )
    video = youtube.videos["video000001"]
    assert video["content"] == request.video.open().read()
    video["snippet"].pop("publishedAt")
    assert video["snippet"] == {
        "title": "തിരമാലകൾ & wind",
        "description": "A day at sea.\n\nhttps://example.org/a?b=1\n\n#sea #Night",
        "tags": ["sea", "Night"],
        "categoryId": "17",
        "defaultLanguage": "ml",
        "defaultAudioLanguage": "ml",
    }
    assert video["status"] == {
        "privacyStatus": "unlisted",
        "selfDeclaredMadeForKids": True,
        "containsSyntheticMedia": True,
        "uploadStatus": "uploaded",
    }
    assert video["params"]["notifySubscribers"] == "false"
    assert video["thumbnail"] == thumbnail.open().read()
    assert video["captions"] == ("ml", CAPTIONS)
    assert video["playlists"] == ["PL1"]
    size = request.video.size
    assert [handle.partition("#")[0] for handle in heard.handles] == [
        f"{youtube.url}/upload/youtube/v3/videos?uploadType=resumable&part=snippet%2Cstatus"
        "&notifySubscribers=false&upload_id=session1"
    ]
    assert heard.progressed == [(262_144, size), (524_288, size), (size, size)]
    assert youtube.ranges == [
        f"bytes 0-262143/{size}",
        f"bytes 262144-524287/{size}",
        f"bytes 524288-{size - 1}/{size}",
    ]
    assert heard.kept == {}


def test_what_follows_the_upload_may_fail_and_is_noted(platform, a_post: APost, youtube: YouTube) -> None:
    youtube.will("POST /upload/youtube/v3/thumbnails/set", error(403, "forbidden", "Verify the phone number first."))
    youtube.will("POST /upload/youtube/v3/captions", error(403, "quotaExceeded", "Used up."))
    youtube.will("POST /youtube/v3/playlistItems", error(404, "playlistNotFound", "No such playlist."))
    heard = Heard()
    captions = file_of(CAPTIONS, "text/vtt")
    request = a_post(thumbnail=image(), captions=captions, settings={"playlist": "PL0"})
    assert platform.publish(request, heard).external_id == "video000001"
    assert heard.kept == {
        "thumbnail.txt": b"YouTube refused: Verify the phone number first.",
        "captions.txt": b"The app's YouTube quota for today is used up.",
        "playlist.txt": b"YouTube refused: No such playlist.",
    }


def test_a_thumbnail_that_is_too_large_is_left_out(platform, a_post: APost, youtube: YouTube) -> None:
    heard = Heard()
    platform.publish(a_post(thumbnail=file_of(bytes(2**21 + 1), "image/jpeg")), heard)
    assert heard.kept == {"thumbnail.txt": b"The thumbnail is larger than 2 MB; YouTube shows a frame of the video."}
    assert not any("thumbnails" in call for call in youtube.calls)


def test_a_video_that_youtube_keeps_private_is_noted(platform, a_post: APost, youtube: YouTube) -> None:
    youtube.locked_private = True
    heard = Heard()
    platform.publish(a_post(), heard)
    assert heard.kept == {"privacy.txt": b"YouTube keeps videos private until it has audited the app."}


@pytest.mark.parametrize(
    ("content", "fields", "description"),
    [
        (mp4(1080, 1920), {}, "Waves.\n\n#Shorts"),
        (mp4(1080, 1080), {"hashtags": ("sea",)}, "Waves.\n\n#sea #Shorts"),
        (mp4(1920, 1080, turned=True), {}, "Waves.\n\n#Shorts"),
        (mp4(1920, 1080), {}, "Waves."),
        (mp4(1080, 1920), {"duration": 181.0}, "Waves."),
        (mp4(1080, 1920), {"settings": {"shorts": "no"}}, "Waves."),
        (mp4(1080, 1920), {"hashtags": ("Shorts",)}, "Waves.\n\n#Shorts"),
        (mp4(1080, 1920), {"text": "x" * 4995}, "x" * 4995),
        (b"no video at all", {}, "Waves."),
    ],
)
def test_short_upright_videos_are_marked(platform, a_post: APost, youtube, content, fields, description) -> None:
    result = platform.publish(a_post(**{"video": file_of(content, "video/mp4"), **fields}), Heard())
    assert youtube.videos[result.external_id]["snippet"]["description"] == description


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (mp4(1080, 1920, wide_box=True), (1080, 1920)),
        (mp4(1920, 1080, turned=True), (1080, 1920)),
        (mp4(0, 0), None),
        (mp4(1080, 1920)[:-20], None),
        (struct.pack(">I4s", 3, b"moov"), None),
        (struct.pack(">I4s", 0, b"moov") + bytes(20), None),
        (b"", None),
    ],
)
def test_the_shape_of_a_video_is_read_from_its_headers(content: bytes, shape: tuple[int, int] | None) -> None:
    assert shape_of(file_of(content, "video/mp4")) == shape


def test_the_shape_of_a_real_video(tmp_path) -> None:
    import subprocess

    import imageio_ffmpeg

    path = tmp_path / "v.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=s=90x160:d=0.2", str(path)]
    subprocess.run(command, check=True)
    assert shape_of(file_of(path.read_bytes(), "video/mp4")) == (90, 160)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"title": " "}, [Problem("title", "A video needs a title.")]),
        ({"title": "a < b"}, [Problem("title", "YouTube allows neither < nor >.")]),
        ({"text": "a > b"}, [Problem("text", "YouTube allows neither < nor >.")]),
        ({"has_video": False}, [Problem("video", "This platform needs a video.")]),
        ({"text": "ക" * 1667}, [Problem("text", "The text takes 5001 bytes; at most 5000 fit.")]),
        ({"text": "ക" * 1666}, []),
        ({"title": "😀" * 50}, []),
        ({"title": "😀" * 51}, [Problem("title", "102 characters are too many; at most 100 fit.")]),
        ({"hashtags": tuple(f"{i:049}" for i in range(10))}, []),
        (
            {"hashtags": tuple(f"{i:050}" for i in range(10))},
            [Problem("hashtags", "The hashtags take 509 characters together; at most 500 fit.")],
        ),
    ],
)
def test_a_draft_is_judged_before_anyone_schedules_it(platform, a_post: APost, changes, problems) -> None:
    assert platform.validate(replace(a_post().draft, **changes)) == problems


def test_tags_count_with_their_commas_and_quotes() -> None:
    assert [tags_length(tags) for tags in ((), ("a",), ("a", "b"), ("a b", "c"))] == [0, 1, 3, 7]


def test_a_channel_belongs_to_the_login(platform, credentials) -> None:
    url = "https://www.youtube.com/channel/UC123"
    assert platform.check(Connection("me", credentials)) == Identity("@seaday", "A day at sea", url)


def test_an_account_without_a_channel_is_told_so(platform, credentials, youtube: YouTube) -> None:
    youtube.channels = 0
    with pytest.raises(NeedsLogin, match="no YouTube channel"):
        platform.check(Connection("me", credentials))


def test_a_video_is_counted_until_it_is_gone(platform, credentials, a_post: APost) -> None:
    number = platform.publish(a_post(), Heard()).external_id
    assert platform.read_metrics(Connection("me", credentials), number) == {"views": 120, "likes": 7, "comments": 3}
    with pytest.raises(Gone):
        platform.read_metrics(Connection("me", credentials), "gone")


def test_a_post_without_a_video_is_refused(platform: YoutubePlatform, a_post: APost) -> None:
    with pytest.raises(AdapterError, match="needs a video") as caught:
        platform.publish(a_post(video=None), Heard())
    assert caught.value.permanent
