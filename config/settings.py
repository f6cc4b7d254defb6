"""Settings, read from the environment only. With none set, everything works on one machine.

The table in README.md lists every name; a test reads it.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env

django_stubs_ext.monkeypatch()
env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("TQ_DATA_DIR", str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

PRODUCTION = env.bool("TQ_PRODUCTION", False)
DEBUG = env.bool("TQ_DEBUG", False)
HOST = env.str("TQ_HOST", "127.0.0.1")
PORT = env.int("TQ_PORT", None)
TESTING_HTTP = env.bool("TQ_ALLOW_HTTP", False)


def _secret_key() -> str:
    """Return the key from the environment; outside production, one made once and kept in the data folder."""
    if key := env.str("TQ_SECRET_KEY", ""):
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("TQ_SECRET_KEY is not set. Set it to 50 random characters and keep it secret.")
    path = DATA_DIR / "secret_key"
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS: list[str] = env.list("TQ_ALLOWED_HOSTS", [] if PRODUCTION else ["*"])
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("TQ_DEBUG shows source code to visitors. Unset it where TQ_PRODUCTION is set.")
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise ImproperlyConfigured("TQ_ALLOWED_HOSTS must name the public host names of this site, such as tq.example.org.")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_htmx",
    "template_partials",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "website",
    "catalog",
    "recommender",
    "analysis_runner",
    "portals",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {"default": env.dj_db_url("TQ_DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_URL = env.str("TQ_CACHE_URL", "")
if CACHE_URL and not CACHE_URL.startswith(("redis://", "rediss://")):
    raise ImproperlyConfigured(
        "TQ_CACHE_URL must begin with redis:// or rediss://. Leave it unset for one web process."
    )
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "twenty-questions",
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 50_000}}
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("TQ_STATIC_DIR", str(DATA_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
MEDIA_ROOT = DATA_DIR / "media"

TOOLS_DIR = Path(env.str("TQ_TOOLS_DIR", str(BASE_DIR / "analysis_runner" / "tools")))
SANDBOX_UID = env.int("TQ_SANDBOX_UID", 61234)
LEASE_SECONDS = env.float("TQ_LEASE_SECONDS", 30.0)
PUBLISH_AHEAD = env.int("TQ_PUBLISH_AHEAD", 4)
KEEP_HOURS = env.float("TQ_KEEP_HOURS", 24.0)
MAX_UPLOAD_MB = env.int("TQ_MAX_UPLOAD_MB", 200)
MAX_MEGAPIXELS = env.int("TQ_MAX_MEGAPIXELS", 400)
JOBS_AT_ONCE = env.int("TQ_JOBS_AT_ONCE", 5)
JOBS_A_DAY = env.int("TQ_JOBS_A_DAY", 200)
UPLOADS_A_DAY = env.int("TQ_UPLOADS_A_DAY", 50)
STORED_MB = env.int("TQ_STORED_MB", 2000)
NUM_PROXIES = env.int("TQ_NUM_PROXIES", 0)
STALE_DAYS = env.int("TQ_STALE_DAYS", 365)
LINK_DAYS = env.int("TQ_LINK_DAYS", 30)
FORMS_AN_HOUR = env.int("TQ_FORMS_AN_HOUR", 10)
CONTACT = env.str("TQ_CONTACT", "")
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
FILE_UPLOAD_HANDLERS = [
    "analysis_runner.receiving.SizeGuard",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION and not TESTING_HTTP:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"


def _rate(name: str, default: str) -> str:
    rate = env.str(name, default)
    if not re.fullmatch(r"[1-9]\d*/(second|minute|hour|day)", rate):
        raise ImproperlyConfigured(f"{name} is {rate!r}. Write a number, a slash and a period, such as 600/minute.")
    return rate


REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.answer",
    "DEFAULT_THROTTLE_CLASSES": ["config.throttling.PerAddress"],
    "DEFAULT_THROTTLE_RATES": {
        "read": _rate("TQ_API_READ_RATE", "600/minute"),
        "write": _rate("TQ_API_WRITE_RATE", "60/minute"),
    },
    "NUM_PROXIES": NUM_PROXIES,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Twenty Questions",
    "DESCRIPTION": (
        "The interview, the catalog and the runs of this website, for programs. Errors are `application/problem+json` "
        "with a stable `code` and a `cure`. No account is needed."
    ),
    "VERSION": "1",
    "LICENSE": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "QuestionKind": "catalog.models.Question.Kind",
        "EntryKind": "catalog.models.Entry.Kind",
        "SampleState": "analysis_runner.models.Sample.State",
        "JobState": "analysis_runner.models.Job.State",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.schema.finish"],
}
CORS_ALLOW_ALL_ORIGINS = True
CORS_URLS_REGEX = r"^/api/v1/(questions|tools|models|recommendations|run-tools|schema)/"
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_EXPOSE_HEADERS = ["Retry-After"]

BROKER_URL = env.str("TQ_BROKER_URL", "filesystem://localhost/")
CELERY_BROKER_URL = BROKER_URL
if BROKER_URL.startswith("filesystem"):
    _broker = DATA_DIR / "broker"
    (_broker / "messages").mkdir(parents=True, exist_ok=True)
    (_broker / "control").mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.05,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "visibility_timeout": 7200,
    }
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_BEAT_SCHEDULE = {
    "recover_jobs": {"task": "analysis_runner.recover_jobs", "schedule": 30.0},
    "purge": {"task": "analysis_runner.purge", "schedule": 600.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 100
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("TQ_LOG_LEVEL", "WARNING")},
}
