"""What a captioned render costs: `python bench/render.py [--seconds 15] [--rounds 3] [--json FILE] [--skip-moviepy]`.

Every way of making the same part runs in a process of its own, interleaved; the table holds medians of the CPU seconds
of the whole process tree and the largest memory of it. The goals stand beside the results; the exit code is 1 when one
is missed. Wall time is shown for orientation only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from apps.engines.video.backgrounds import plan_background
from apps.engines.video.cards import CardStyle, closing_card, opening_card, progress_bar
from apps.engines.video.compose import FINAL, PREVIEW, ComposeRequest, Preset, TimedCard, compose
from apps.engines.video.ffmpeg import FFmpeg, media_input
from apps.engines.video.lettering import Typeface
from apps.engines.video.moving import MovingBackground, generate_background

LOSSLESS = Preset("lossless", 1, ("-preset", "ultrafast", "-qp", "0"), "192k")
STORY = "My neighbour asked me to water one plant while she was away for a weekend and it was not a plant at all"
WORD_SECONDS, PHRASE = 0.36, 3
FONT = "Noto Sans"
GOALS = {"captioned / plain": 1.15, "complete / moviepy": 0.30, "preview / complete": 0.45, "peak MB": 400.0}


def phrases(seconds: float) -> list[list[tuple[str, float, float]]]:
    """The story's words, again and again, as phrases of (word, start, end)."""
    story = STORY.split()
    words = [
        (story[i % len(story)], i * WORD_SECONDS, (i + 1) * WORD_SECONDS) for i in range(int(seconds / WORD_SECONDS))
    ]
    return [words[i : i + PHRASE] for i in range(0, len(words), PHRASE)]


def ass(seconds: float) -> str:
    """Phrases with the current word highlighted: one event a word."""

    def stamp(at: float) -> str:
        return f"{int(at // 3600)}:{int(at // 60) % 60:02}:{at % 60:05.2f}"

    lines = [
        "[Script Info]\nScriptType: v4.00+\nPlayResX: 1080\nPlayResY: 1920\n[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, Bold, BorderStyle, Outline, Shadow, Alignment",
        f"Style: Default,{FONT},104,&H00FFFFFF,&H00101010,-1,1,8,3,5",
        "[Events]\nFormat: Layer, Start, End, Style, Text",
    ]
    for phrase in phrases(seconds):
        for current, (_, start, end) in enumerate(phrase):
            shown = (rf"{{\c&H00D7FF&}}{w}{{\c&HFFFFFF&}}" if i == current else w for i, (w, _, _) in enumerate(phrase))
            lines.append(f"Dialogue: 0,{stamp(start)},{stamp(end)},Default,{' '.join(shown)}")
    return "\n".join(lines) + "\n"


def prepare(folder: Path, seconds: float) -> dict[str, ComposeRequest]:
    """The requests to compare, all over one background and narration."""
    ffmpeg = FFmpeg.find()
    narration, captions = folder / "narration.wav", folder / "captions.ass"
    if not narration.exists():
        ffmpeg.run(
            ["-f", "lavfi", "-i", f"sine=220:r=48000:d={seconds}", "-c:a", "pcm_s16le", "-f", "wav"], output=narration
        )
        captions.write_text(ass(seconds))
    background = generate_background(MovingBackground(seed=3), cache_dir=folder, ffmpeg=ffmpeg)
    style = CardStyle(typeface=Typeface(FONT))
    hook = opening_card("It was not a plant.", label="Part 1 of 2", style=style, cache_dir=folder, ffmpeg=ffmpeg)
    end = closing_card("Follow for part 2", style=style, cache_dir=folder, ffmpeg=ffmpeg)
    plan = plan_background([background], duration=seconds, seed=1)
    plain = ComposeRequest(plan, narration, seconds, None, tail=0.0)
    captioned = replace(plain, captions=captions)
    cards = (TimedCard(hook, 0, 2.5), TimedCard(end, seconds - 2.5, seconds))
    complete = replace(captioned, cards=cards, bar=progress_bar(style=style, cache_dir=folder))
    return {"plain": plain, "captioned": captioned, "complete": complete, "preview": replace(complete, preset=PREVIEW)}


def render(name: str, folder: Path, seconds: float) -> None:
    compose(prepare(folder, seconds)[name], out=folder / f"{name}.mp4", ffmpeg=FFmpeg.find())


def render_with_moviepy(folder: Path, seconds: float) -> None:
    """The same film the way most scripts make it: a TextClip a word, every frame composed in Python, medium preset."""
    import moviepy

    request = prepare(folder, seconds)["captioned"]
    shot = request.background.shots[0]
    looped = moviepy.VideoFileClip(str(shot.clip.path)).with_effects([moviepy.vfx.Loop(duration=seconds + shot.start)])
    base = looped.subclipped(shot.start, shot.start + seconds).with_audio(moviepy.AudioFileClip(str(request.narration)))
    clips = [base]
    for phrase in phrases(seconds):
        clips += moviepy_phrase(moviepy, phrase)
    film = moviepy.CompositeVideoClip(clips, size=(1080, 1920)).with_duration(seconds)
    film.write_videofile(
        str(folder / "moviepy.mp4"), fps=30, codec="libx264", preset="medium", audio_codec="aac", logger=None
    )


