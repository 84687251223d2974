from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.definitions"
    label = "definitions"
    default_auto_field = "django.db.models.BigAutoField"
