"""The services' own commands, run as they stand, against a database and a Valkey of the test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from apps.common.processes.child import Process
from apps.common.processes.supervisor import Supervisor
from apps.common.processes.valkey import valkey_process

REPO = Path(__file__).resolve().parents[2]
SERVICES = yaml.safe_load((REPO / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A migrated database and a running Valkey, in the variables that name them."""
    home = tmp_path_factory.mktemp("home")
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.site",
        "DEBUG": "false",
        "ALLOWED_HOSTS": "desk.example.org,web",
        "SECRET_KEY": "a-key-for-this-test",
        "CREDENTIAL_KEYS": "not-used-here",
        "ENV_FILE": str(home / "no.env"),
        "RUNDOWN_HOME": str(home),
        "STATIC_ROOT": str(home / "static-files"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with Supervisor(home, [valkey_process(home)]):
        for command in (["migrate", "--noinput"], ["collectstatic", "--noinput"]):
            subprocess.run([sys.executable, "manage.py", *command], env=env, cwd=REPO, check=True, capture_output=True)
        yield env


class Role:
    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, env=env, cwd=REPO, stdout=output, stderr=subprocess.STDOUT)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Role]]:
    roles = []

    def start(service: str, **variables: str) -> Role:
        roles.append(Role(SERVICES[service]["command"], {**environment, **variables}, tmp_path / service))
        return roles[-1]

    yield start
    for role in roles:
        role.process.terminate()
        role.process.wait(30)


@pytest.mark.parametrize("service", ["worker-media", "beat", "dispatcher"])
def test_a_role_shows_signs_of_life_to_its_health_check(
    service: str, start: Callable[..., Role], tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    role = start(service, RUNDOWN_READY_FILE=str(ready))
    role.wait_for(ready.exists)
    check = SERVICES[service]["healthcheck"]["test"][1].replace("$$", "$")
    env = {**os.environ, "RUNDOWN_READY_FILE": str(ready)}
    assert subprocess.run(["sh", "-c", check], env=env, check=False).returncode == 0
    os.utime(ready, (0, 0))
    # Until it shows life again, it counts as hung.
    role.wait_for(lambda: subprocess.run(["sh", "-c", check], env=env, check=False).returncode == 0)


def test_a_role_that_hangs_fails_its_health_check(tmp_path: Path) -> None:
    check = SERVICES["worker-media"]["healthcheck"]["test"][1].replace("$$", "$")
    ready = tmp_path / "ready"
    env = {**os.environ, "RUNDOWN_READY_FILE": str(ready)}
    missing = subprocess.run(["sh", "-c", check], env=env, check=False, capture_output=True)
    assert missing.returncode == 1
    ready.touch()
    os.utime(ready, (time.time() - 120,) * 2)
    assert subprocess.run(["sh", "-c", check], env=env, check=False).returncode == 1


def test_the_web_process_is_healthy_without_any_worker_and_unhealthy_when_it_is_gone(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = {**environment, "PORT": port}
    command = [port if part == "8000" else part for part in SERVICES["web"]["command"]]
    check = [sys.executable, *SERVICES["web"]["healthcheck"]["test"][2:]]
    ended = subprocess.run(check, env=env, cwd=REPO, check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The web process does not answer:")
    web = Process(name="web", argv=tuple(command), env=env, ready=lambda: _accepts(int(port)))
    with Supervisor(tmp_path, [web], cwd=REPO):
        asked = subprocess.run(check, env=env, cwd=REPO, check=False, capture_output=True, text=True)
    assert (asked.returncode, asked.stderr) == (0, "")


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
