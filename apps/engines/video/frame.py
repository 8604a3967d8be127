"""The one frame everything is made for, and how a clip of the background library is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .ffmpeg import FFmpeg, OnProgress, ShouldStop

WIDTH, HEIGHT, FPS = 1080, 1920, 30
BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
THREADS = "2"  # of one encoder: each costs about 25 MB, and a machine with more cores runs more workers


@dataclass(frozen=True)
class BackgroundClip:
    """A clip of the library: 1080x1920, 30 frames a second, silent, seekable to the second.

    key: its content key. duration: seconds. seamless: its end meets its start.
    """

    path: Path
    key: str
    duration: float
    seamless: bool = False


def encode_library_clip(
    ffmpeg: FFmpeg,
    source: list[str],
    *,
    output: Path,
    seconds: float,
    feed: Iterable[bytes] | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """Store a background that renders seek in cheaply: a keyframe each second, no B-frames, fast to decode."""
    ffmpeg.run(
        [
            *source,
            *("-t", f"{seconds:.3f}", "-r", str(FPS), "-an", "-map_metadata", "-1", "-map_chapters", "-1"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "15", "-tune", "fastdecode", "-pix_fmt", "yuv420p"),
            *("-g", str(FPS), "-threads", THREADS, *BT709, "-movflags", "+faststart", "-f", "mp4"),
        ],
        output=output,
        duration=seconds,
        feed=feed,
        on_progress=on_progress,
        should_stop=should_stop,
    )
