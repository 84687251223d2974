from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.signals"
    label = "signals"
    default_auto_field = "django.db.models.BigAutoField"
