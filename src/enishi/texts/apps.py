from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.texts"
    label = "texts"
    default_auto_field = "django.db.models.BigAutoField"
