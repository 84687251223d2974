from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
