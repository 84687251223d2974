from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.work"
    label = "work"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The tone and topic of notes are judged in a room below, which asks for them here."""
        from enishi.texts.sources import provide_source
        from enishi.work.texts import NoteSource

        provide_source("note", NoteSource())
