"""Speech, and films of it, that sound the same in every run."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from apps.engines.video.ffmpeg import FFmpeg, media_input
from apps.engines.voice.base import Speech, SpeechRequest
from apps.engines.voice.piper import Piper


def say(text: str, *, cache_dir: Path) -> Speech:
    # Left to itself Piper says nothing twice alike, and now and then a word that nobody would recognise.
    onnxruntime.set_seed(3)
    return Piper(cache_dir=cache_dir).synthesize(SpeechRequest(tuple(text.split())))


def film(path: Path, speech: Speech, *, size: str) -> Path:
    """An MP4 of a test picture of that size ("640x360") with the speech, a little longer than it."""
    sound = path.with_suffix(".pcm")
    sound.write_bytes(speech.samples.astype("<i2").tobytes())
    seconds = len(speech.samples) / speech.sample_rate + 0.4
    picture = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=15:d={seconds:.2f}"]
    audio = media_input(sound, "-f", "s16le", "-ar", str(speech.sample_rate), "-ch_layout", "mono")
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mp4"]
    FFmpeg.find().run([*picture, *audio, *coded], output=path)
    return path
