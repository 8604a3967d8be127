"""A clip becomes a vertical video: its own picture and sound, captions over it, one ffmpeg pass.

What is not 9:16 stands whole in the middle, over itself, enlarged and blurred. A film that fits already and gets no
captions is not encoded again: its streams are copied, without what cameras write beside them (places, devices, names).
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from PIL import Image

from apps.common.errors import AdapterError

from .compose import Preset
from .ffmpeg import FFmpeg, Limits, OnProgress, ShouldStop, media_input
from .frame import BT709, FPS, HEIGHT, THREADS, WIDTH
from .keys import content_key
from .lettering import ass_filter
from .probe import MediaInfo, forced, probe

TONES = "out_color_matrix=bt709:out_range=tv"
LOUDNESS = "loudnorm=I=-14:TP=-1.5:LRA=11,aresample=48000"
STILL_LIMITS = Limits(wall_seconds=60, stall_seconds=60, cpu_seconds=60)
# A frame this much off 9:16 is filled instead of framed: nobody sees the strip that is lost.
NEARLY = 0.03
COPIED_PICTURE, COPIED_SOUND = "h264", frozenset({"aac", ""})
HDR = frozenset({"smpte2084", "arib-std-b67"})
TO_SDR = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:param=0.5:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p,"
)


@dataclass(frozen=True)
class ClipRequest:
    """source: the clip, source_key: its SHA-256; info: what `probe` said of it. captions: an ASS file, or None."""

    source: Path
    source_key: str
    info: MediaInfo
    captions: Path | None
    captions_key: str
    fonts_dir: Path | None
    preset: Preset

    @property
    def is_copy(self) -> bool:
        """Whether the streams are good as they are."""
        info = self.info
        return (
            self.captions is None
            and self.preset.scale == 1
            and (info.width, info.height, info.rotation) == (WIDTH, HEIGHT, 0)
            and info.video_codec == COPIED_PICTURE
            and info.pixel_format == "yuv420p"
            and info.audio_codec in COPIED_SOUND
            and info.fps <= 60
        )


@dataclass(frozen=True)
class ClipResult:
    path: Path
    key: str
    duration: float
    width: int
    height: int
    copied: bool


def clip_key(request: ClipRequest) -> str:
    """The content key of the file that a request makes."""
    preset = request.preset
    made = "copy" if request.is_copy else [preset.name, preset.scale, preset.x264, preset.audio_bitrate, LOUDNESS]
    return content_key("clip", source=request.source_key, captions=request.captions_key, made=made)


def produce_clip(
    request: ClipRequest,
    *,
    out: Path,
    ffmpeg: FFmpeg,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> ClipResult:
    """Make the finished file at `out`; it appears only when it is whole. Raises Stopped and AdapterError."""
    arguments = _copy(request) if request.is_copy else _encode(request)
    ffmpeg.run(arguments, output=out, duration=request.info.duration, on_progress=on_progress, should_stop=should_stop)
    made = probe(out, ffmpeg)
    return ClipResult(out, clip_key(request), made.duration, made.width, made.height, request.is_copy)


def still(source: Path, info: MediaInfo, *, ffmpeg: FFmpeg, fitted: bool = False) -> Image.Image:
    """A frame from the clip's first third, upright; fitted: as the finished video shows it, 1080x1920.

    Raises AdapterError(permanent=True) for a film that cannot be decoded.
    """
    graph = f"[0:v:0]{_fit(info, WIDTH, HEIGHT)}" if fitted else "[0:v:0]setsar=1"
    with tempfile.TemporaryDirectory(prefix="still-") as folder:
        picture = Path(folder) / "still.png"
        # Near the beginning of a short film, and never behind the last frame of one whose length is told wrong.
        for at in (min(info.duration / 3, 10.0), 0.0):
            options = ["-ss", f"{at:.3f}", *forced(info.container)]
            end = ["-frames:v", "1", "-an", "-sn", "-c:v", "png", "-f", "image2", "-update", "1"]
            try:
                ffmpeg.run(
                    [*media_input(source, *options), "-filter_complex", f"{graph},{_tones(info)}format=rgb24", *end],
                    output=picture,
                    limits=STILL_LIMITS,
                )
                break
            except AdapterError as error:
                if at == 0.0 or not error.permanent:
                    raise AdapterError(
                        _("No picture of this video can be decoded: it is damaged."),
                        permanent=True,
                        hint=_("Save it again as MP4, with H.264."),
                        log=error.details.get("log", ""),
                    ) from error
        with Image.open(picture) as image:
            return image.convert("RGB")


def _copy(request: ClipRequest) -> list[str]:
    return [
        *media_input(request.source, *forced(request.info.container)),
        *("-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", *_CLEAN, "-movflags", "+faststart", "-f", "mp4"),
    ]


_CLEAN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")


def _encode(request: ClipRequest) -> list[str]:
    info, preset = request.info, request.preset
    width, height = preset.size
    rate = min(FPS * 2, round(info.fps)) if info.fps > 40 and preset.scale == 1 else FPS
    burn = f",{ass_filter(request.captions, request.fonts_dir)}" if request.captions else ""
    tags = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    picture = f"[0:v:0]{_tones(info)}fps={rate},{_fit(info, width, height)}{burn},{tags},format=yuv420p[picture]"
    sound = ["-filter_complex", f"[0:a:0]{LOUDNESS}[sound]", "-map", "[sound]"] if info.has_audio else []
    frames = max(1, math.ceil(info.duration * rate))
    return [
        *media_input(request.source, *forced(info.container)),
        *("-filter_complex_threads", "2", "-filter_complex", picture, "-map", "[picture]", *sound),
        *("-frames:v", str(frames + rate), "-r", str(rate), *_CLEAN),
        *("-c:v", "libx264", *preset.x264, "-pix_fmt", "yuv420p", "-g", str(rate * 2), "-threads", THREADS, *BT709),
        *(("-c:a", "aac", "-b:a", preset.audio_bitrate, "-ac", "2", "-ar", "48000") if info.has_audio else ()),
        *("-movflags", "+faststart", "-f", "mp4"),
    ]


def _tones(info: MediaInfo) -> str:
    """Phones film in high dynamic range, which looks grey where it is not brought down."""
    return TO_SDR if info.transfer in HDR else ""


def _fit(info: MediaInfo, width: int, height: int) -> str:
    """The frame filled where the clip is about 9:16, else the clip whole over a blurred copy of itself."""
    wanted, shape = width / height, info.width / info.height
    fill = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic:{TONES},crop={width}:{height}"
    if abs(shape / wanted - 1) <= NEARLY:
        return f"{fill},setsar=1"
    # Blurred small and enlarged: as soft as a blur of the whole frame, for a sixteenth of the work.
    small = f"{width // 4 // 2 * 2}:{height // 4 // 2 * 2}"
    behind = (
        f"scale={small}:force_original_aspect_ratio=increase:flags=bilinear:{TONES},crop={small},"
        f"boxblur=12:2,eq=brightness=-0.12:saturation=0.85,scale={width}:{height}:flags=bilinear,setsar=1"
    )
    whole = f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic:{TONES}"
    return (
        f"split[one][two];[one]{behind}[behind];[two]{whole},setsar=1[whole];"
        "[behind][whole]overlay=(W-w)/2:(H-h)/2:format=yuv420"
    )
