from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.outlook"
    label = "outlook"
    default_auto_field = "django.db.models.BigAutoField"
