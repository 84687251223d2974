from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.fit"
    label = "fit"
    default_auto_field = "django.db.models.BigAutoField"
