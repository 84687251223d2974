from collections.abc import Sequence

from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "enishi.texts"
    label = "texts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What was read in the texts of an erased person goes with them."""
        from enishi.ingest.erasing import forget_with_texts
        from enishi.ingest.foreseeing import count_with

        forget_with_texts(_forget)
        count_with(_count)


def _forget(contact_id: int | None, places: Sequence[tuple[str, int]]) -> None:
    from enishi.texts.judging import forget_person

    forget_person(contact_id, places)


def _count(contact_id: int | None, places: Sequence[tuple[str, int]]) -> dict[str, int]:
    from enishi.texts.judging import count_of_person

    return count_of_person(contact_id, places)
