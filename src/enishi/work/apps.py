from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.work"
    label = "work"
    default_auto_field = "django.db.models.BigAutoField"
