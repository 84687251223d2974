"""Settings of an installation, read once from the environment, typed; nonsense is refused at start."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the environment says.

    ``ENISHI_HOME`` data folder; ``DATABASE_URL`` PostgreSQL (default: SQLite in the data folder);
    ``ENISHI_URL`` the address people use (``http://127.0.0.1:8000``); ``ENISHI_SECRET`` signing key
    (default: made once in the data folder); ``ENISHI_DEBUG`` 1 for development; ``ENISHI_SMTP`` mail server
    as ``smtp[s]://user:password@host:port`` (without it mails are written to the data folder's ``mail``);
    ``ENISHI_MAIL_FROM`` sender; ``ENISHI_TEXT_SCORER`` another judge of texts than the one that comes along, as
    ``package.module:name``; ``ENISHI_WATCH_ASSETS`` 1 to serve a front end that is rebuilt meanwhile.
    """

    home: Home
    database_url: str
    url: str
    secret: str
    debug: bool
    smtp: str
    mail_from: str
    watch_assets: bool = False
    text_scorer: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    def database(self) -> dict[str, object]:
        """Django's DATABASES entry. SQLite begins every transaction IMMEDIATE: with deferred ones, four
        writers lose thousands of writes to lock errors. Synchronous FULL: what was answered with 2xx is on
        the disk, also after a power cut. 16 MB of pages are kept by each connection (2 by default): a list of a
        large book reads more than that."""
        if not self.database_url:
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": self.home.database,
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                    "PRAGMA cache_size=-16000;",
                },
            }
        parts = urlsplit(self.database_url)
        if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
            raise EnishiError(
                "bad_setting",
                Text(
                    f"DATABASE_URL starts with '{parts.scheme}:', which Enishi does not know.",
                    f"DATABASE_URL の形式「{parts.scheme}:」には対応していません。",
                ),
                Text(
                    "Write postgresql://user:password@host:5432/name, or leave it out for the embedded database.",
                    "postgresql://user:password@host:5432/name の形でご指定ください。省略すると組み込みデータベースを使います。",
                ),
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }

    def mail(self) -> dict[str, Any]:
        """Where mail goes: the SMTP server, or files in the data folder where none is configured.

        ``smtps://`` speaks TLS from the start; ``smtp://`` with a user begins plain and turns to TLS.
        """
        if not self.smtp:
            backend = "django.core.mail.backends.filebased.EmailBackend"
            return {
                "backend": backend,
                "host": "",
                "port": 0,
                "user": "",
                "password": "",
                "ssl": False,
                "tls": False,
            }
        parts = urlsplit(self.smtp)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise EnishiError(
                "bad_setting",
                Text(
                    f"ENISHI_SMTP starts with '{parts.scheme}:', which Enishi does not know.",
                    f"ENISHI_SMTP の形式「{parts.scheme}:」には対応していません。",
                ),
                Text(
                    "Write smtp://user:password@host:587 or smtps://user:password@host:465.",
                    "smtp://user:password@host:587 または smtps://user:password@host:465 の形でご指定ください。",
                ),
            )
        secure = parts.scheme == "smtps"
        return {
            "backend": "django.core.mail.backends.smtp.EmailBackend",
            "host": parts.hostname,
            "port": parts.port or (465 if secure else 25),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "ssl": secure,
            "tls": not secure and bool(parts.username),
        }


def _secret(home: Home) -> str:
    """The signing key from the environment or the data folder, made once if there is neither."""
    if secret := os.environ.get("ENISHI_SECRET"):
        return secret
    if not home.secret.exists():
        home.prepare()
        home.secret.touch(mode=0o600)
        home.secret.write_text(secrets.token_urlsafe(48))
    return home.secret.read_text().strip()


def read_configuration() -> Configuration:
    home = Home.from_environment()
    return Configuration(
        home=home,
        database_url=os.environ.get("DATABASE_URL", ""),
        url=os.environ.get("ENISHI_URL", "http://127.0.0.1:8000").rstrip("/"),
        secret=_secret(home),
        debug=os.environ.get("ENISHI_DEBUG", "") == "1",
        smtp=os.environ.get("ENISHI_SMTP", ""),
        mail_from=os.environ.get("ENISHI_MAIL_FROM", "enishi@localhost"),
        watch_assets=os.environ.get("ENISHI_WATCH_ASSETS", "") == "1",
        text_scorer=os.environ.get("ENISHI_TEXT_SCORER", "").strip(),
    )
