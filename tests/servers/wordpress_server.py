"""A real WordPress of one's own: Debian's packages, an unprivileged MariaDB on a socket, PHP's own web server.

It is installed by its own installer, without a network, into a temporary folder that is gone afterwards.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

SHIPPED = Path("/usr/share/wordpress")
THEMES = Path("/var/lib/wordpress/wp-content/themes")
SUPPORT = Path(__file__).parent / "wordpress"
ACCOUNT = "nobody"
# Speed before safety: the data lives as long as the test run. Without grant tables no system tables are needed.
DATABASE_OPTIONS = (
    "--skip-grant-tables --skip-networking --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0"
    " --innodb-buffer-pool-size=32M --innodb-log-file-size=8M --performance-schema=off --innodb-fast-shutdown=2"
)


@dataclass
class WordPress:
    """passwords: the application password of admin, author and contributor."""

    url: str
    folder: Path
    passwords: dict[str, str]

    @contextmanager
    def switched(self, *names: str) -> Iterator[None]:
        """With what wordpress/switches.php knows under these names."""
        switches = self.folder / "switches"
        switches.write_text(" ".join(names))
        try:
            yield
        finally:
            switches.unlink()


@contextmanager
def running() -> Iterator[WordPress]:
    if not (SHIPPED / "wp-load.php").exists():
        raise RuntimeError("WordPress is not installed; deploy/bootstrap.sh tools names the Debian packages.")
    with tempfile.TemporaryDirectory(prefix="rundown-wp-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _database(folder) as socket_path:
            site = folder / "site"
            _lay_out(site, socket_path)
            url = f"http://127.0.0.1:{_free_port()}"
            passwords = _install(site, url)
            with _web_server(site, url):
                yield WordPress(url, site, passwords)


@contextmanager
def _database(folder: Path) -> Iterator[Path]:
    data = folder / "db"
    data.mkdir()
    as_account: dict[str, object] = {}
    if os.getuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        shutil.chown(data, ACCOUNT)
        as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    path = data / "s"
    program = shutil.which("mariadbd", path=f"/usr/sbin:/usr/bin:{os.environ['PATH']}")
    if program is None:
        raise RuntimeError("mariadbd is not installed; the Debian package is mariadb-server-core.")
    command = [program, "--no-defaults", f"--datadir={data}", f"--socket={path}", *DATABASE_OPTIONS.split()]
    with (folder / "db.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=data, stdout=log, stderr=log, **as_account)
    try:
        _wait(process, path.exists, folder / "db.log")
        yield path
    finally:
        process.kill()
        process.wait(10)


def _lay_out(site: Path, database: Path) -> None:
    """Debian's files stay where they are; configuration, uploads and must-use plugins are this site's own."""
    site.mkdir()
    for shipped in SHIPPED.iterdir():
        if shipped.name not in {"wp-config.php", "wp-content", ".htaccess"}:
            (site / shipped.name).symlink_to(shipped)
    content = site / "wp-content"
    (content / "mu-plugins").mkdir(parents=True)
    (content / "uploads").mkdir()
    (content / "themes").symlink_to(THEMES)
    (content / "mu-plugins/switches.php").symlink_to(SUPPORT / "switches.php")
    keys = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY")
    constants = {
        "DB_NAME": "wordpress",
        "DB_USER": "root",
        "DB_PASSWORD": "",
        "DB_HOST": f"localhost:{database}",
        "DB_CHARSET": "utf8mb4",
        "WP_CONTENT_DIR": str(content),
        "WP_ENVIRONMENT_TYPE": "local",
        "DISABLE_WP_CRON": True,
        "WP_HTTP_BLOCK_EXTERNAL": True,
        "AUTOMATIC_UPDATER_DISABLED": True,
        **{key: secrets.token_hex(24) for key in keys},
        **{key.replace("KEY", "SALT"): secrets.token_hex(24) for key in keys},
    }
    lines = [f"define('{name}', {json.dumps(value)});" for name, value in constants.items()]
    create = f"$db = new mysqli('localhost', 'root', '', '', 0, '{database}');"
    (site / "create.php").write_text(f"<?php {create} $db->query('CREATE DATABASE wordpress CHARSET utf8mb4');")
    lines += ["$table_prefix = 'wp_';", "require_once ABSPATH . 'wp-settings.php';"]
    (site / "wp-config.php").write_text("<?php\n" + "\n".join(lines))


def _php(*arguments: str) -> list[str]:
    options = {"upload_max_filesize": "8M", "post_max_size": "9M", "opcache.enable_cli": 1}
    return ["php", *(f"-d{name}={value}" for name, value in options.items()), *arguments]


def _install(site: Path, url: str) -> dict[str, str]:
    environment = {**os.environ, "SITE_FOLDER": str(site), "SITE_URL": url}
    for script in (site / "create.php", SUPPORT / "install.php"):
        done = subprocess.run(
            _php(str(script)), env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{script.name} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def _web_server(site: Path, url: str) -> Iterator[None]:
    address = url.removeprefix("http://")
    command = _php("-S", address, "-t", str(site), str(SUPPORT / "router.php"))
    environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": "2"}
    with (site.parent / "php.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(process, lambda: _answers(url), site.parent / "php.log")
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers are children of it
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/wp-json/?_fields=name", timeout=20).raise_for_status()
    except httpx.TransportError:
        return False
    return True


def _wait(process: subprocess.Popen, ready, log: Path) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
