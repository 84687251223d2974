from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.growth"
    label = "growth"
    default_auto_field = "django.db.models.BigAutoField"
