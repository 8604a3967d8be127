"""Runs one ffmpeg process: limited, observed, stoppable, and never half a file at the end.

The output is written under a temporary name in the target folder, synced, and renamed when ffmpeg succeeded; any
other end removes it. Progress is what ffmpeg itself reports. The process leads its own group and dies with its parent.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

from . import guard

OnProgress = Callable[[float], None]
ShouldStop = Callable[[], bool]

TALKING = ("-hide_banner", "-nostdin", "-y", "-nostats", "-stats_period", "0.25", "-progress", "pipe:1")
POLL_SECONDS = 0.2
STDERR_TAIL = 6000  # characters kept for the error
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME")
NEEDED = {
    "encoders": {"libx264": "H.264 video", "aac": "AAC sound", "mjpeg": "pictures"},
    "filters": {"ass": "captions", "overlay": "cards", "scale": "sizes"},
}
TELLING = re.compile(r"error|invalid|no such|cannot|unable|not found", re.IGNORECASE)
DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
NO_MEMORY = re.compile(r"Cannot allocate memory|\bmalloc\b.*failed", re.IGNORECASE)


class Stopped(Exception):
    """The caller's should_stop() said so; nothing was left behind."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one process. Seconds and bytes."""

    wall_seconds: float = 3600
    stall_seconds: float = 90  # without a step of progress
    cpu_seconds: int = 4 * 3600
    memory: int = 4 * 1024**3  # address space: several times what is resident
    file_size: int = 4 * 1024**3


@dataclass(frozen=True)
class Outcome:
    """What a finished process left: the file, its own words, the media time it wrote and the CPU it took."""

    path: Path | None
    log: str
    media_seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class FFmpeg:
    """An ffmpeg binary and the limits its processes get."""

    binary: Path
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def find(cls, configured: str | Path | None = None, limits: Limits | None = None) -> FFmpeg:
        """The configured binary, else the one packaged with imageio-ffmpeg. AdapterError when there is none."""
        if configured:
            path = Path(configured)
        else:
            import imageio_ffmpeg  # only when nothing is configured: it looks for a binary at import

            path = Path(imageio_ffmpeg.get_ffmpeg_exe())
        if not os.access(path, os.X_OK):
            raise AdapterError(
                _("There is no ffmpeg at %(path)s.") % {"path": path},
                permanent=True,
                hint=_("Set FFMPEG_BINARY to a working ffmpeg, or leave it empty for the packaged one."),
            )
        return cls(path, limits or Limits())

    def run(
        self,
        arguments: Sequence[str],
        *,
        output: Path | None = None,
        duration: float | None = None,
        feed: Iterable[bytes] | None = None,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        limits: Limits | None = None,
    ) -> Outcome:
        """Run ffmpeg with these inputs and options, and publish `output` when it succeeded.

        arguments: everything but the output's name, inputs made by `media_input`; say the format with -f.
        duration: seconds of media expected, to turn time into a fraction. feed: chunks for pipe:0.
        Raises Stopped, or AdapterError with ffmpeg's last words in details["log"].
        """
        partial = output.with_name(f".{uuid.uuid4().hex}.part") if output else None
        target = [f"file:{partial}"] if partial else []
        command = [
            "-hide_banner",
            "-nostdin",
            "-y",
            "-loglevel",
            "info",
            "-nostats",
            "-stats_period",
            "0.25",
            "-progress",
            "pipe:1",
        ]
        process = _Process([str(self.binary), *command, *arguments, *target], limits or self.limits, feed)
        try:
            process.watch(duration, on_progress, should_stop)
            process.check()
            if partial and output:
                if not partial.exists():  # it found no frame to write and calls that success
                    raise AdapterError(
                        _("There was no picture or sound at that place."), permanent=True, log=process.log
                    )
                _publish(partial, output)
        finally:
            process.end()
            if partial:
                partial.unlink(missing_ok=True)
        if on_progress:
            on_progress(1.0)
        return Outcome(output, process.log, process.media_seconds, process.cpu_seconds)

    def inspect(self, arguments: Sequence[str], *, limits: Limits) -> str:
        """ffmpeg's own words about an input or about itself; its exit code is not an error here."""
        process = _Process([str(self.binary), "-hide_banner", "-nostdin", *arguments], limits, None, keep_output=True)
        try:
            process.watch(None, None, None)
        finally:
            process.end()
        return process.output + process.log


@dataclass(frozen=True)
class Capabilities:
    """What an ffmpeg binary can do of what Rundown needs. missing: names of absent encoders and filters."""

    version: str
    missing: tuple[str, ...]


def capabilities(ffmpeg: FFmpeg) -> Capabilities:
    """Ask the binary for its version, encoders and filters; cheap enough for a start-up check (0.2 s)."""
    limits = Limits(wall_seconds=20, stall_seconds=20)
    version = re.search(r"ffmpeg version (\S+)", ffmpeg.inspect(["-version"], limits=limits))
    if not version:
        raise AdapterError(_("%(binary)s does not run as ffmpeg.") % {"binary": ffmpeg.binary}, permanent=True)
    missing: list[str] = []
    for kind, wanted in NEEDED.items():
        listing = ffmpeg.inspect([f"-{kind}"], limits=limits)
        present = {line.split()[1] for line in listing.splitlines() if len(line.split()) > 1}
        missing += [f"{name} ({what})" for name, what in wanted.items() if name not in present]
    return Capabilities(version.group(1), tuple(missing))


def media_input(path: Path, *options: str) -> list[str]:
    """Arguments that open a local file and can open nothing else: no network, no device, no other protocol."""
    return ["-protocol_whitelist", "file,pipe", *options, "-i", f"file:{path.absolute()}"]


