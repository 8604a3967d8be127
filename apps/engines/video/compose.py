"""One part, one ffmpeg process: background, cards, captions and narration become the finished file.

Nothing of the video passes through Python. The request is frozen and has a content key, so a caller can tell whether
the file it already has is the one it would make.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

from .backgrounds import BackgroundPlan
from .cards import Card
from .ffmpeg import FFmpeg, OnProgress, ShouldStop, media_input
from .frame import BT709, FPS, HEIGHT, THREADS, WIDTH
from .keys import content_key, file_key
from .lettering import ass_filter
from .probe import probe

FADE_IN, FADE_OUT, RISE = 0.25, 0.3, 36  # seconds, seconds, pixels a card rises while it appears
TONES = "out_color_matrix=bt709:out_range=tv"


@dataclass(frozen=True)
class Preset:
    """How a file is encoded. scale divides the frame's width and height."""

    name: str
    scale: int
    x264: tuple[str, ...]
    audio_bitrate: str

    @property
    def size(self) -> tuple[int, int]:
        return WIDTH // self.scale, HEIGHT // self.scale


FINAL = Preset("final", 1, ("-preset", "veryfast", "-crf", "20", "-profile:v", "high"), "192k")
PREVIEW = Preset("preview", 2, ("-preset", "ultrafast", "-crf", "26"), "96k")


@dataclass(frozen=True)
class TimedCard:
    """A card shown from start to end, in seconds of the part."""

    card: Card
    start: float
    end: float


@dataclass(frozen=True)
class ComposeRequest:
    """Everything one finished part is made of.

    narration: a WAV of narration_seconds. tail: seconds of picture after the last word. captions: an ASS file, or None.
    fonts_dir: fonts for the captions besides the system's. bar: the progress bar, or None.
    """

    background: BackgroundPlan
    narration: Path
    narration_seconds: float
    captions: Path | None
    tail: float = 0.8
    cards: tuple[TimedCard, ...] = ()
    bar: Card | None = None
    fonts_dir: Path | None = None
    preset: Preset = FINAL

    @property
    def frames(self) -> int:
        return math.ceil((self.narration_seconds + self.tail) * FPS - 1e-6)

    @property
    def duration(self) -> float:
        """Length of the finished part: narration and tail, to the next whole frame."""
        return self.frames / FPS


@dataclass(frozen=True)
class ComposeResult:
    """The finished file. key: of the request. cpu_seconds: what ffmpeg used."""

    path: Path
    key: str
    duration: float
    width: int
    height: int
    size_bytes: int
    cpu_seconds: float


def part_duration(narration_seconds: float, tail: float) -> float:
    """How long a part will be, for planning its background before there is a request."""
    return math.ceil((narration_seconds + tail) * FPS - 1e-6) / FPS


def compose_key(request: ComposeRequest) -> str:
    """The content key of the file a request makes: inputs by their bytes, whatever they are called."""
    return content_key(
        "compose",
        background=request.background.key_parts(),
        narration=file_key(request.narration),
        frames=request.frames,
        captions=file_key(request.captions) if request.captions else None,
        cards=[[timed.card.key, timed.start, timed.end] for timed in request.cards],
        bar=request.bar.key if request.bar else None,
        preset=[request.preset.name, request.preset.scale, request.preset.x264, request.preset.audio_bitrate],
    )


