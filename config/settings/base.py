"""Settings shared by every way of running; what differs by environment comes through config.env."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import env
from config.settings.logs import logging_config

BASE_DIR = env.BASE_DIR
HOME = env.folder("RUNDOWN_HOME", BASE_DIR / "var")
# One's own machine: secrets are made, static files are served from where they lie, cookies go over plain HTTP.
LOCAL = env.flag("DEBUG")
# Never on: its error pages show the insides to whoever is there, and every query is kept in memory.
DEBUG = False

if not LOCAL:
    for _name in ("SECRET_KEY", "CREDENTIAL_KEYS"):
        if not env.text(_name):
            raise ImproperlyConfigured(
                f"{_name} is not set. Set it, or {_name}_FILE, or DEBUG=true on your own machine."
            )
SECRET_KEY = env.kept_secret("SECRET_KEY", HOME, make="token")
CREDENTIAL_KEYS = [key.strip() for key in env.kept_secret("CREDENTIAL_KEYS", HOME, make="fernet").split(",")]

BIND = env.text("BIND")
PORT = env.number("PORT")
SITE_URL = (env.text("SITE_URL") or f"http://{BIND}:{PORT}").rstrip("/")
INTERNAL_URL = (env.text("INTERNAL_URL") or f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if not LOCAL else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = env.flag("SECURE_COOKIES", default=not LOCAL)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE
# The containers' health checks ask over plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^api/v1/health$", r"^feeds/ingest/"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.guardian",
    "unfold.contrib.import_export",
    "apps.desk",
    "apps.workspaces.admin_site.RundownAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "channels",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "guardian",
    "import_export",
    "ninja",
    "ninja_extra",
    "ninja_jwt",
    "ninja_jwt.token_blacklist",
    "apps.common",
    "apps.engines",
    "apps.workspaces",
    "apps.lifecycle",
    "apps.platforms",
    "apps.templates",
    "apps.content",
    "apps.stories",
    "apps.clips",
    "apps.content_plans",
    "apps.approvals",
    "apps.renders",
    "apps.schedules",
    "apps.uploads",
    "apps.analytics",
    "apps.pipeline",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.workspaces.middleware.WorkspaceMiddleware",
    "apps.workspaces.middleware.DomainErrorMiddleware",
    "config.problems.method_problems",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = None

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # A platform's folder holds what its posts look like.
        "DIRS": [BASE_DIR / "templates", *sorted(BASE_DIR.glob("apps/platforms/*/templates"))],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.workspaces.context.workspace",
            ]
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------------
if env.text("DATABASE_URL"):
    DATABASES = {"default": env.env.db_url_config(env.text("DATABASE_URL"))}
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "rundown.sqlite3",
            "OPTIONS": {
                "timeout": 30,
                # IMMEDIATE: a transaction that will write waits for its turn at the start, instead of failing midway.
                "transaction_mode": "IMMEDIATE",
                # FULL: a committed intent survives power loss; a lost one would be a double publish.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    }
if env.text("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = env.env.db_url_config(env.text("DATABASE_REPLICA_URL"))
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker, cache, channel layer ------------------------------------------------------------------------------------
if env.text("REDIS_URL"):
    REDIS_URL = env.text("REDIS_URL").rstrip("/")
    CELERY_BROKER_URL = REDIS_URL
else:
    from apps.common.processes.paths import socket_path

    _socket = socket_path(HOME)
    REDIS_URL = f"unix://{_socket}"
    CELERY_BROKER_URL = f"redis+socket://{_socket}?virtual_host=0"
# A broker that hangs is away like one that is gone: whoever asks it goes on without it after so many seconds.
BROKER_PATIENCE = 2
_patient = {"socket_timeout": BROKER_PATIENCE, "socket_connect_timeout": BROKER_PATIENCE}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "OPTIONS": _patient}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "max_connections": 1000}], "prefix": "rundown"},
    }
}

# --- Celery ----------------------------------------------------------------------------------------------------------
QUEUES = ("autonomous", "reports", "metrics", "posting", "media", "default")
CELERY_TASK_DEFAULT_QUEUE = "default"
# Every task names its queue here, whoever sends it; runs (`execute`) and what is called by hand may name another.
CELERY_TASK_ROUTES = {
    "apps.pipeline.tasks.publish": {"queue": "posting"},
    "apps.pipeline.tasks.read_posts": {"queue": "metrics"},
    "apps.pipeline.tasks.*": {"queue": "default"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# What a killed worker held is looked for every ten seconds (the default is every hundred). No task is ever sent with an
# ETA: what is due later is a row with a time, which the dispatcher or the sweeper finds.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_limit": None,
    "unacked_restore_throttle": 1,
    **_patient,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = True
SITE_ID = 1
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "apps.workspaces.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if LOCAL else "https"
MFA_ADAPTER = "apps.workspaces.accounts.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_TOTP_ISSUER = "Rundown"

# --- Admin -----------------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Rundown",
    "SITE_HEADER": "Rundown",
    "SITE_SUBHEADER": "apps.workspaces.admin_site.workspace_name",
    "SITE_SYMBOL": "movie",
    "SITE_DROPDOWN": "apps.workspaces.admin_site.workspace_choices",
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "apps.workspaces.admin_site.icon"}],
    "STYLES": ["apps.workspaces.admin_site.stylesheet"],
    "SCRIPTS": ["apps.workspaces.admin_site.script"],
    # Indigo, as on the web pages.
    "COLORS": {
        "primary": {
            "50": "#eef2ff",
            "100": "#e0e7ff",
            "200": "#c7d2fe",
            "300": "#a5b4fc",
            "400": "#818cf8",
            "500": "#6366f1",
            "600": "#4f46e5",
            "700": "#4338ca",
            "800": "#3730a3",
            "900": "#312e81",
            "950": "#1e1b4b",
        }
    },
}

# --- Languages, time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.text("LANGUAGE_CODE")
LANGUAGES = [("en", _("English")), ("ml", _("Malayalam"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"

# --- Files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", HOME / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = env.folder("MEDIA_ROOT", HOME / "media")
CACHE_ROOT = HOME / "cache"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOCAL
MAX_UPLOAD_BYTES = env.number("MAX_UPLOAD_MB") * 1024 * 1024
CLIPS_MAX_BYTES = env.number("CLIPS_MAX_MB") * 1024 * 1024
CLIPS_QUOTA_BYTES = env.number("CLIPS_QUOTA_MB") * 1024 * 1024
CLIPS_MAX_SECONDS = env.number("CLIPS_MAX_MINUTES") * 60
INBOX_ROOT = env.folder("INBOX_ROOT", HOME / "inbox")
# Uploads that are under way; every web process must see the same folder.
INCOMING_ROOT = HOME / "incoming"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

# --- Mail, errors, logs -----------------------------------------------------------------------------------------------
vars().update(env.env.email_url_config(env.text("EMAIL_URL")))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL")
LOGGING = logging_config(level=env.text("LOG_LEVEL"), form=env.text("LOG_FORMAT"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
SENTRY_DSN = env.text("SENTRY_DSN")

# --- Engines ----------------------------------------------------------------------------------------------------------
FFMPEG_BINARY = env.text("FFMPEG_BINARY")
PIPER_VOICE = env.text("PIPER_VOICE")
PIPER_VOICES_DIR = Path(env.text("PIPER_VOICES_DIR")) if env.text("PIPER_VOICES_DIR") else None
FONTS_DIR = Path(env.text("FONTS_DIR")) if env.text("FONTS_DIR") else None
MEDIA_THREADS = env.number("MEDIA_THREADS")
SPEECH_ENGINE = env.text("SPEECH_ENGINE")
SPEECH_MODEL = env.text("SPEECH_MODEL")
SPEECH_DOWNLOAD = env.flag("SPEECH_DOWNLOAD")
TEXT_ENGINE = env.text("TEXT_ENGINE")
OPENAI_BASE_URL = env.text("OPENAI_BASE_URL")
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
OPENAI_MODEL = env.text("OPENAI_MODEL")
OPENAI_PRICE = env.items("OPENAI_PRICE")
OPENAI_CONCURRENCY = env.number("OPENAI_CONCURRENCY")
OPENAI_CALLS_PER_MINUTE = env.number("OPENAI_CALLS_PER_MINUTE")
REDDIT_URL = env.text("REDDIT_URL")
FIRECRAWL_KEY = env.text("FIRECRAWL_KEY")
FIRECRAWL_URL = env.text("FIRECRAWL_URL")
PRIVATE_HOSTS = frozenset(env.items("PRIVATE_HOSTS"))
CHROMIUM_PATH = env.text("CHROMIUM_PATH")
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY")
PYTHON = sys.executable

# --- API --------------------------------------------------------------------------------------------------------------
NINJA_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,
}
