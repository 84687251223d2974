from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
