"""The peer of the ingest benchmark: what one writes first with Django; one view, one insert for each event."""

from __future__ import annotations

import json
import os
from pathlib import Path

SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.bench.plain_view"
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["ENISHI_HOME"]) / "peer.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
USE_TZ = True

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.plain_view")

import django  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

django.setup()


class Event(models.Model):
    message_id = models.CharField(max_length=100, unique=True)
    user = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    body = models.JSONField()

    class Meta:
        app_label = "peer"


def track(request: HttpRequest) -> JsonResponse:
    item = json.loads(request.body)
    Event.objects.create(message_id=item["messageId"], user=item["userId"], name=item["event"], body=item)
    return JsonResponse({"success": True})


urlpatterns = [path("v1/track", track)]
application = get_asgi_application()


def create_table() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Event)
