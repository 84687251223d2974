from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.stakeholders"
    label = "stakeholders"
    default_auto_field = "django.db.models.BigAutoField"
