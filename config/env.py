"""Every setting that comes from outside, in one place.

Each variable may instead be given as NAME_FILE, the path of a file that holds the value (Docker secrets).
`VARIABLES` is what `.env.example` and the README's table are checked against.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import environ
from cryptography.fernet import Fernet

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Variable:
    name: str
    default: str
    help: str


VARIABLES: dict[str, Variable] = {}


def _declare(name: str, default: str, text: str) -> str:
    VARIABLES[name] = Variable(name, default, text)
    return name


def _load() -> environ.Env:
    path = Path(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
    if path.is_file():
        environ.Env.read_env(path)
    for name, value in list(os.environ.items()):
        if name.endswith("_FILE") and name[:-5] in VARIABLES and name[:-5] not in os.environ and value:
            os.environ[name[:-5]] = Path(value).read_text().strip()
    return environ.Env()


for _name, _default, _help in (
    ("SECRET_KEY", "", "Signs sessions and links. Made and kept in RUNDOWN_HOME when empty and DEBUG is on."),
    ("DEBUG", "true", "One's own machine: secrets are made, cookies go over HTTP. Set false on a server."),
    ("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]", "Host names that the site answers to."),
    ("CSRF_TRUSTED_ORIGINS", "", "Origins such as https://desk.example.org, behind a proxy that ends TLS."),
    ("DATABASE_URL", "", "postgres://… ; empty means SQLite in RUNDOWN_HOME."),
    ("DATABASE_REPLICA_URL", "", "A read replica for reports; empty means the main database."),
    ("POSTGRES_PASSWORD", "", "Password of docker-compose.yml's database, letters and digits; read only there."),
    ("REDIS_URL", "", "redis://… ; empty means the embedded Valkey in RUNDOWN_HOME."),
    ("RUNDOWN_HOME", "", "Folder of the database, run files, logs and caches; empty means var/ in the checkout."),
    ("MEDIA_ROOT", "", "Folder of uploads and rendered files; empty means RUNDOWN_HOME/media."),
    ("STATIC_ROOT", "", "Folder that collectstatic fills; empty means RUNDOWN_HOME/static."),
    ("BIND", "127.0.0.1", "Address that the web process listens on."),
    ("PORT", "8000", "Port that the web process listens on."),
    ("SITE_URL", "", "Address that people use, for links in mails and feeds; empty means http://BIND:PORT."),
    ("INTERNAL_URL", "", "Address at which workers reach the web process; empty means http://127.0.0.1:PORT."),
    ("CREDENTIAL_KEYS", "", "Fernet keys that seal credentials, newest first, by comma. Kept apart from SECRET_KEY."),
    ("EMAIL_URL", "consolemail://", "smtp://user:password@host:port; the default prints mails to the log."),
    ("DEFAULT_FROM_EMAIL", "Rundown <rundown@localhost>", "Sender of mails."),
    ("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR."),
    ("LOG_FORMAT", "console", "console for people, json for collectors."),
    ("LANGUAGE_CODE", "en", "Language of people who have not chosen one: en or ml."),
    ("FFMPEG_BINARY", "", "Path of ffmpeg; empty means the one that ships with imageio-ffmpeg."),
    ("PIPER_VOICE", "", "Name or path of the default voice; empty means the packaged English one."),
    ("PIPER_VOICES_DIR", "", "Folder of further Piper voices (.onnx with .onnx.json)."),
    ("FONTS_DIR", "", "Folder of further fonts for captions."),
    ("MEDIA_THREADS", "0", "Threads of one encode or narration; 0 means all cores."),
    ("MAX_UPLOAD_MB", "512", "Largest file that may be uploaded."),
    ("INBOX_ROOT", "", "Folder of the watched folders, one a workspace; empty means RUNDOWN_HOME/inbox."),
    ("CLIPS_MAX_MB", "4096", "Largest video that is taken as a clip."),
    ("CLIPS_MAX_MINUTES", "60", "Longest video that is taken as a clip."),
    ("CLIPS_QUOTA_MB", "51200", "What the clips of one workspace may take on the disk."),
    ("SPEECH_ENGINE", "faster_whisper", "faster_whisper or openai_whisper (requirements/full.txt)."),
    ("SPEECH_MODEL", "", "Folder of a CTranslate2 Whisper model, or file of a .pt; empty means the packaged one."),
    (
        "SPEECH_DOWNLOAD",
        "false",
        "Let openai_whisper fetch the model that SPEECH_MODEL names; nothing is fetched else.",
    ),
    ("TEXT_ENGINE", "extractive", "extractive (no model) or openai."),
    ("OPENAI_BASE_URL", "", "Any OpenAI-compatible server; empty means OpenAI itself."),
    ("OPENAI_API_KEY", "", "Key for the server above; a workspace may have its own."),
    ("OPENAI_MODEL", "gpt-5-mini", "Model that writes texts."),
    ("OPENAI_PRICE", "", "USD per million tokens read and written, as 0.25,2; empty: the shipped list of prices."),
    ("OPENAI_CONCURRENCY", "4", "Calls at once to the server above, of all workspaces that use it."),
    ("OPENAI_CALLS_PER_MINUTE", "0", "Calls a minute to it; 0: no limit."),
    ("REDDIT_URL", "", "Another address of Reddit's API, for a gateway; empty means Reddit itself."),
    ("FIRECRAWL_KEY", "", "Key of Firecrawl, which then reads the pages of competitors; empty: Rundown does."),
    ("FIRECRAWL_URL", "", "Address of one's own Firecrawl, which needs no key; empty means the service itself."),
    ("PRIVATE_HOSTS", "", "Private hosts that outgoing fetches may reach, by comma; none by default."),
    ("CHROMIUM_PATH", "", "Path of Chromium for browser platforms and tests; empty means the one on PATH."),
    ("SENTRY_DSN", "", "Where errors are reported; empty means nowhere."),
    ("WORKER_CONCURRENCY", "2", "Processes of the worker that `manage.py run` starts for light queues."),
    ("SECURE_COOKIES", "", "Cookies over HTTPS only; empty means: unless DEBUG."),
):
    _declare(_name, _default, _help)

env = _load()


def text(name: str) -> str:
    """The variable's value, or its declared default when it is unset or empty."""
    return os.environ.get(name) or VARIABLES[name].default


def flag(name: str, default: bool | None = None) -> bool:
    value = text(name).strip().lower()
    if not value and default is not None:
        return default
    return value in {"1", "true", "yes", "on"}


def number(name: str) -> int:
    return int(text(name))


def items(name: str) -> list[str]:
    return [item.strip() for item in text(name).split(",") if item.strip()]


def folder(name: str, default: Path) -> Path:
    return Path(text(name)).expanduser().resolve() if text(name) else default


def kept_secret(name: str, home: Path, make: str) -> str:
    """The variable, or on a single machine a secret made once and kept in `home` for its owner only."""
    if text(name):
        return text(name)
    path = home / "secrets" / name.lower()
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    value = Fernet.generate_key().decode() if make == "fernet" else secrets.token_urlsafe(50)
    # Two processes may start together: the one that creates the file wins, the other reads it.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(value)
    return value
