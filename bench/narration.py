"""Narration of about a minute: what it costs, and what an edit costs after it.

    python -m bench.narration [RUNS]

Every run narrates the script three times: with nothing cached, with one sentence changed, and unchanged. The runs are
interleaved and the medians printed. CPU seconds are of this process and its ffmpeg. The voice is loaded once, as in a
media worker, and its load is reported apart. Goal: at most 0.15 of real time on two quiet cores.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.common.text.tokens import SpokenToken
from apps.engines.voice.base import SpeechRequest
from apps.engines.voice.narration import Narration, narrate
from apps.engines.voice.piper import Piper

GOAL = 0.15
SCRIPT = """
The lighthouse had been empty for eleven years when my grandmother finally sold it.
Nobody in the village wanted the place, because the road flooded twice a day and the roof sang in the wind.
The buyer was a quiet man with one suitcase, two cats, and a violin that he never played.
He paid in cash, thanked her, and asked only one question.
Does the lamp still work?
She told him that it had not been lit since the accident, and that the harbour office had taken the lens.
He nodded as if that was exactly what he had hoped to hear.
For a month we saw nothing of him but smoke from the chimney.
Then, on the first night of the autumn storms, the whole bay turned white.
The lamp was burning, brighter than any of us remembered, and out on the rocks there was a boat that nobody knew.
Eleven people walked up the flooded road that night, and every one of them had been missing since the accident.
"""
EDIT = "She told him the truth."
EDITED_SENTENCE = 5


@dataclass(frozen=True)
class Measure:
    """One narration: seconds of wall clock and of CPU, and what came out."""

    wall: float
    cpu: float
    made: Narration


def cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measured(work: Callable[[], Narration]) -> Measure:
    wall, cpu = time.perf_counter(), cpu_seconds()
    made = work()
    return Measure(time.perf_counter() - wall, cpu_seconds() - cpu, made)


def tokens(sentence: str) -> tuple[SpokenToken, ...]:
    return tuple(SpokenToken(word, word) for word in sentence.split())


def one_run(voice: Piper, folder: Path) -> dict[str, Measure]:
    sentences = [tokens(line) for line in SCRIPT.strip().splitlines()]
    edited = list(sentences)
    edited[EDITED_SENTENCE] = tokens(EDIT)
    scripts = {"nothing cached": sentences, "one sentence changed": edited, "unchanged": edited}
    return {
        name: measured(
            lambda script=script: narrate(script, voice=voice, cache_dir=folder / "speech", out=folder / "out.wav")
        )
        for name, script in scripts.items()
    }


def report(name: str, measures: list[Measure]) -> float:
    made = measures[0].made
    length = statistics.median(measure.made.duration for measure in measures)
    wall = statistics.median(measure.wall / measure.made.duration for measure in measures)
    cpu = statistics.median(measure.cpu / measure.made.duration for measure in measures)
    print(
        f"{name:22} {length:5.1f} s of sound   wall {wall:.3f}   CPU {cpu:.3f} of real time   "
        f"{made.synthesized} sentences said, {made.reused} reused"
    )
    return wall


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        for name in ("patch and load the voice", "load the voice"):
            voice = Piper(cache_dir=Path(folder) / "voices")
            started = time.perf_counter()
            voice.synthesize(SpeechRequest(("Yes.",)))
            print(f"{name}: {time.perf_counter() - started:.2f} s")
        results = [one_run(voice, Path(folder) / str(number)) for number in range(runs)]
    walls = {name: report(name, [result[name] for result in results]) for name in results[0]}
    met = walls["nothing cached"] <= GOAL
    print(f"Goal {GOAL} of real time: {'met' if met else 'missed'}.")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
