"""Contracts deleted while terms were announced for later would have come back on the day of these terms."""

from collections import defaultdict

from django.db import migrations
from django.utils import timezone


def end_announced_terms(apps, schema_editor):
    versions = apps.get_model("accounts", "RecordVersion").objects
    deleted = apps.get_model("accounts", "Record").objects.filter(
        kind="subscription", deleted_at__isnull=False
    )
    newest = defaultdict(dict)
    for version in (
        versions.filter(kind="subscription", record_id__in=deleted.values("pk")).order_by("pk").iterator()
    ):
        newest[version.record_id][version.valid_on] = version
    missed = []
    for by_day in newest.values():
        ended = max((one for one in by_day.values() if one.deleted), key=lambda one: one.pk, default=None)
        for day, version in by_day.items():
            if ended and not version.deleted and day > ended.valid_on and version.pk < ended.pk:
                version.pk, version.import_id, version.deleted = None, None, True
                version.known_at, version.recorded_at, version.actor = (
                    ended.known_at,
                    timezone.now(),
                    ended.actor,
                )
                missed.append(version)
    versions.bulk_create(missed, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_names_without_legal_form")]

    operations = [migrations.RunPython(end_announced_terms, migrations.RunPython.noop, elidable=True)]
