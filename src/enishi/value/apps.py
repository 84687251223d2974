from datetime import date

from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.value"
    label = "value"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lists show the lifetime value this room chose; the room below asks through this hook."""
        from enishi.signals.hooks import provide_worth

        provide_worth(_worth_on)


def _worth_on(day: date) -> dict[int, int]:
    """Read when first asked for: a command that judges nothing need not wait for the engines."""
    from enishi.value.reads import worth_on

    return worth_on(day)
