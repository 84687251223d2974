from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.outreach"
    label = "outreach"
    default_auto_field = "django.db.models.BigAutoField"
