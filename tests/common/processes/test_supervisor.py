"""Real processes: small Python programs under a supervisor that is a process of its own."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.common.processes.child import Process, ProcessError
from apps.common.processes.leftovers import left_behind
from apps.common.processes.paths import socket_path
from apps.common.processes.supervisor import Supervisor, require_free
from apps.common.processes.valkey import answers, valkey_process

REPO = Path(__file__).resolve().parents[3]

SUPERVISOR = """
import sys
from pathlib import Path
from apps.common.processes.child import Process
from apps.common.processes.supervisor import Supervisor
from apps.common.processes.valkey import valkey_process

home = Path(sys.argv[1])
processes = [
    valkey_process(home),
    Process(name="pool", argv=(sys.executable, str(home / "pool.py")), says_ready=True, grace=float(sys.argv[2])),
]
Supervisor(home, processes, stream=sys.stdout, cwd=Path(sys.argv[3])).run(lambda: print("READY", flush=True))
print("ENDED", flush=True)
"""

# A parent with a child of its own that ignores requests to end, as a pool or an encoder may.
POOL = """
import signal, subprocess, sys, time
from apps.common.processes.ready import say_ready
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", stubborn])
{extra}
time.sleep(0.3)
print("pool is up")
say_ready()
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "supervise.py").write_text(SUPERVISOR)
    (tmp_path / "pool.py").write_text(textwrap.dedent(POOL.format(extra="")))
    yield tmp_path
    for pid in left_behind(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Running:
    """The supervisor as a user runs it."""

    def __init__(self, home: Path, *, grace: float = 5) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, str(home / "supervise.py"), str(home), str(grace), str(REPO)],
            env={**os.environ, "PYTHONPATH": str(REPO)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell starts its background jobs with Ctrl-C switched off, and this suite may be one.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.lines: list[str] = []

    def read_until(self, text: str) -> list[str]:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if text in line:
                return self.lines
        raise AssertionError(f"{text!r} never came:\n" + "\n".join(self.lines))

    def pids(self) -> list[int]:
        return [pid for pid in left_behind(self.home) if pid != self.process.pid]


@pytest.fixture
def running(home: Path) -> Iterator[Running]:
    started = Running(home)
    started.read_until("READY")
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()
    started.process.stdout.close()


def wait_for(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def python(name: str, code: str, **options: object) -> Process:
    return Process(name=name, argv=(sys.executable, "-c", textwrap.dedent(code)), **options)


def test_ctrl_c_ends_every_process_and_the_supervisor_leaves_with_success(running: Running) -> None:
    assert len(running.pids()) == 3  # Valkey, the pool and its stubborn child
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0
    assert running.pids() == []
    assert running.process.stdout.read().splitlines()[-1] == "ENDED"


def test_closing_the_terminal_or_a_sigterm_ends_every_process(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    assert running.pids() == []


def test_a_second_ctrl_c_does_not_wait_for_a_process_that_will_not_end(home: Path) -> None:
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    (home / "pool.py").write_text(textwrap.dedent(POOL.format(extra=stubborn)))
    running = Running(home, grace=300)
    running.read_until("READY")
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert running.process.poll() is None
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0
    assert running.pids() == []
    running.process.stdout.close()


def test_processes_follow_a_supervisor_that_was_killed(running: Running) -> None:
    pool = next(pid for pid in running.pids() if b"pool.py" in Path(f"/proc/{pid}/cmdline").read_bytes())
    running.process.kill()
    running.process.wait()
    wait_for(lambda: pool not in running.pids() and not answers(socket_path(running.home)))


def test_the_next_start_ends_what_a_killed_supervisor_left(running: Running, home: Path) -> None:
    before = set(running.pids())
    running.process.kill()
    running.process.wait()
    # The child that ignores requests is still there.
    wait_for(lambda: len(running.pids()) == 1)
    again = Running(home)
    lines = again.read_until("READY")
    assert lines[0].split(" | ")[1] == "ended 1 processes of an earlier run"
    assert before.isdisjoint(again.pids())
    assert len(again.pids()) == 3
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(20) == 0
    again.process.stdout.close()


def test_a_stranger_is_never_taken_for_a_leftover(home: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(home)])
    try:
        assert left_behind(home) == []
        with Supervisor(home, [python("calm", "import time; time.sleep(60)")]):
            pass
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_supervisor_of_the_same_home_is_refused_and_the_first_stays(running: Running, home: Path) -> None:
    before = running.pids()
    with pytest.raises(ProcessError) as caught, Supervisor(home, [valkey_process(home)]):
        pass
    assert caught.value.message == f"Rundown already runs on {home}, as process {running.process.pid}."
    assert running.pids() == before
    assert answers(socket_path(home))


def test_a_crashed_process_is_started_again_after_longer_and_longer_pauses(home: Path) -> None:
    crashes = home / "starts"
    code = f"""
        import pathlib, sys, time
        from apps.common.processes.ready import say_ready
        with open({str(crashes)!r}, "a") as file:
            file.write(f"{{time.monotonic()}}\\n")
        say_ready()
        time.sleep(0.2)
        sys.exit(3)
    """
    with Supervisor(home, [python("shaky", code, says_ready=True)], cwd=REPO):
        wait_for(lambda: len(crashes.read_text().splitlines()) == 4)
    times = [float(line) for line in crashes.read_text().splitlines()]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] >= 0.7
    assert pauses[1] >= 1.2
    assert pauses[2] >= 2.2


def test_a_worker_that_was_killed_takes_its_pool_along_before_it_starts_again(home: Path) -> None:
    env = {"PYTHONPATH": str(REPO)}
    pool = Process(name="pool", argv=(sys.executable, str(home / "pool.py")), env=env, says_ready=True, grace=1)
    with Supervisor(home, [pool], cwd=REPO) as supervisor:
        before = set(left_behind(home))
        assert len(before) == 2
        os.kill(supervisor.pid_of("pool"), signal.SIGKILL)
        wait_for(lambda: len(left_behind(home)) == 2 and before.isdisjoint(left_behind(home)))
    assert left_behind(home) == []


def test_a_process_that_cannot_start_is_named_with_its_last_words_and_nothing_stays(home: Path) -> None:
    broken = python("broken", "import sys; print('no such table: items'); sys.exit(2)", ready=lambda: False)
    with pytest.raises(ProcessError) as caught, Supervisor(home, [valkey_process(home), broken]):
        pass
    assert str(caught.value) == "broken ended at once with status 2. Its last words:\n    no such table: items"
    assert left_behind(home) == []


def test_a_program_that_does_not_exist_is_named(home: Path) -> None:
    ghost = Process(name="ghost", argv=("/nowhere/ghost",), ready=lambda: False)
    with pytest.raises(ProcessError, match="/nowhere/ghost cannot be started: No such file or directory"):
        Supervisor(home, [ghost]).run()


def test_a_process_that_never_gets_ready_is_given_up(home: Path) -> None:
    slow = python("slow", "import time; time.sleep(60)", ready=lambda: False, start_within=0.3)
    with pytest.raises(ProcessError, match="slow was not ready after 0 seconds"), Supervisor(home, [slow]):
        pass
    assert left_behind(home) == []


def test_an_error_inside_ends_every_process(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), Supervisor(home, [python("calm", "import time; time.sleep(60)")]):
        _ = 1 / 0
    assert left_behind(home) == []


def test_foundations_are_ready_before_and_end_after_the_others(home: Path) -> None:
    order = home / "order"
    order.touch()
    code = """
        import signal, sys, time
        from apps.common.processes.ready import say_ready
        def note(text):
            with open(sys.argv[1], "a") as file:
                file.write(text + "\\n")
        def end(*_):
            time.sleep(0.3)
            note(f"{sys.argv[2]} ends")
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        time.sleep(0.3)
        note(f"{sys.argv[2]} ready")
        say_ready()
        time.sleep(60)
    """

    def noting(name: str, *, foundation: bool) -> Process:
        argv = (sys.executable, "-c", textwrap.dedent(code), str(order), name)
        return Process(name=name, argv=argv, says_ready=True, foundation=foundation)

    with Supervisor(home, [noting("house", foundation=False), noting("ground", foundation=True)], cwd=REPO):
        pass
    assert order.read_text().splitlines() == ["ground ready", "house ready", "house ends", "ground ends"]


def test_lines_carry_their_process_name_and_are_kept_in_files(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    running.process.wait(20)
    said = [*running.lines, *running.process.stdout.read().splitlines()]
    assert "pool    | pool is up" in said
    assert (running.home / "logs" / "pool.log").read_text() == "pool is up\n"


def test_a_taken_port_is_named_with_the_variable_that_changes_it(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        web = python("web", "import time; time.sleep(60)", listens=("127.0.0.1", port))
        with pytest.raises(ProcessError) as caught, Supervisor(home, [web]):
            pass
    assert str(caught.value) == (
        f"Port {port} on 127.0.0.1 is taken by another program. Choose another with PORT, such as PORT=8001."
    )
    require_free("127.0.0.1", port)
