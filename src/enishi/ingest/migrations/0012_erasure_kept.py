from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0011_correction_failure"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasurerequest",
            name="kept",
            field=models.JSONField(default=list),
        ),
    ]
