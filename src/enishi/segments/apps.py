from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Scorecards may be chosen by tier; the room below asks through this hook."""
        from enishi.segments.reads import tiers_on
        from enishi.signals.hooks import provide_tiers

        provide_tiers(tiers_on)
