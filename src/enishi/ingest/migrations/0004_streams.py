from django.db import migrations, models

import enishi.ingest.models.events


def own_streams(apps, schema_editor):
    """Every key there is was an application of its own. Named after the key: the same in a restored older copy."""
    for key in apps.get_model("ingest", "WriteKey").objects.all():
        key.stream = str(key.pk)
        key.save(update_fields=["stream"])


class Migration(migrations.Migration):
    dependencies = [("ingest", "0003_erasure")]

    operations = [
        migrations.AddField(
            model_name="writekey",
            name="stream",
            field=models.CharField(default="", editable=False, max_length=40),
        ),
        migrations.RunPython(own_streams, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="writekey",
            name="stream",
            field=models.CharField(
                default=enishi.ingest.models.events.new_stream, editable=False, max_length=40
            ),
        ),
    ]
