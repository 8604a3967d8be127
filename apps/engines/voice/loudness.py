"""Brings speech to a loudness without moving it in time.

Mild compression, one gain for the whole sound, then a limiter that looks ahead at four times the rate and gives its
delay back: word times measured before stay true. ffmpeg's loudnorm cannot reach the target on speech without drifting
gain, because speech peaks 20 dB above its loudness. Measured by EBU R128.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from apps.engines.video.ffmpeg import FFmpeg, ShouldStop

OUTPUT_RATE = 48_000  # Hz
OVERSAMPLED_RATE = 4 * OUTPUT_RATE
CEILING_DB = -1.5  # the limiter's; coming back to 48 kHz may add some tenths, the promise is -1 dBTP
TOLERANCE_LU = 0.2
ROUNDS = 6
WORKING_LUFS = -20.0  # where the compressor's threshold sits
LIMITER_SHARE = 1.25  # a limiter eats part of every gain: aim further, so that fewer rounds are needed
SILENCE_LUFS = -60.0  # at or below this there is nothing to raise
BLOCK = 1 << 20  # bytes given to ffmpeg at once

_INTEGRATED = re.compile(r"\bI:\s+(-?[\d.]+|-inf|nan) LUFS")


def write_at_loudness(
    samples: np.ndarray,
    sample_rate: int,
    out: Path,
    *,
    target_lufs: float,
    ffmpeg: FFmpeg,
    should_stop: ShouldStop | None = None,
) -> None:
    """Write mono int16 samples of any rate as a 48 kHz mono 16 bit wav file at the target, true peak under -1 dBTP.

    Within 0.5 LU of the target for speech. Raises Stopped, or AdapterError.
    """

    def run(filters: str, ending: list[str], output: Path | None) -> float:
        source = ["-f", "s16le", "-ar", str(sample_rate), "-ac", "1", "-protocol_whitelist", "pipe", "-i", "pipe:0"]
        outcome = ffmpeg.run(
            [*source, "-af", filters, *ending], output=output, feed=_blocks(samples), should_stop=should_stop
        )
        return _integrated(outcome.log)

    measuring = ["-f", "null", "-"]
    loudness = run("ebur128=framelog=quiet", measuring, None)
    chain = "anull" if loudness <= SILENCE_LUFS else _chain(WORKING_LUFS - loudness, target_lufs - WORKING_LUFS)
    gain = target_lufs - WORKING_LUFS
    for _ in range(ROUNDS if loudness > SILENCE_LUFS else 0):
        missing = target_lufs - run(f"{chain},ebur128=framelog=quiet", measuring, None)
        if abs(missing) <= TOLERANCE_LU:
            break
        gain += LIMITER_SHARE * missing
        chain = _chain(WORKING_LUFS - loudness, gain)
    wav = ["-ar", str(OUTPUT_RATE), "-ac", "1", "-c:a", "pcm_s16le"]
    run(chain, [*wav, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "wav"], out)


def _chain(before: float, after: float) -> str:
    """The filters, with the gain in dB before the compressor and after it."""
    limit = 10 ** (CEILING_DB / 20)
    return (
        f"volume={before:.3f}dB:precision=float,acompressor=threshold=-20dB:ratio=2.5:attack=5:release=120,"
        f"aresample={OVERSAMPLED_RATE},volume={after:.3f}dB:precision=float,"
        f"alimiter=limit={limit:.4f}:attack=3:release=60:level=0:latency=1,aresample={OUTPUT_RATE}"
    )


def _integrated(log: str) -> float:
    """The last integrated loudness that ffmpeg named; silence when it named none."""
    found = _INTEGRATED.findall(log)
    return float(found[-1]) if found and found[-1] not in {"-inf", "nan"} else float("-inf")


def _blocks(samples: np.ndarray) -> Iterable[bytes]:
    data = memoryview(samples.astype("<i2", copy=False).tobytes())
    return (bytes(data[start : start + BLOCK]) for start in range(0, len(data), BLOCK))
