from django.db import migrations, models


def note_instants(apps, schema_editor):
    """Events of earlier imports were received when a run began, or when a rejected row was corrected."""
    from enishi.kit.clock import microseconds

    Import, Reject = apps.get_model("ingest", "Import"), apps.get_model("ingest", "Reject")
    for made in Import.objects.filter(kind="event", started_at__isnull=False):
        closed = Reject.objects.filter(
            kind="event", status="replayed", context__import=made.pk, closed_at__isnull=False
        )
        at = {
            made.started_at,
            made.finished_at or made.started_at,
            *closed.values_list("closed_at", flat=True),
        }
        # The instants were rounded by floating point before.
        made.received = sorted(
            {n for one in at for n in (microseconds(one), int(one.timestamp() * 1_000_000))}
        )
        made.save(update_fields=["received"])


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0012_erasure_kept"),
    ]

    operations = [
        migrations.AddField(model_name="import", name="received", field=models.JSONField(default=list)),
        migrations.AddField(model_name="import", name="taken_back", field=models.JSONField(default=dict)),
        migrations.AlterField(
            model_name="import",
            name="status",
            field=models.CharField(
                choices=[
                    ("mapping", "Being prepared"),
                    ("queued", "Waiting"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("undoing", "Being undone"),
                    ("undone", "Undone"),
                ],
                default="mapping",
                max_length=10,
            ),
        ),
        migrations.RunPython(note_instants, migrations.RunPython.noop, elidable=True),
    ]
