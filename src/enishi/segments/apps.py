from datetime import date

from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Scorecards may be chosen by tier; the room below asks through this hook."""
        from enishi.signals.hooks import provide_tiers

        provide_tiers(_tiers_on)


def _tiers_on(day: date) -> dict[int, str]:
    """Read when first asked for: a command that judges nothing need not wait for the engines."""
    from enishi.segments.reads import tiers_on

    return tiers_on(day)