def moviepy_phrase(moviepy, phrase: list[tuple[str, float, float]]) -> list:
    font = "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"
    style = {"font": font, "font_size": 76, "stroke_color": "#101010", "stroke_width": 8, "margin": (4, 10)}
    white = [moviepy.TextClip(text=word, color="white", **style) for word, _, _ in phrase]
    x = (1080 - sum(clip.w for clip in white) - 24 * (len(white) - 1)) / 2
    placed = []
    for clip, (word, start, end) in zip(white, phrase, strict=True):
        first, last = phrase[0][1], phrase[-1][2]
        placed.append(clip.with_position((x, 910)).with_start(first).with_end(last))
        gold = moviepy.TextClip(text=word, color="#ffd700", **style)
        placed.append(gold.with_position((x, 910)).with_start(start).with_end(end))
        x += clip.w + 24
    return placed


def measure(name: str, folder: Path, seconds: float) -> dict[str, float]:
    """Run one way in its own process; CPU seconds and peak resident megabytes of its whole tree."""
    command = [sys.executable, __file__, "--seconds", str(seconds), "--only", name, "--folder", str(folder)]
    started = time.monotonic()
    process = subprocess.Popen(command)
    peak = [0.0]
    done = threading.Event()
    sampler = threading.Thread(target=sample, args=(process.pid, peak, done))
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    done.set()
    sampler.join()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    return {"cpu": usage.ru_utime + usage.ru_stime, "peak": peak[0], "wall": wall}


def sample(root: int, peak: list[float], done: threading.Event) -> None:
    while not done.wait(0.05):
        peak[0] = max(peak[0], sum(resident(pid) for pid in tree(root)))


def tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:  # it ended while we looked
                continue
    return found


def resident(pid: int) -> float:
    """Megabytes; shared pages count once for each process, so the sum errs upwards."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def vmaf(folder: Path, seconds: float, name: str) -> float:
    """VMAF of a finished file against the same picture encoded without loss (every fifth frame)."""
    ffmpeg = FFmpeg.find()
    reference = folder / f"{name}-lossless.mp4"
    compose(replace(prepare(folder, seconds)[name], preset=LOSSLESS), out=reference, ffmpeg=ffmpeg)
    compared = [*media_input(folder / f"{name}.mp4"), *media_input(reference)]
    score = "[0:v][1:v]libvmaf=n_threads=2:n_subsample=5"
    outcome = ffmpeg.run([*compared, "-lavfi", score, "-f", "null", "-"])
    reference.unlink()
    found = re.search(r"VMAF score: ([\d.]+)", outcome.log)
    if not found:
        raise SystemExit("this ffmpeg gives no VMAF score")
    return float(found.group(1))


def summary(runs: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "cpu": statistics.median(run["cpu"] for run in measured),
            "peak": max(run["peak"] for run in measured),
            "wall": statistics.median(run["wall"] for run in measured),
        }
        for name, measured in runs.items()
    }


def verdicts(table: dict[str, dict[str, float]]) -> dict[str, float]:
    cpu = {name: row["cpu"] for name, row in table.items()}
    found = {
        "captioned / plain": cpu["captioned"] / cpu["plain"],
        "preview / complete": cpu["preview"] / cpu["complete"],
        "peak MB": max(table[name]["peak"] for name in ("captioned", "complete", "preview")),
    }
    if "moviepy" in cpu:
        found["complete / moviepy"] = cpu["complete"] / cpu["moviepy"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-moviepy", action="store_true")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only == "moviepy":
        render_with_moviepy(options.folder, options.seconds)
        return 0
    if options.only:
        render(options.only, options.folder, options.seconds)
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-render-") as name:
        return compare(options, Path(name))


def compare(options: argparse.Namespace, folder: Path) -> int:
    ways = [*prepare(folder, options.seconds), *([] if options.skip_moviepy else ["moviepy"])]
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way in ways:
            runs[way].append(measure(way, folder, options.seconds))
    table, quality = summary(runs), {way: vmaf(folder, options.seconds, way) for way in ("plain", "captioned")}
    print(f"{options.seconds:g} s at {FINAL.size[0]}x{FINAL.size[1]}, medians of {options.rounds}")
    print(f"{'':12}{'CPU s':>9}{'peak MB':>9}{'wall s':>9}{'VMAF':>8}")
    for way, row in table.items():
        score = f"{quality[way]:8.2f}" if way in quality else ""
        print(f"{way:12}{row['cpu']:9.2f}{row['peak']:9.0f}{row['wall']:9.2f}{score}")
    found = verdicts(table)
    missed = [goal for goal, value in found.items() if value > GOALS[goal]]
    for goal, value in found.items():
        print(f"{goal:20}{value:9.2f}   goal <= {GOALS[goal]:g}   {'MISSED' if goal in missed else 'met'}")
    if quality["captioned"] < quality["plain"] - 0.5:
        missed.append("VMAF")
        print("captions cost quality")
    if options.json:
        options.json.write_text(
            json.dumps({"table": table, "goals": found, "vmaf": quality, "missed": missed}, indent=2)
        )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
