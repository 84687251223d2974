from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.value"
    label = "value"
    default_auto_field = "django.db.models.BigAutoField"
