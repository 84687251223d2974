from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"
