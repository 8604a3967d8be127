"""No container engine is needed: what the files say is checked against the specification and against the product."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose
from django.conf import settings
from django.core.management import get_commands

from apps.platforms.registry import BUILT_IN, adapter

REPO = Path(__file__).resolve().parents[2]
COMPOSE = REPO / "docker-compose.yml"
DOCKERFILE = REPO / "deploy" / "Dockerfile"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")
OTHERS = {"postgres", "valkey"}


@pytest.fixture(scope="module")
def text() -> str:
    return COMPOSE.read_text()


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    """The file as the engine sees it: variables filled in, anchors merged."""
    return yaml.safe_load(VARIABLE.sub(lambda found: found["text"] if found["kind"] == "-" else "value", text))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return compose["services"]


def test_the_file_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    parsed = PyCompose.from_yaml(yaml.safe_dump(compose))
    parsed.validate()
    assert set(parsed.service_names()) == set(compose["services"])


def test_every_role_of_the_product_is_there(services: dict[str, Any]) -> None:
    workers = {f"worker-{queue}" for queue in settings.QUEUES}
    assert set(services) == {"web", "dispatcher", "beat", "migrate", "postgres", "valkey"} | workers


def test_platforms_by_browser_have_one_and_its_processes_are_reaped(services: dict[str, Any]) -> None:
    for name in ("worker-posting", "worker-default", "web"):
        assert services[name]["build"]["args"] == {"EXTRA_PACKAGES": "chromium"}, name
        assert services[name]["init"] is True, name
    assert "${EXTRA_PACKAGES}" in DOCKERFILE.read_text()


def test_one_port_is_published_and_it_is_the_web_process(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_every_service_is_checked_and_restarted_but_the_one_that_ends(services: dict[str, Any]) -> None:
    migrate = services["migrate"]
    assert migrate["restart"] == "no"
    assert migrate["healthcheck"] == {"disable": True}
    for name in services.keys() - {"migrate"}:
        assert services[name]["restart"] == "unless-stopped", name
        assert services[name]["healthcheck"]["test"], name


def test_workers_end_softly_and_leave_no_browser_behind(services: dict[str, Any]) -> None:
    """SIGQUIT gives running tasks ten seconds, SIGTERM as long as they take; the engine waits longer than that."""
    for name in services.keys() - OTHERS:
        assert services[name]["init"] is True, f"{name} reaps what its children leave"
    soft = settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT
    longest_call = max(platform.timeout + platform.margin for platform in map(adapter, BUILT_IN))
    for queue in settings.QUEUES:
        worker = services[f"worker-{queue}"]
        ends, seconds = ("SIGTERM", longest_call) if queue == "posting" else ("SIGQUIT", soft)
        assert worker["stop_signal"] == ends
        assert int(worker["stop_grace_period"].removesuffix("s")) > seconds


def test_nothing_starts_before_the_migrations_are_done(services: dict[str, Any]) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in services.keys() - OTHERS - {"migrate"}:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name
        assert services[name]["depends_on"]["valkey"] == {"condition": "service_healthy"}, name


def test_every_variable_is_described_in_the_example(text: str) -> None:
    described = set(re.findall(r"^# ([A-Z_]+)=", (REPO / ".env.example").read_text(), re.MULTILINE))
    assert {found["name"] for found in VARIABLE.finditer(text)} <= described


def test_secrets_have_no_default(text: str) -> None:
    secret = {"SECRET_KEY", "CREDENTIAL_KEYS", "POSTGRES_PASSWORD"}
    uses = [(found["name"], found["kind"]) for found in VARIABLE.finditer(text) if found["name"] in secret]
    assert {name for name, _ in uses} == secret
    assert {kind for _, kind in uses} == {"?"}


def test_every_set_variable_is_one_the_settings_know(services: dict[str, Any]) -> None:
    from apps.common.processes.ready import VARIABLE as READY
    from config.env import VARIABLES

    for name in services.keys() - OTHERS:
        assert set(services[name]["environment"]) <= {*VARIABLES, READY}, name


def test_every_worker_takes_the_queue_of_its_name(services: dict[str, Any]) -> None:
    taken = {}
    for name, service in services.items():
        command = service.get("command", [])
        if "worker" in command:
            taken[name] = command[command.index("-Q") + 1]
    assert taken == {f"worker-{queue}": queue for queue in settings.QUEUES}
    media = services["worker-media"]["command"]
    assert media[media.index("-c") + 1] == "1"


def test_every_management_command_exists(services: dict[str, Any]) -> None:
    used = {
        service["command"][2]
        for service in services.values()
        if service.get("command", [])[:2] == ["python", "manage.py"]
    }
    assert used == {"migrate", "dispatch"}
    assert used <= set(get_commands())


# --- The image --------------------------------------------------------------------------------------------------------
def _instructions() -> list[tuple[str, str]]:
    joined = DOCKERFILE.read_text().replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_is_built_in_stages_and_does_not_run_as_root() -> None:
    instructions = _instructions()
    stages = [rest for word, rest in instructions if word == "FROM"]
    assert [stage.rpartition(" ")[2] for stage in stages] == ["wheels", "runtime"]
    assert [rest for word, rest in instructions if word == "USER"] == ["rundown"]
    last = [word for word, _ in instructions].index("USER")
    assert {word for word, _ in instructions[last:]} == {"USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}


def test_everything_that_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (REPO / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    sources = {rest.split()[0] for word, rest in _instructions() if word == "COPY"}
    assert sources == let_in
    for source in sources:
        path = REPO / source
        # git keeps no empty folders: one would be missing from a clone, and the build would stop.
        assert path.is_file() or any(file.is_file() for file in path.rglob("*")), source


def test_the_image_starts_what_the_web_service_starts(services: dict[str, Any]) -> None:
    instructions = dict(_instructions())
    assert yaml.safe_load(instructions["CMD"]) == services["web"]["command"]
    check = instructions["HEALTHCHECK"].partition("CMD ")[2]
    assert yaml.safe_load(check) == services["web"]["healthcheck"]["test"][1:]


def test_the_image_sets_only_known_variables() -> None:
    from config.env import VARIABLES

    named = dict(pair.split("=", 1) for word, rest in _instructions() if word == "ENV" for pair in shlex.split(rest))
    assert set(named) <= {*VARIABLES, "PYTHONUNBUFFERED"}
