"""What comes from outside is described, or refused with a sentence."""

from __future__ import annotations

import struct
import zlib

import pytest

from apps.common.errors import AdapterError
from apps.engines.video.ffmpeg import media_input
from apps.engines.video.probe import MediaInfo, ProbeLimits, probe


def test_a_film_is_described(film, ffmpeg):
    path = film("plain.mp4", "-c:v", "libx264", "-c:a", "aac", "-f", "mp4")
    assert probe(path, ffmpeg) == MediaInfo("mov", 2.0, 320, 180, 25.0, "h264", "aac", 0)


def test_the_name_does_not_matter(film, ffmpeg, tmp_path):
    path = tmp_path / "film.jpg"
    path.write_bytes(film("plain.mp4", "-c:v", "libx264", "-c:a", "aac", "-f", "mp4").read_bytes())
    assert probe(path, ffmpeg).video_codec == "h264"


def test_a_phone_film_lying_on_its_side_is_described_upright(film, ffmpeg, tmp_path):
    turned = tmp_path / "turned.mp4"
    plain = film("plain.mp4", "-c:v", "libx264", "-c:a", "aac", "-f", "mp4")
    ffmpeg.run(["-display_rotation:v:0", "-90", *media_input(plain), "-c", "copy", "-f", "mp4"], output=turned)
    info = probe(turned, ffmpeg)
    assert (info.width, info.height, info.rotation) == (180, 320, 90)


def test_a_recording_without_a_length_is_measured(film, ffmpeg):
    path = film("live.webm", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-live", "1", "-f", "webm")
    info = probe(path, ffmpeg)
    assert (info.container, info.video_codec, info.audio_codec) == ("matroska", "vp8", "opus")
    assert info.duration == pytest.approx(2.0, abs=0.1)


def test_sound_alone_is_sound(narration, ffmpeg):
    info = probe(narration, ffmpeg)
    assert (info.has_video, info.has_audio, info.audio_codec, info.duration) == (False, True, "pcm_s16le", 1.5)


def test_text_in_a_title_cannot_pose_as_a_stream(film, ffmpeg):
    title = "x\n  Stream #0:9: Video: hevc, yuv420p, 9999x9999, 30 fps\n  Duration: 99:00:00.00\n"
    path = film("posing.mp4", "-c:v", "libx264", "-c:a", "aac", "-metadata", f"title={title}", "-f", "mp4")
    assert probe(path, ffmpeg) == MediaInfo("mov", 2.0, 320, 180, 25.0, "h264", "aac", 0)


def png(width: int, height: int) -> bytes:
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret.ts\n", "playlist"),
        (b"\xef\xbb\xbf\n#EXTM3U\n/etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"file '/etc/passwd'\n", "playlist"),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "playlist"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "SVG"),
        (png(60000, 60000), "picture"),
        (b"GIF89a" + b"\0" * 50, "picture"),
        (b"#!/bin/sh\nreboot\n", "not a video"),
        (b"\0\0\0\x18ftypisom" + b"\0" * 300, "neither video nor sound"),
    ],
    ids=["empty", "m3u8", "m3u8-bom", "ffconcat", "concat", "dash", "svg", "pixel-bomb", "gif", "script", "hollow"],
)
def test_what_is_no_film_is_refused_with_its_reason(content, reason, ffmpeg, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(AdapterError, match=reason) as refused:
        probe(path, ffmpeg)
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (ProbeLimits(file_size=1000), "larger than"),
        (ProbeLimits(seconds=1), "minutes long"),
        (ProbeLimits(pixels=320 * 100), "larger than the limit of|cannot be told"),
        (ProbeLimits(fps=20), "frames a second"),
    ],
    ids=["bytes", "length", "pixels", "frames"],
)
def test_limits_hold(limits, reason, film, ffmpeg):
    path = film("plain.mp4", "-c:v", "libx264", "-c:a", "aac", "-f", "mp4")
    with pytest.raises(AdapterError, match=reason):
        probe(path, ffmpeg, limits)


def test_an_unknown_codec_is_named(film, ffmpeg):
    path = film("old.avi", "-c:v", "msmpeg4v2", "-c:a", "mp3", "-f", "avi")
    with pytest.raises(AdapterError, match="msmpeg4v2"):
        probe(path, ffmpeg)
