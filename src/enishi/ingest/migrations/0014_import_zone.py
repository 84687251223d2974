from django.db import migrations


def note_zone(apps, schema_editor):
    """Files that came in so far were read in the company's zone."""
    company = apps.get_model("accounts", "Company").objects.filter(pk=1).first()
    if company is None:
        return
    for made in apps.get_model("ingest", "Import").objects.filter(started_at__isnull=False):
        made.plan = {**made.plan, "zone": company.time_zone}
        made.save(update_fields=["plan"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_deleted_with_announced_terms"),
        ("ingest", "0013_undoing_events"),
    ]

    operations = [migrations.RunPython(note_zone, migrations.RunPython.noop, elidable=True)]
