"""The same settings, made small and private to one test process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _forget(folder: str, owner: int) -> None:
    """Only the process that made the folder removes it, none that it forked."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


if "RUNDOWN_TEST_HOME" not in os.environ:
    os.environ["RUNDOWN_TEST_HOME"] = tempfile.mkdtemp(prefix="rundown-test-")
    atexit.register(_forget, os.environ["RUNDOWN_TEST_HOME"], os.getpid())
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
_home = Path(os.environ["RUNDOWN_TEST_HOME"]) / _worker
_home.mkdir(parents=True, exist_ok=True)
os.environ["RUNDOWN_HOME"] = str(_home)
os.environ["ENV_FILE"] = str(_home / "no.env")
os.environ["DEBUG"] = "true"

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import DATABASES, HOME  # noqa: E402

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = HOME / "media"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and processes of a test share it as they do in production.
    if "RUNDOWN_BENCH" not in os.environ:
        # Speed before safety, as in tests/servers/postgres.py: a test's database outlives no power cut.
        DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
    # It is migrated once, and copied for each test process.
    DATABASES["default"]["TEST"] = {"NAME": str(_home.parent / "test.sqlite3")}
# Adapters of each capability class for the loopback platform.
EXTRA_PLATFORMS = {
    "fake_key": "tests.platform_adapter.KeyPlatform",
    "fake_handle": "tests.platform_adapter.HandlePlatform",
    "fake_lookup": "tests.platform_adapter.LookupPlatform",
    "fake_none": "tests.platform_adapter.MutePlatform",
    "fake_patient": "tests.platform_adapter.PatientPlatform",
}
if os.environ.get("TEST_DATABASE"):
    # A process that a test starts works on the database that pytest has made.
    DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