def escape_filter_value(value: str | Path) -> str:
    """Make any text safe as a value inside a filter graph: once for the option, once for the graph around it."""
    option = re.sub(r"([\\':\s])", r"\\\1", str(value))
    return re.sub(r"([\\'\[\],;\s])", r"\\\1", option)


def _publish(partial: Path, output: Path) -> None:
    """Put a finished file under its name such that a crash leaves either all of it or none."""
    with partial.open("rb") as handle:
        os.fsync(handle.fileno())
    partial.replace(output)
    folder = os.open(output.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Process:
    """One running ffmpeg: its pipes, clocks and end."""

    def __init__(
        self, command: list[str], limits: Limits, feed: Iterable[bytes] | None, *, keep_output: bool = False
    ) -> None:
        self.limits = limits
        self.log = ""
        self.output = ""
        self.media_seconds = 0.0
        self.cpu_seconds = 0.0
        self._keep_output = keep_output
        self._pending = ""
        self._feed_error: BaseException | None = None
        bounds = [os.getpid(), limits.cpu_seconds, limits.memory, limits.file_size]
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *map(str, bounds), "--", *command],
            stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
        )
        self._feeder = threading.Thread(target=self._push, args=(feed,), daemon=True) if feed is not None else None
        if self._feeder:
            self._feeder.start()

    def watch(self, duration: float | None, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> None:
        """Read both pipes until they close; raise when told to stop, out of time or stuck."""
        assert self._child.stdout  # noqa: S101 - a pipe by construction
        assert self._child.stderr  # noqa: S101 - a pipe by construction
        started = moved = time.monotonic()
        reported = 0.0
        with selectors.DefaultSelector() as pipes:
            pipes.register(self._child.stdout, selectors.EVENT_READ, self._read_output)
            pipes.register(self._child.stderr, selectors.EVENT_READ, self._read_log)
            while pipes.get_map():
                before = self.media_seconds
                for key, _events in pipes.select(POLL_SECONDS):
                    chunk = os.read(key.fd, 65536)
                    if chunk:
                        key.data(chunk.decode("utf-8", "replace"))
                    else:
                        pipes.unregister(key.fileobj)
                now = time.monotonic()
                if self.media_seconds > before:
                    moved = now
                    fraction = min(self.media_seconds / duration, 1.0) if duration else 0.0
                    if on_progress and reported < fraction < 1.0:
                        reported = fraction
                        on_progress(fraction)
                self._refuse_to_wait(now - started, now - moved, should_stop)

    def _refuse_to_wait(self, running: float, idle: float, should_stop: ShouldStop | None) -> None:
        if should_stop and should_stop():
            raise Stopped
        if running > self.limits.wall_seconds:
            raise AdapterError(
                _("Video work was ended after %(seconds)s seconds, its time limit.")
                % {"seconds": f"{self.limits.wall_seconds:.0f}"},
                hint=_("Shorten the part, or raise the limit."),
                log=self.log,
            )
        if idle > self.limits.stall_seconds:
            raise AdapterError(
                _("Video work stood still for %(seconds)s seconds and was ended.") % {"seconds": f"{idle:.0f}"},
                log=self.log,
            )

    def check(self) -> None:
        """Turn a bad exit into an error that says why and whether trying again helps."""
        code = self._wait()
        if self._feed_error and not isinstance(self._feed_error, BrokenPipeError):
            raise self._feed_error
        if code == 0:
            return
        if DISK_FULL.search(self.log):
            raise AdapterError(_("The disk is full."), hint=_("Free some space and retry."), log=self.log)
        if NO_MEMORY.search(self.log):
            raise AdapterError(_("There was not enough memory for the video."), hint=_("Retry later."), log=self.log)
        if code < 0:
            name = signal.Signals(-code).name
            permanent = -code in (signal.SIGXCPU, signal.SIGXFSZ)
            raise AdapterError(_("ffmpeg was ended by %(name)s.") % {"name": name}, permanent=permanent, log=self.log)
        raise AdapterError(_("ffmpeg failed: %(said)s") % {"said": _last_words(self.log)}, permanent=True, log=self.log)

    def end(self) -> None:
        """Kill whatever of the group still lives, collect it and close the pipes."""
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._wait()
        if self._feeder:
            self._feeder.join()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe:
                pipe.close()

    def _wait(self) -> int:
        """Collect the child with what it cost. Popen is told the result so that it never waits again."""
        if self._child.returncode is None:
            _pid, status, usage = os.wait4(self._child.pid, 0)
            self._child.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return self._child.returncode

    def _push(self, feed: Iterable[bytes]) -> None:
        assert self._child.stdin  # noqa: S101 - a pipe whenever there is a feed
        try:
            for chunk in feed:
                self._child.stdin.write(chunk)
        except BaseException as error:  # handed to check(), in the thread that can raise it
            self._feed_error = error
        finally:
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.close()

    def _read_output(self, text: str) -> None:
        if self._keep_output:
            self.output += text
            return
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            name, _, value = line.partition("=")
            if name == "out_time_us" and value.strip().isdigit():
                self.media_seconds = max(self.media_seconds, int(value) / 1_000_000)

    def _read_log(self, text: str) -> None:
        self.log = (self.log + text)[-STDERR_TAIL:]


def _last_words(log: str) -> str:
    """The line of the log that most likely names the cause."""
    lines = [line.strip() for line in log.splitlines() if line.strip() and line.strip() != "Conversion failed!"]
    telling = [
        line for line in lines if re.search(r"error|invalid|no such|cannot|unable|not found", line, re.IGNORECASE)
    ]
    return re.sub(r"^\[[^\]]*\]\s*", "", (telling or lines or ["no reason given"])[-1])
