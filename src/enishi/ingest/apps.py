from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"
