"""Settings: the only reader of the environment; every deployment difference is a variable here."""

import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
import font_source_sans_pro  # type: ignore[import-untyped] # ships no types
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from loyalty import localpg

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = environ.Env()

# Without DATABASE_URL this is a trial or a developer's machine: an embedded PostgreSQL below
# var/, and DEBUG on. Production names its database, and then DEBUG is off unless asked for.
DATABASE_URL: str = env.str("DATABASE_URL", default="")
DEBUG: bool = env.bool("DEBUG", default=not DATABASE_URL)
LOCALPG_HOME: Path | None = None if DATABASE_URL else VAR_DIR / "postgres"


def _database() -> dict[str, Any]:
    if DATABASE_URL:
        named = env.db_url("DATABASE_URL")
        # A host may be a socket's folder, percent-encoded as libpq has it: postgres://u@%2Frun/name
        named["HOST"] = unquote(named["HOST"])
        return {**named, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if not DEBUG:
        raise ImproperlyConfigured(
            "DEBUG is off and DATABASE_URL is not set: the embedded database is for trials only. "
            "Set DATABASE_URL=postgres://user:password@host/name (README, 'Production')."
        )
    assert LOCALPG_HOME is not None
    if not localpg.wanted(sys.argv):
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres"}
    return {**localpg.ensure(LOCALPG_HOME), "CONN_HEALTH_CHECKS": True}


def _secret_key() -> str:
    """The key from the environment or, on the embedded database, one made once and kept."""
    key: str = env.str("SECRET_KEY", default="")
    if key:
        return key
    if DATABASE_URL:
        raise ImproperlyConfigured("Set SECRET_KEY to a long random string (README, 'Production').")
    kept = VAR_DIR / "secret_key"
    if not kept.exists():
        VAR_DIR.mkdir(exist_ok=True)
        ours = kept.with_name(f"secret_key.{os.getpid()}")
        with os.fdopen(os.open(ours, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(ours, kept)  # unlike a rename, never replaces a key another process just made
        except FileExistsError:
            pass
        finally:
            ours.unlink()
    return kept.read_text()


SECRET_KEY = _secret_key()
# Keys of before: what they signed, such as the links on sheets in the post, stays good.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
DATABASES = {"default": _database()}

ROOT_URLCONF = "loyalty.urls"
WSGI_APPLICATION = "loyalty.wsgi.application"
INSTALLED_APPS = [
    # The three apps come first so that their admin templates win over Django's.
    "coupons",
    "loyalty",
    "pos_integration",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "loyalty.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "loyalty.idling.IdleMiddleware",
    "loyalty.second_factor_gate.SecondFactorMiddleware",  # who was idle signs in again first
    "pos_integration.changes.ChangesMiddleware",  # what staff change is noted as theirs
    "axes.middleware.AxesMiddleware",  # the last: it answers in place of the view
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # the first: who is locked out is not asked further
    "loyalty.signing_in.DeskBackend",
]
# Somebody who mistypes their password so often, from one address, waits; others are let in.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or who tries on never gets in
AXES_HANDLER = "loyalty.wrong_passwords.Handler"
AXES_LOCKOUT_CALLABLE = "loyalty.wrong_passwords.locked_out"
AXES_CLIENT_IP_CALLABLE = "loyalty.wrong_passwords.came_from"
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # each by itself, to be counted by address
AXES_SENSITIVE_PARAMETERS = ["old_password", "new_password1", "new_password2"]  # never kept
# Wrong passwords from one address in an hour, before nobody may sign in from there; 0: no limit.
SIGN_IN_FAILURES: int = env.int("SIGN_IN_FAILURES", default=50)
AXES_ENABLE_ADMIN = False  # whose attempts failed is seen with the user
AXES_VERBOSE = False
# Six digits of an app after the password: "off", "offered" to who wants it, "required" of all.
SECOND_FACTOR: str = env.str("SECOND_FACTOR", default="offered")
if SECOND_FACTOR not in ("off", "offered", "required"):
    raise ImproperlyConfigured(
        f"SECOND_FACTOR is {SECOND_FACTOR!r}: set it to off, offered or required."
    )
OTP_TOTP_ISSUER = "Loyalty coupons"  # what an app calls its entry; the user's name stands beside

USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "loyalty.formats"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
]  # of the desk, and that households are written to in
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [("fonts", Path(font_source_sans_pro.__file__).parent / "files")]  # the desk's
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# No page of ours needs inline script or style, or anything from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
HTTPS: bool = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]  # asked from within, without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# How many stand in front of us, each adding to X-Forwarded-For whom it heard.
PROXIES: int = env.int("PROXIES", default=1 if HTTPS else 0)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600  # a long shift; then staff sign in again
# Or when nobody did anything at the desk for so long.
SESSION_IDLE_MINUTES: int = env.int("SESSION_IDLE_MINUTES", default=30)
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "loyalty.refused.form_too_old"
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # of who came from nowhere, or from where nobody is led back

# A till's upload, packed or unpacked: larger ones are refused with 413. It is read as a stream;
# all other bodies are read into memory and are small.
UPLOAD_MAX_BYTES: int = env.int("UPLOAD_MAX_BYTES", default=2 * 2**30)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20
# Card numbers that pass for a payment card's are refused, unless they begin like the chain's own.
LOYALTY_CARD_PREFIXES: list[str] = env.list("LOYALTY_CARD_PREFIXES", default=[])
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["pos_integration.auth.TerminalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["pos_integration.auth.IsTerminal"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["pos_integration.strict.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "pos_integration.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Loyalty coupons for tills",
    "DESCRIPTION": "Tills hand over sales, and ask for, lock and redeem coupons.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",  # the pages come from here, not from a CDN
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# One cache for all processes, since the web must see what the queue leaves in it: its heartbeat.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        # More than shoppers say something within minutes; few enough to be counted at each entry.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # Of this process alone: what each may find out for itself, without a question.
    "here": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# How the night is spread: unset, this machine's cores; dask://host:port, that cluster.
LOYALTY_ENGINE: str = env.str("LOYALTY_ENGINE", default="")
# Into how many pieces the purchase history is cut: a power of two, up to 4096. More pieces, less
# memory for each; changing it reseals the history from the facts on the next night.
LOYALTY_BUCKETS: int = env.int("LOYALTY_BUCKETS", default=16)
# How long personal data is kept, in days; 0: for ever.
UPLOAD_DAYS: int = env.int("UPLOAD_DAYS", default=90)  # the bytes of loaded uploads
PRINT_DAYS: int = env.int("PRINT_DAYS", default=90)  # print files, after the mailing ended
NOTE_DAYS: int = env.int("NOTE_DAYS", default=1095)  # notes and requests that are settled
CHANGE_DAYS: int = env.int("CHANGE_DAYS", default=730)  # what staff changed: before and after
HOUSEHOLD_IDLE_DAYS: int = env.int("HOUSEHOLD_IDLE_DAYS", default=0)  # households that stay away
PRINT_DIR = Path(env.str("PRINT_DIR", default=str(VAR_DIR / "print")))
NIGHT_AT: str = env.str("NIGHT_AT", default="02:00")

Q_CLUSTER = {
    "name": "loyalty",
    "orm": "default",
    "workers": 2,
    "timeout": 6 * 3600,  # seconds; a whole night must fit
    "retry": 7 * 3600,  # must exceed timeout, or a running task is started twice
    "max_attempts": 3,  # the default, 0, retries for ever
    "catch_up": False,  # after an outage run once, not once per missed night
    "bulk": 1,
    "label": "Queue",
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"links": {"()": "loyalty.logs.LinkFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["links"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
