"""Looks at a file from outside before anything trusts it.

The container is told from the first bytes, never from the name; ffmpeg is then forced to that one demuxer, so
playlists (which open other files and addresses), scripts and pictures never reach a parser. The packaged ffmpeg has no
ffprobe, and its own description of an input has kept one form for years: that is what is read here. PyAV would be a
second copy of the same demuxers, which need not agree with the ffmpeg that renders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

from .ffmpeg import FFmpeg, Limits, media_input

HEAD = 4096
VIDEO_CODECS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "prores", "mjpeg", "dnxhd", "ffv1"}
)
AUDIO_CODECS = frozenset({"aac", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "eac3", "mp2", "amr_nb", "amr_wb"})
STREAM = re.compile(r"^  Stream #0:(\d+)\S*: (Video|Audio): (\w+)(.*)$", re.MULTILINE)
DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
ROTATION = re.compile(r"^ {6,}display ?matrix: rotation of (-?\d+(?:\.\d+)?) degrees", re.MULTILINE | re.IGNORECASE)
SIZE = re.compile(r", (\d{1,6})x(\d{1,6})[ ,]")
PIXELS = re.compile(r"^ ?\([^)]*\)(?: \([^)]*\))?, (\w+)|^, (\w+)")
TRANSFER = re.compile(r"\b(smpte2084|arib-std-b67)\b")
FPS = re.compile(r", (\d+(?:\.\d+)?)(k?) (?:fps|tbr)")


@dataclass(frozen=True)
class ProbeLimits:
    """The largest file that is let in. Bytes, seconds, pixels of one frame."""

    file_size: int = 4 * 1024**3
    seconds: float = 4 * 3600
    pixels: int = 4096 * 2304
    fps: float = 240


@dataclass(frozen=True)
class MediaInfo:
    """What a media file holds. Width and height are as shown, with the rotation (clockwise degrees) applied."""

    container: str  # the ffmpeg demuxer that reads it
    duration: float
    width: int
    height: int
    fps: float
    video_codec: str  # "" when there is only sound
    audio_codec: str  # "" when there is no sound
    rotation: int
    pixel_format: str = field(default="", compare=False)  # as ffmpeg names it, such as yuv420p
    transfer: str = field(default="", compare=False)  # the curve of its tones: smpte2084 and arib-std-b67 are HDR

    @property
    def has_audio(self) -> bool:
        return bool(self.audio_codec)

    @property
    def has_video(self) -> bool:
        return bool(self.video_codec)


def probe(path: Path, ffmpeg: FFmpeg, limits: ProbeLimits | None = None) -> MediaInfo:
    """Describe a media file, or refuse it with an AdapterError(permanent=True) that names the reason."""
    limits = limits or ProbeLimits()
    container = sniff(path, limits)
    asked = [*forced(container), "-max_pixels", str(limits.pixels)]
    text = ffmpeg.inspect(media_input(path, *asked), limits=Limits(wall_seconds=30, stall_seconds=30, cpu_seconds=20))
    info = _described(text, container)
    if not info.duration:
        info = _with_counted_duration(info, path, ffmpeg)
    _refuse_unsuitable(info, limits)
    return info


def forced(container: str) -> list[str]:
    """Input options that hold ffmpeg to one demuxer and keep that one from following references to other files."""
    return ["-f", container, *(["-enable_drefs", "0"] if container == "mov" else [])]


def sniff(path: Path, limits: ProbeLimits) -> str:
    """The demuxer for a file, from its first bytes; refuse what is not a self-contained film or sound."""
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            head = handle.read(HEAD)
    except OSError as error:
        raise refusal(_("The file cannot be read: %(reason)s.") % {"reason": error.strerror}) from error
    if not size:
        raise refusal(_("The file is empty."))
    if size > limits.file_size:
        raise _too_much(
            _("The file is larger than %(size)s MB, the limit.") % {"size": f"{limits.file_size / 1024**2:.0f}"}
        )
    container = _container(head)
    if container:
        return container
    raise refusal(_why_not(head))


def refusal(sentence: str, hint: str = "") -> AdapterError:
    return AdapterError(sentence, permanent=True, hint=hint or _("Use an MP4, MOV, WebM or MKV video."))


def _too_much(sentence: str) -> AdapterError:
    return refusal(sentence, _("Cut it shorter, or make it smaller."))


def _container(head: bytes) -> str:
    riff = head[8:12] if head[:4] == b"RIFF" else b""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"} and head[8:12] not in {b"avif", b"avis", b"heic", b"mif1"}:
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if riff in {b"AVI ", b"WAVE"}:
        return "avi" if riff == b"AVI " else "wav"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "mpegts"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] in {b"\xfb", b"\xf3", b"\xf2"}):
        return "mp3"
    return ""


def _why_not(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    if text.startswith((b"#extm3u", b"ffconcat", b"[playlist]", b"file ")) or b"<mpd" in text or b"<smil" in text:
        return _("This is a playlist: it names other files and holds no video itself.")
    if b"<svg" in text:
        return _("This is an SVG drawing, not a video.")
    pictures = (b"\x89png", b"\xff\xd8\xff", b"gif8", b"bm", b"ii*\x00", b"mm\x00*")
    if text.startswith(pictures) or head[8:12] in {b"WEBP", b"avif", b"avis", b"heic", b"mif1"}:
        return _("This is a picture, not a video.")
    return _("This is not a video or sound file that Rundown knows.")


def _described(text: str, container: str) -> MediaInfo:
    described = text.partition("\nOutput #")[0]
    video = audio = width = height = 0
    video_codec = audio_codec = pixel_format = transfer = ""
    fps = 0.0
    for match in STREAM.finditer(described):
        _number, kind, codec, rest = match.groups()
        if kind == "Video" and not video and "(attached pic)" not in rest:
            video, video_codec = 1, codec
            size, rate = SIZE.search(rest + " "), FPS.search(rest)
            width, height = (int(size.group(1)), int(size.group(2))) if size else (0, 0)
            fps = float(rate.group(1)) * (1000 if rate.group(2) else 1) if rate else 0.0
            pixels, curve = PIXELS.search(rest), TRANSFER.search(rest)
            pixel_format = (pixels.group(1) or pixels.group(2)) if pixels else ""
            transfer = curve.group(1) if curve else ""
        elif kind == "Audio" and not audio:
            audio, audio_codec = 1, codec
    turned = ROTATION.search(described)
    rotation = round(-float(turned.group(1))) % 360 if turned else 0
    if rotation in (90, 270):
        width, height = height, width
    length = DURATION.search(described)
    hours, minutes, seconds = (float(part) for part in length.groups()) if length else (0.0, 0.0, 0.0)
    duration = hours * 3600 + minutes * 60 + seconds
    return MediaInfo(
        container, duration, width, height, fps, video_codec, audio_codec, rotation, pixel_format, transfer
    )


def _with_counted_duration(info: MediaInfo, path: Path, ffmpeg: FFmpeg) -> MediaInfo:
    """Some recorders write no duration; reading the packets without decoding them tells it."""
    if not (info.has_video or info.has_audio):
        return info
    counted = ffmpeg.run(
        [*media_input(path, *forced(info.container)), "-map", "0", "-c", "copy", "-f", "null", "-"],
        limits=Limits(wall_seconds=120, stall_seconds=60, cpu_seconds=60),
    )
    return replace(info, duration=counted.media_seconds)


def _refuse_unsuitable(info: MediaInfo, limits: ProbeLimits) -> None:
    if not (info.has_video or info.has_audio):
        raise refusal(_("The file holds neither video nor sound, or is damaged."))
    if info.has_video and info.video_codec not in VIDEO_CODECS:
        raise refusal(_("The video is coded as %(codec)s, which is not supported.") % {"codec": info.video_codec})
    if info.has_audio and not (info.audio_codec in AUDIO_CODECS or info.audio_codec.startswith("pcm_")):
        raise refusal(_("The sound is coded as %(codec)s, which is not supported.") % {"codec": info.audio_codec})
    if info.has_video and not (info.width and info.height):
        raise refusal(_("The video's size cannot be told: the file is damaged."))
    if info.width * info.height > limits.pixels:
        raise _too_much(
            _("A frame of %(width)sx%(height)s is larger than the limit of %(pixels)s pixels.")
            % {"width": info.width, "height": info.height, "pixels": f"{limits.pixels:,}"}
        )
    if info.fps > limits.fps:
        raise _too_much(
            _("The video has %(fps)s frames a second; the limit is %(limit)s.")
            % {"fps": f"{info.fps:.0f}", "limit": f"{limits.fps:.0f}"}
        )
    if not info.duration:
        raise refusal(_("The file's length cannot be told: it is damaged or still being written."))
    if info.duration > limits.seconds:
        raise _too_much(
            _("The file is %(minutes)s minutes long; the limit is %(limit)s.")
            % {"minutes": f"{info.duration / 60:.0f}", "limit": f"{limits.seconds / 60:.0f}"}
        )
