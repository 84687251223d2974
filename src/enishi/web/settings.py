"""Django's settings, made from :mod:`enishi.web.configuration`."""

from pathlib import Path

from enishi.web.configuration import read_configuration

CONFIGURATION = read_configuration()
WEB = Path(__file__).resolve().parent

SECRET_KEY = CONFIGURATION.secret
DEBUG = CONFIGURATION.debug
ALLOWED_HOSTS = [CONFIGURATION.host, "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [CONFIGURATION.url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton.apps.SimpleAppConfig",
    "django_tasks",
    "django_tasks_db",
    "enishi.accounts",
    "enishi.outreach",
    "enishi.definitions",
    "enishi.ingest",
    "enishi.texts",
    "enishi.signals",
    "enishi.risk",
    "enishi.stakeholders",
    "enishi.value",
    "enishi.fit",
    "enishi.segments",
    "enishi.work",
    "enishi.growth",
    "enishi.outlook",
    "enishi.web",
]

MIDDLEWARE = [
    "enishi.web.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "enishi.web.middleware.SessionTraceMiddleware",
    "enishi.web.middleware.PersonMiddleware",
    "enishi.web.factors.FactorMiddleware",
    "enishi.web.middleware.StrayMiddleware",
]

ROOT_URLCONF = "enishi.web.urls"
ASGI_APPLICATION = "enishi.web.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates", *sorted((WEB / "pages").glob("*/templates"))],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "enishi.web.context.frame",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django.templatetags.i18n", "django_cotton.templatetags.cotton"],
        },
    }
]

DATABASES = {"default": CONFIGURATION.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [WEB / "locale", WEB / "rest" / "locale", *sorted((WEB / "pages").glob("*/locale"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# 1,000 records with their texts fit into one call of the REST API; uploaded files are streamed and not limited.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a scorecard of fifty measures has over a thousand

STATIC_URL = "/static/"
STATICFILES_DIRS = [WEB / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG or CONFIGURATION.watch_assets
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+-[A-Z0-9]{8}\.(js|css)$"  # esbuild's content hash

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.secure
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
CSRF_FAILURE_VIEW = "enishi.web.errors.csrf_failure"
SECURE_SSL_REDIRECT = False  # a proxy in front does it; /healthz must answer plainly
SECURE_HSTS_SECONDS = 31536000 if CONFIGURATION.secure else 0
if CONFIGURATION.secure:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Sign-in. Members are invited; there is no open sign-up.
ACCOUNT_ADAPTER = "enishi.web.adapters.AccountAdapter"
MFA_ADAPTER = "enishi.web.adapters.FactorAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/900s/key"}  # five wrong passwords lock for 15 minutes
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator vouches for the address of whom they invite
MFA_TOTP_ISSUER = "Enishi"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "enishi.web.factors.SignInForm",
    "reauthenticate": "enishi.web.factors.ConfirmForm",
}
USERSESSIONS_ADAPTER = "enishi.web.adapters.SessionAdapter"
USERSESSIONS_TRACK_ACTIVITY = True
CACHES = {
    # Shared by all processes and kept over restarts, so that a lock-out holds.
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": CONFIGURATION.home.root / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # wrong passwords for other addresses may not push a lock-out out
    },
    # What was drawn of forecasts, some MB each: few, and apart, so that no page can push anything else out.
    "drawn": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": CONFIGURATION.home.root / "cache" / "drawn",
        "OPTIONS": {"MAX_ENTRIES": 60},
    },
}

# Mail goes out through the outbox (enishi.outreach).
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIGURATION.mail_from
EMAIL_CONFIG = CONFIGURATION.mail()
EMAIL_BACKEND = EMAIL_CONFIG["backend"]
EMAIL_FILE_PATH = CONFIGURATION.home.root / "mail"
EMAIL_HOST = EMAIL_CONFIG["host"]
EMAIL_PORT = EMAIL_CONFIG["port"]
EMAIL_HOST_USER = EMAIL_CONFIG["user"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["password"]
EMAIL_USE_SSL = EMAIL_CONFIG["ssl"]
EMAIL_USE_TLS = EMAIL_CONFIG["tls"]
EMAIL_TIMEOUT = 20
