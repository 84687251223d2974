from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class RoomConfig(AppConfig):
    name = "enishi.stakeholders"
    label = "stakeholders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What was written of a person goes with them when they are erased, in the same transaction."""
        from enishi.accounts.models import Contact
        from enishi.ingest.foreseeing import count_with

        count_with(_count)
        post_save.connect(_forget, sender=Contact, dispatch_uid="stakeholders_forget")


def _forget(instance: Any, **_given: Any) -> None:
    if instance.erased_at is not None:
        from enishi.stakeholders.models import Assessment, ContactMove

        Assessment.objects.filter(contact=instance).delete()
        ContactMove.objects.filter(former=instance).delete()
        ContactMove.objects.filter(present=instance).delete()


def _count(contact_id: int | None, _places: Sequence[tuple[str, int]]) -> dict[str, int]:
    """What :func:`_forget` would take away."""
    from django.db.models import Q

    from enishi.stakeholders.models import Assessment, ContactMove

    if contact_id is None:
        return {}
    moves = ContactMove.objects.filter(Q(former=contact_id) | Q(present=contact_id))
    return {"assessments": Assessment.objects.filter(contact=contact_id).count(), "moves": moves.count()}
