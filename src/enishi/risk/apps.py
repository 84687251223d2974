from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.risk"
    label = "risk"
    default_auto_field = "django.db.models.BigAutoField"