def compose(
    request: ComposeRequest,
    *,
    out: Path,
    ffmpeg: FFmpeg,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> ComposeResult:
    """Make the finished file at `out`; it appears only when it is whole.

    on_progress(fraction) rises to 1.0. Raises Stopped when should_stop() says so, AdapterError when it cannot be made.
    """
    if request.background.duration < request.duration - 1 / FPS:
        raise AdapterError(_("The background is shorter than the narration."), permanent=True)
    key = compose_key(request)
    outcome = ffmpeg.run(
        _arguments(request),
        output=out,
        duration=request.duration,
        feed=[request.background.script().encode()],
        on_progress=on_progress,
        should_stop=should_stop,
    )
    made = probe(out, ffmpeg)
    return ComposeResult(
        path=out,
        key=key,
        duration=made.duration,
        width=made.width,
        height=made.height,
        size_bytes=out.stat().st_size,
        cpu_seconds=outcome.cpu_seconds,
    )


def _arguments(request: ComposeRequest) -> list[str]:
    cards = [timed.card for timed in request.cards] + ([request.bar] if request.bar else [])
    # the script of the background comes through the pipe; -safe 0 lets it name the library's folder
    inputs = ["-f", "concat", "-safe", "0", "-protocol_whitelist", "file,pipe", "-threads", "1", "-i", "pipe:0"]
    for card in cards:
        inputs += media_input(card.path, "-f", "png_pipe")
    inputs += media_input(request.narration, "-f", "wav")
    sound = 1 + len(cards)
    graph = ";".join([*_picture(request), f"[{sound}:a:0]apad,atrim=end={request.duration:.6f}[sound]"])
    preset = request.preset
    return [
        *inputs,
        *("-filter_complex_threads", "2", "-filter_complex", graph, "-map", "[picture]", "-map", "[sound]"),
        *("-frames:v", str(request.frames), "-r", str(FPS), "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-c:v", "libx264", *preset.x264),
        *("-pix_fmt", "yuv420p", "-g", str(FPS * 2), "-threads", THREADS, *BT709),
        *("-c:a", "aac", "-b:a", preset.audio_bitrate, "-ac", "2", "-ar", "48000"),
        *("-movflags", "+faststart", "-f", "mp4"),
    ]


def _picture(request: ComposeRequest) -> list[str]:
    """Filter chains from the inputs to [picture]."""
    width, height = request.preset.size
    size = f"scale={width}:{height}:flags=bilinear," if request.preset.scale > 1 else ""
    chains, last = [f"[0:v:0]fps={FPS},{size}setsar=1,format=yuv420p[background]"], "background"
    for position, timed in enumerate(request.cards, 1):
        chains += _card(position, last, timed, request.preset)
        last = f"over{position}"
    if request.bar:
        position = len(request.cards) + 1
        bar = f"scale={width}:-1:flags=bicubic:{TONES},format=yuva420p"
        slide = f"overlay=x='-w+w*t/{request.duration:.6f}':y=0:eval=frame"
        chains += [f"[{position}:v]{bar}[bar]", f"[{last}][bar]{slide}[over{position}]"]
        last = f"over{position}"
    burn = f"{ass_filter(request.captions, request.fonts_dir)}," if request.captions else ""
    tags = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    chains.append(f"[{last}]{burn}{tags},format=yuv420p[picture]")
    return chains


def _card(index: int, under: str, timed: TimedCard, preset: Preset) -> list[str]:
    """A still that fades in while it rises, stays, and fades out."""
    shown = timed.end - timed.start
    frames = max(1, round(shown * FPS))
    scale = f"scale=iw/{preset.scale}:-1:flags=bicubic:{TONES}"
    fades = f"fade=in:st=0:d={FADE_IN}:alpha=1,fade=out:st={shown - FADE_OUT:.3f}:d={FADE_OUT}:alpha=1"
    still = f"{scale},format=yuva420p,loop=loop={frames - 1}:size=1,settb=1/{FPS},setpts=N,{fades}"
    moved = f"setpts=PTS+{timed.start:.6f}/TB"
    rise = f"{RISE / preset.scale}*pow(max(0,1-(t-{timed.start:.6f})/{FADE_IN + 0.15}),3)"
    place = f"overlay=x={timed.card.x // preset.scale}:y='{timed.card.y / preset.scale}+{rise}'"
    return [f"[{index}:v]{still},{moved}[card{index}]", f"[{under}][card{index}]{place}:eof_action=pass[over{index}]"]
